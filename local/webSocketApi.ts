import { randomBytes, randomUUID } from 'node:crypto';
import { authorizerContext, createAuthorizer, type ApiDeps, type Verdict } from './authorizer.ts';
import { parseAuthorizerAnswer } from './authorizerAnswer.ts';
import { eventBody, headerValues, type GatewayReply, type GatewayRequest } from './gatewayRequest.ts';
import { contextValue } from './identitySources.ts';
import { integrateLambda } from './lambdaProxy.ts';
import type { WebSocketApiConfig } from './readWebSocketApi.ts';
import {
  connectArn,
  connectEvent,
  webSocketAuthorizerEvent,
  webSocketContext,
  type Connection,
  type Occurrence,
} from './webSocketEvents.ts';

/** An open connection. It is authorized once, and then outlasts whatever becomes of the key. */
export interface WebSocketSession {
  /** The subprotocol that `$connect` agreed to. */
  readonly subprotocol: string | undefined;
  /** Hands a message to its route's function; what is to be sent back, if anything. */
  readonly receive: (message: Buffer) => Promise<string | Buffer | undefined>;
  /** Tells `$disconnect`. */
  readonly end: (statusCode: number, reason: string) => Promise<void>;
}

/** Opens a connection, or refuses the upgrade. */
export type WebSocketApi = (
  request: GatewayRequest,
) => Promise<{ readonly session: WebSocketSession } | { readonly refusal: GatewayReply }>;

type Refused = Exclude<Verdict, { effect: 'allow' }>;

const REFUSALS: Readonly<Record<Refused['effect'], readonly [statusCode: number, message: string]>> = {
  unauthorized: [401, 'Unauthorized'],
  deny: [403, 'Forbidden'],
  fault: [500, 'Internal server error'],
};

/** A WebSocket API of the template. */
export function createWebSocketApi(config: WebSocketApiConfig, deps: ApiDeps): WebSocketApi {
  const ask = config.authorizer && createAuthorizer(config.authorizer, parseAnswer, deps);

  return async (request) => {
    const connection = { id: randomBytes(11).toString('base64'), api: config, request };
    const context = webSocketContext(connection, {
      eventType: 'CONNECT',
      routeKey: '$connect',
      requestId: request.id,
      nowMs: deps.now(),
    });
    const refuse = (statusCode: number, message: string) => ({
      refusal: {
        statusCode,
        headers: [['Content-Type', 'application/json']] as const,
        body: failureBody(message, connection, request.id),
      },
    });
    const verdict = await ask?.({
      request,
      context,
      stageVariables: config.stageVariables,
      arn: connectArn(config),
      event: () => webSocketAuthorizerEvent(connection, context),
    });
    if (verdict !== undefined && verdict.effect !== 'allow') return refuse(...REFUSALS[verdict.effect]);

    const authorizer = authorizerContext(verdict);
    const route = config.routes.get('$connect');
    const event = connectEvent(connection, withAuthorizer(context, authorizer));
    const reply = route && (await integrateLambda(route.functionName, event, { inferred: false }, deps));
    if (route !== undefined && reply === undefined) return refuse(502, 'Internal server error');
    // The status alone: what of a refusal's headers and body reaches the client is not documented.
    if (reply !== undefined && !isSuccess(reply)) return { refusal: { ...reply, headers: [], body: '' } };
    const [subprotocol] = headerValues({ headers: reply?.headers ?? [] }, 'sec-websocket-protocol');
    return { session: { subprotocol, ...createSession(config, connection, { authorizer, deps }) } };
  };
}

function createSession(
  config: WebSocketApiConfig,
  connection: Connection,
  { authorizer, deps }: { readonly authorizer: object | undefined; readonly deps: ApiDeps },
): Omit<WebSocketSession, 'subprotocol'> {
  const contextOf = (occurrence: Pick<Occurrence, 'eventType' | 'routeKey' | 'requestId'>) =>
    withAuthorizer(webSocketContext(connection, { ...occurrence, nowMs: deps.now() }), authorizer);

  return {
    receive: async (message) => {
      const requestId = randomUUID();
      const selected = selectRoute(message, config.selectionPath);
      const routeKey = config.routes.has(selected) && !isReserved(selected) ? selected : '$default';
      const route = config.routes.get(routeKey);
      if (route === undefined) return failureBody('Forbidden', connection, requestId);
      const requestContext = contextOf({ eventType: 'MESSAGE', routeKey, requestId });
      const event = { requestContext, ...eventBody({ body: message }) };
      const reply = await integrateLambda(route.functionName, event, { inferred: false }, deps);
      if (reply === undefined) return failureBody('Internal server error', connection, requestId);
      return route.isTwoWay && reply.body.length > 0 ? reply.body : undefined;
    },
    end: async (disconnectStatusCode, disconnectReason) => {
      const route = config.routes.get('$disconnect');
      if (route === undefined) return;
      const context = contextOf({ eventType: 'DISCONNECT', routeKey: '$disconnect', requestId: randomUUID() });
      const requestContext = { ...context, disconnectStatusCode, disconnectReason };
      await integrateLambda(route.functionName, { requestContext, isBase64Encoded: false }, { inferred: false }, deps);
    },
  };
}

function parseAnswer(answer: unknown) {
  return parseAuthorizerAnswer(answer, { simpleResponses: false, stringContext: true });
}

function withAuthorizer(context: object, authorizer: object | undefined): object {
  return authorizer === undefined ? context : { ...context, authorizer };
}

function isSuccess({ statusCode }: GatewayReply): boolean {
  return statusCode >= 200 && statusCode < 300;
}

/** The route key that a message names; empty where it names none or is not JSON. */
function selectRoute(message: Buffer, path: string): string {
  try {
    return contextValue(Object(JSON.parse(message.toString('utf8'))), path);
  } catch {
    return '';
  }
}

/** A client cannot ask for what tells of its coming and going. */
function isReserved(routeKey: string): boolean {
  return routeKey === '$connect' || routeKey === '$disconnect';
}

function failureBody(message: string, { id: connectionId }: Connection, requestId: string): string {
  return JSON.stringify({ message, connectionId, requestId });
}

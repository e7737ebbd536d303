import { randomBytes } from 'node:crypto';
import type { StageConfig, WebSocketApiConfig } from './apiConfig.ts';
import {
  createAuthorizer,
  hasUsageIdentifier,
  toAccessDetails,
  type ApiDeps,
  type Authorization,
  type Refusal,
} from './authorizer.ts';
import { integrateLambda } from './gatewayReply.ts';
import {
  getHeader,
  toEventMaps,
  toIdentity,
  toLogTime,
  type GatewayReply,
  type GatewayRequest,
} from './gatewayRequest.ts';
import { ACCOUNT_ID, REGION } from './template.ts';

/** Authorizes an upgrade. Returns the refusal, or a reply with the status `SWITCHING_PROTOCOLS` to open the connection. */
export type WebSocketApi = (request: GatewayRequest) => Promise<GatewayReply>;

/** The status of a reply that opens the connection. */
export const SWITCHING_PROTOCOLS = 101;

/** The header of the subprotocols that a client offers, and of the one that the API selects. */
export const SUBPROTOCOL_HEADER = 'Sec-WebSocket-Protocol';

const REFUSALS: Readonly<Record<Refusal['effect'], readonly [statusCode: number, message: string]>> = {
  unauthorized: [401, 'Unauthorized'],
  deny: [403, 'Forbidden'],
  fault: [500, 'Internal server error'],
};

/**
 * Creates a WebSocket API of the template. It invokes the authorizer on `$connect`. It invokes the integration of
 * `$connect` only if the client offers subprotocols, because its response selects one, or if the key is over a limit
 * of its plan, because the integration then refuses the connection. It doesn't invoke others.
 */
export function createWebSocketApi(config: WebSocketApiConfig, deps: ApiDeps): WebSocketApi {
  const authorize = config.authorizer && createAuthorizer(config.authorizer, deps);
  if (config.requiresUsageIdentifier) {
    deps.writeLog(`${config.id}: the local gateway applies no limits of usage plans; it rejects keys of unknown plans`);
  }

  return async (request) => {
    const connectionId = randomBytes(11).toString('base64');
    const context = toConnectContext(config, request, { connectionId, nowMs: deps.now() });
    const arn = `arn:aws:execute-api:${REGION}:${ACCOUNT_ID}:${config.id}/${config.stageName}/$connect`;
    const { stageVariables } = config;
    const authorization = await authorize?.({
      request,
      context,
      stageVariables,
      arn,
      // "Control access to WebSocket APIs with AWS Lambda REQUEST authorizers"
      createEvent: () => ({
        type: 'REQUEST',
        methodArn: arn,
        ...toEventMaps(request),
        stageVariables,
        requestContext: context,
      }),
    });
    const details = { ...toAccessDetails(authorization), logContext: toLogContext(context, authorization) };
    if (authorization === undefined || authorization.effect === 'allow') {
      if (config.requiresUsageIdentifier && !hasUsageIdentifier(authorization)) {
        return { ...fail(...REFUSALS.deny, context), ...details, code: 'INVALID_API_KEY' };
      }
      const authorizer = authorization && { principalId: authorization.principalId, ...authorization.context };
      const reply = await connect(config, request, { ...context, authorizer }, deps);
      return { ...(reply ?? fail(502, 'Internal server error', context)), ...details };
    }
    return { ...fail(...REFUSALS[authorization.effect], context), ...details };
  };
}

function toLogContext(context: object, authorization: Authorization | undefined): object {
  if (authorization?.effect !== 'allow' && authorization?.effect !== 'deny') return context;
  return { ...context, authorizer: { principalId: authorization.principalId, ...authorization.context } };
}

function fail(
  statusCode: number,
  message: string,
  { connectionId, requestId }: { readonly connectionId: string; readonly requestId: string },
): GatewayReply {
  const body = JSON.stringify({ message, connectionId, requestId });
  return { statusCode, headers: [['Content-Type', 'application/json']], body };
}

/**
 * Returns the reply that opens the connection, with the subprotocol from the integration's response. Another status of
 * the integration refuses the connection ("Set up a $connect route that requires a WebSocket subprotocol").
 * Returns `undefined` if the integration fails.
 */
async function connect(
  { connectFunctionName, stageVariables }: WebSocketApiConfig,
  request: GatewayRequest,
  requestContext: { readonly authorizer: Readonly<Record<string, unknown>> | undefined },
  deps: ApiDeps,
): Promise<GatewayReply | undefined> {
  const opened = { statusCode: SWITCHING_PROTOCOLS, headers: [], body: '' };
  const isLimited = requestContext.authorizer?.['limited'] === 'true';
  const matters = isLimited || getHeader(request, SUBPROTOCOL_HEADER).length > 0;
  if (connectFunctionName === undefined || !matters) return opened;
  const event = { ...toEventMaps(request), stageVariables, requestContext, isBase64Encoded: false };
  const reply = await integrateLambda(connectFunctionName, event, { inferred: false }, deps);
  if (reply === undefined || reply.statusCode >= 300) return reply;
  const selected = getHeader(reply, SUBPROTOCOL_HEADER).slice(-1);
  return { ...opened, headers: selected.map((value) => [SUBPROTOCOL_HEADER, value] as const) };
}

/** Returns the `requestContext` of `$connect`. */
function toConnectContext(
  api: StageConfig,
  request: GatewayRequest,
  { connectionId, nowMs }: { readonly connectionId: string; readonly nowMs: number },
) {
  return {
    routeKey: '$connect',
    eventType: 'CONNECT',
    extendedRequestId: request.id,
    requestTime: toLogTime(nowMs),
    messageDirection: 'IN',
    stage: api.stageName,
    connectedAt: request.receivedMs,
    requestTimeEpoch: nowMs,
    identity: toIdentity(request),
    requestId: request.id,
    domainName: `${api.id}.execute-api.${REGION}.amazonaws.com`,
    connectionId,
    apiId: api.id,
  };
}

import { randomBytes } from 'node:crypto';
import type { StageConfig, WebSocketApiConfig } from './apiConfig.ts';
import { createAuthorizer, hasUsageIdentifier, toAccessDetails, type ApiDeps, type Refusal } from './authorizer.ts';
import { toEventMaps, toIdentity, toLogTime, type GatewayReply, type GatewayRequest } from './gatewayRequest.ts';
import { ACCOUNT_ID, REGION } from './template.ts';

/** Authorizes an upgrade. Returns the refusal, or a reply with the status `SWITCHING_PROTOCOLS` to open the connection. */
export type WebSocketApi = (request: GatewayRequest) => Promise<GatewayReply>;

/** The status of a reply that opens the connection. */
export const SWITCHING_PROTOCOLS = 101;

const REFUSALS: Readonly<Record<Refusal['effect'], readonly [statusCode: number, message: string]>> = {
  unauthorized: [401, 'Unauthorized'],
  deny: [403, 'Forbidden'],
  fault: [500, 'Internal server error'],
};

/** Creates a WebSocket API of the template. It invokes the authorizer on `$connect`. It doesn't invoke integrations. */
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
    const details = toAccessDetails(authorization);
    const refuse = (effect: Refusal['effect']): GatewayReply => {
      const [statusCode, message] = REFUSALS[effect];
      const body = JSON.stringify({ message, connectionId, requestId: request.id });
      return { statusCode, headers: [['Content-Type', 'application/json']], body, ...details };
    };
    if (authorization !== undefined && authorization.effect !== 'allow') return refuse(authorization.effect);
    if (config.requiresUsageIdentifier && !hasUsageIdentifier(authorization)) {
      return { ...refuse('deny'), code: 'INVALID_API_KEY' };
    }
    return { statusCode: SWITCHING_PROTOCOLS, headers: [], body: '', ...details };
  };
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

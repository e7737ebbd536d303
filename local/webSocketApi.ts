import { randomBytes } from 'node:crypto';
import type { StageConfig, WebSocketApiConfig } from './apiConfig.ts';
import { createAuthorizer, parseAuthorizerAnswer, type ApiDeps, type Verdict } from './authorizer.ts';
import { headerValues, requestMaps, toLogTime, type GatewayReply, type GatewayRequest } from './gatewayRequest.ts';
import { ACCOUNT_ID, REGION } from './template.ts';

/** Authorizes an upgrade: returns the refusal, or `undefined` if the connection may open. */
export type WebSocketApi = (request: GatewayRequest) => Promise<GatewayReply | undefined>;

type Refusal = Exclude<Verdict, { effect: 'allow' }>;

const REFUSALS: Readonly<Record<Refusal['effect'], readonly [statusCode: number, message: string]>> = {
  unauthorized: [401, 'Unauthorized'],
  deny: [403, 'Forbidden'],
  fault: [500, 'Internal server error'],
};

/** Creates a WebSocket API of the template. It invokes the authorizer on `$connect`, and no integration. */
export function createWebSocketApi(config: WebSocketApiConfig, deps: ApiDeps): WebSocketApi {
  const ask = config.authorizer && createAuthorizer(config.authorizer, parseAnswer, deps);

  return async (request) => {
    const connectionId = randomBytes(11).toString('base64');
    const context = connectContext(config, request, { connectionId, nowMs: deps.now() });
    const arn = `arn:aws:execute-api:${REGION}:${ACCOUNT_ID}:${config.id}/${config.stageName}/$connect`;
    const { stageVariables } = config;
    const verdict = await ask?.({
      request,
      context,
      stageVariables,
      arn,
      // "Control access to WebSocket APIs with AWS Lambda REQUEST authorizers"
      event: () => ({
        type: 'REQUEST',
        methodArn: arn,
        ...requestMaps(request),
        stageVariables,
        requestContext: context,
      }),
    });
    if (verdict === undefined || verdict.effect === 'allow') return undefined;
    const [statusCode, message] = REFUSALS[verdict.effect];
    const body = JSON.stringify({ message, connectionId, requestId: request.id });
    return { statusCode, headers: [['Content-Type', 'application/json']], body };
  };
}

function parseAnswer(answer: unknown) {
  return parseAuthorizerAnswer(answer, { simpleResponses: false, stringContext: true });
}

/** Returns the `requestContext` of `$connect`. */
function connectContext(
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
    identity: { sourceIp: request.sourceIp, userAgent: headerValues(request, 'user-agent')[0] ?? null },
    requestId: request.id,
    domainName: `${api.id}.execute-api.${REGION}.amazonaws.com`,
    connectionId,
    apiId: api.id,
  };
}

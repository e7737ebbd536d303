import type { StageConfig } from './apiConfig.ts';
import { headerValues, toLogTime, type GatewayRequest } from './gatewayRequest.ts';
import { ACCOUNT_ID, REGION } from './intrinsics.ts';
import { requestMaps } from './restEvents.ts';

/** A connection as its events tell of it. */
export interface Connection {
  readonly id: string;
  readonly api: StageConfig;
  /** The request that asked for the upgrade. */
  readonly request: GatewayRequest;
}

/** What happens on a connection. */
export interface Occurrence {
  readonly eventType: 'CONNECT' | 'MESSAGE' | 'DISCONNECT';
  readonly routeKey: string;
  readonly requestId: string;
  /** Epoch milliseconds. */
  readonly nowMs: number;
}

/** The ARN of the one route that is authorized. It has no method. */
export function connectArn({ id, stageName }: StageConfig): string {
  return `arn:aws:execute-api:${REGION}:${ACCOUNT_ID}:${id}/${stageName}/$connect`;
}

/** `requestContext` of a WebSocket API. */
export function webSocketContext({ id, api, request }: Connection, occurrence: Occurrence) {
  const { eventType, routeKey, requestId, nowMs } = occurrence;
  return {
    routeKey,
    eventType,
    ...(eventType === 'MESSAGE' ? { messageId: requestId } : {}),
    extendedRequestId: requestId,
    requestTime: toLogTime(nowMs),
    messageDirection: 'IN',
    stage: api.stageName,
    connectedAt: request.receivedMs,
    requestTimeEpoch: nowMs,
    identity: { sourceIp: request.sourceIp, userAgent: headerValues(request, 'user-agent')[0] ?? null },
    requestId,
    domainName: `${api.id}.execute-api.${REGION}.amazonaws.com`,
    connectionId: id,
    apiId: api.id,
  };
}

/** The event of a WebSocket API's authorizer ("Control access to WebSocket APIs with AWS Lambda REQUEST authorizers"). */
export function webSocketAuthorizerEvent({ api, request }: Connection, requestContext: object) {
  return {
    type: 'REQUEST',
    methodArn: connectArn(api),
    ...requestMaps(request),
    stageVariables: api.stageVariables,
    requestContext,
  };
}

/** The event of the `$connect` integration, the only one that sees headers and the query. Empty maps are left out. */
export function connectEvent({ api, request }: Connection, requestContext: object) {
  const maps = Object.entries({ ...requestMaps(request), stageVariables: api.stageVariables });
  const filled = maps.filter(([, map]) => Object.keys(map).length > 0);
  return { ...Object.fromEntries(filled), requestContext, isBase64Encoded: false };
}

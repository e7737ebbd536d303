import type { RouteConfig, StageConfig } from './apiConfig.ts';
import {
  eventBody,
  groupByName,
  headerValues,
  queryEntries,
  toLogTime,
  type GatewayRequest,
} from './gatewayRequest.ts';
import { ACCOUNT_ID, REGION } from './intrinsics.ts';
import type { RouteMatch } from './routeMatch.ts';

/** The ARN of the request that was really made, wildcards and templates of the route resolved. */
export function methodArn({ id, stageName }: StageConfig, { method, path }: GatewayRequest): string {
  return `arn:aws:execute-api:${REGION}:${ACCOUNT_ID}:${id}/${stageName}/${method}/${path.slice(1)}`;
}

/** `requestContext` of a REST API. */
export function restContext(api: StageConfig, route: RouteConfig, request: GatewayRequest) {
  return {
    accountId: ACCOUNT_ID,
    apiId: api.id,
    domainName: `${api.id}.execute-api.${REGION}.amazonaws.com`,
    domainPrefix: api.id,
    extendedRequestId: request.id,
    httpMethod: request.method,
    identity: { sourceIp: request.sourceIp, userAgent: headerValues(request, 'user-agent')[0] ?? null },
    path: `/${api.stageName}${request.path}`,
    protocol: request.protocol,
    requestId: request.id,
    requestTime: toLogTime(request.receivedMs),
    requestTimeEpoch: request.receivedMs,
    resourceId: route.id,
    resourcePath: route.path,
    stage: api.stageName,
  };
}

/** The event of a TOKEN authorizer ("Input to an API Gateway Lambda authorizer"). */
export function tokenEvent(arn: string, authorizationToken: string) {
  return { type: 'TOKEN', methodArn: arn, authorizationToken };
}

/** The event of a REQUEST authorizer. Unlike an integration's, its maps are empty where there is nothing to tell. */
export function requestEvent(
  api: StageConfig,
  { route, pathParameters }: RouteMatch<RouteConfig>,
  request: GatewayRequest,
  requestContext: object,
) {
  return {
    type: 'REQUEST',
    methodArn: methodArn(api, request),
    resource: route.path,
    path: request.path,
    httpMethod: request.method,
    ...requestMaps(request),
    pathParameters,
    stageVariables: api.stageVariables,
    requestContext,
  };
}

/** The event of a Lambda proxy integration. */
export function restProxyEvent(
  api: StageConfig,
  { route, pathParameters }: RouteMatch<RouteConfig>,
  request: GatewayRequest,
  requestContext: object,
) {
  const { headers, multiValueHeaders, queryStringParameters, multiValueQueryStringParameters } = requestMaps(request);
  const { body = null, isBase64Encoded } = eventBody(request);
  return {
    resource: route.path,
    path: request.path,
    httpMethod: request.method,
    headers,
    multiValueHeaders,
    queryStringParameters: orNull(queryStringParameters),
    multiValueQueryStringParameters: orNull(multiValueQueryStringParameters),
    pathParameters: orNull(pathParameters),
    stageVariables: orNull(api.stageVariables),
    requestContext,
    body,
    isBase64Encoded,
  };
}

/** Names come as the client sent them; of several values the single-value maps have the last. */
export function requestMaps(request: GatewayRequest) {
  const query = queryEntries(request);
  return {
    headers: Object.fromEntries(request.headers),
    multiValueHeaders: groupByName(request.headers),
    queryStringParameters: Object.fromEntries(query),
    multiValueQueryStringParameters: groupByName(query),
  };
}

function orNull(map: object): object | null {
  return Object.keys(map).length === 0 ? null : map;
}

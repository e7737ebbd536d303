import type { RouteConfig, StageConfig } from './apiConfig.ts';
import {
  eventBody,
  groupByName,
  headerValues,
  queryEntries,
  toLogTime,
  type GatewayRequest,
  type Header,
} from './gatewayRequest.ts';
import { ACCOUNT_ID, REGION } from './intrinsics.ts';
import { requestMaps } from './restEvents.ts';
import type { RouteMatch } from './routeMatch.ts';

/** The ARN of the request that was really made. */
export function routeArn({ id, stageName }: StageConfig, { method, path }: GatewayRequest): string {
  return `arn:aws:execute-api:${REGION}:${ACCOUNT_ID}:${id}/${stageName}/${method}/${path.slice(1)}`;
}

/** `requestContext` of an HTTP API, payload format 2.0. */
export function httpContext(api: StageConfig, route: RouteConfig, request: GatewayRequest) {
  const domainPrefix = api.id;
  return {
    accountId: ACCOUNT_ID,
    apiId: api.id,
    domainName: `${domainPrefix}.execute-api.${REGION}.amazonaws.com`,
    domainPrefix,
    http: {
      method: request.method,
      path: rawPath(api, request),
      protocol: request.protocol,
      sourceIp: request.sourceIp,
      userAgent: headerValues(request, 'user-agent')[0] ?? '',
    },
    requestId: request.id,
    routeKey: routeKey(route),
    stage: api.stageName,
    time: toLogTime(request.receivedMs),
    timeEpoch: request.receivedMs,
  };
}

/** The event of an authorizer with payload format 2.0 ("Control access to HTTP APIs with AWS Lambda authorizers"). */
export function httpAuthorizerEvent(
  api: StageConfig,
  match: RouteMatch<RouteConfig>,
  request: GatewayRequest,
  { identitySource, requestContext }: { identitySource: readonly string[]; requestContext: object },
) {
  const { version, ...fields } = sharedFields(api, match, request, requestContext);
  return { version, type: 'REQUEST', routeArn: routeArn(api, request), identitySource, ...fields };
}

/**
 * The event of an authorizer with payload format 1.0, as the same page shows it: like a REST API's, without the maps of
 * several values (of which the page says nothing), and never with the stage in a path.
 */
export function httpAuthorizerEventV1(
  api: StageConfig,
  { route, pathParameters }: RouteMatch<RouteConfig>,
  request: GatewayRequest,
  identities: readonly string[],
) {
  const { headers, queryStringParameters } = requestMaps(request);
  const identitySource = identities.join(',');
  return {
    version: '1.0',
    type: 'REQUEST',
    methodArn: routeArn(api, request),
    identitySource,
    authorizationToken: identitySource,
    resource: route.path,
    path: request.path,
    httpMethod: request.method,
    headers,
    queryStringParameters,
    pathParameters,
    stageVariables: api.stageVariables,
    requestContext: {
      path: request.path,
      accountId: ACCOUNT_ID,
      resourceId: route.id,
      stage: api.stageName,
      requestId: request.id,
      identity: { sourceIp: request.sourceIp, userAgent: headerValues(request, 'user-agent')[0] ?? null },
      resourcePath: route.path,
      httpMethod: request.method,
      apiId: api.id,
    },
  };
}

/** The event of a Lambda proxy integration with payload format 2.0. */
export function httpProxyEvent(
  api: StageConfig,
  match: RouteMatch<RouteConfig>,
  request: GatewayRequest,
  requestContext: object,
) {
  return { ...sharedFields(api, match, request, requestContext), ...eventBody(request) };
}

/** Maps that would be empty are left out, and cookies are taken out of the headers. */
function sharedFields(
  api: StageConfig,
  { route, pathParameters }: RouteMatch<RouteConfig>,
  request: GatewayRequest,
  requestContext: object,
) {
  const lowerCase = request.headers.map(([name, value]) => [name.toLowerCase(), value] as const);
  const cookies = headerValues(request, 'cookie').flatMap((value) => value.split(/; */));
  return {
    version: '2.0',
    routeKey: routeKey(route),
    rawPath: rawPath(api, request),
    rawQueryString: request.rawQuery,
    ...(cookies.length > 0 ? { cookies } : {}),
    headers: joinByName(lowerCase.filter(([name]) => name !== 'cookie')),
    ...unlessEmpty('queryStringParameters', joinByName(queryEntries(request))),
    requestContext,
    ...unlessEmpty('pathParameters', pathParameters),
    ...unlessEmpty('stageVariables', api.stageVariables),
  };
}

function routeKey({ method, path }: RouteConfig): string {
  return path === '$default' ? path : `${method} ${path}`;
}

function rawPath({ stageName }: StageConfig, { path }: GatewayRequest): string {
  return stageName === '$default' ? path : `/${stageName}${path}`;
}

function joinByName(entries: readonly Header[]): Record<string, string> {
  return Object.fromEntries(Object.entries(groupByName(entries)).map(([name, values]) => [name, values.join(',')]));
}

function unlessEmpty(name: string, map: object): object {
  return Object.keys(map).length === 0 ? {} : { [name]: map };
}

import type { CorsConfig, HttpApiConfig, RouteConfig, StageConfig } from './apiConfig.ts';
import { createAuthorizer, parseAuthorizerAnswer, type ApiDeps, type Verdict } from './authorizer.ts';
import { integrateLambda } from './gatewayReply.ts';
import {
  eventBody,
  groupByName,
  headerValues,
  matchRoute,
  queryEntries,
  requestMaps,
  toLogTime,
  withoutParameters,
  type Api,
  type GatewayReply,
  type GatewayRequest,
  type Header,
  type RouteMatch,
} from './gatewayRequest.ts';
import { ACCOUNT_ID, REGION } from './template.ts';

/** An HTTP API of the template. It has no gateway responses: what fails is answered in API Gateway's own words. */
export function createHttpApi(config: HttpApiConfig, deps: ApiDeps): Api {
  const authorizers = new Map(
    [...config.authorizers].map(([id, authorizer]) => {
      const format = { simpleResponses: authorizer.simpleResponses, stringContext: false };
      return [id, createAuthorizer(authorizer, (given) => parseAuthorizerAnswer(given, format), deps)];
    }),
  );

  const authorize = async (match: RouteMatch<RouteConfig>, request: GatewayRequest, context: object) => {
    const { authorizerId = '' } = match.route;
    const isV1 = config.authorizers.get(authorizerId)?.payloadVersion === '1.0';
    return authorizers.get(authorizerId)?.({
      request,
      context,
      stageVariables: config.stageVariables,
      arn: routeArn(config, request),
      event: (identitySource) =>
        isV1
          ? httpAuthorizerEventV1(config, match, request, identitySource)
          : httpAuthorizerEvent(config, match, request, { identitySource, requestContext: context }),
    });
  };

  const answer = async (request: GatewayRequest): Promise<GatewayReply> => {
    const match = matchRoute(config.routes, request.method, request.path);
    if (match === undefined) return failure(404, 'Not Found', request);
    const context = httpContext(config, match.route, request);
    const verdict = await authorize(match, request, context);
    if (verdict !== undefined && verdict.effect !== 'allow') return refusal(verdict, request);
    const requestContext = verdict === undefined ? context : { ...context, authorizer: { lambda: verdict.context } };
    const reply = await integrate(config, match, request, { requestContext, deps });
    return reply ?? failure(500, 'Internal Server Error', request);
  };

  return async (request) => {
    if (config.cors === undefined) return answer(request);
    const headers = corsHeaders(config.cors, request);
    if (isPreflight(request))
      return { statusCode: 204, headers: [...headers, ...preflightHeaders(config.cors)], body: '' };
    const reply = await answer(request);
    return { ...reply, headers: [...reply.headers.filter(([name]) => !isCorsHeader(name)), ...headers] };
  };
}

async function integrate(
  config: HttpApiConfig,
  match: RouteMatch<RouteConfig>,
  request: GatewayRequest,
  { requestContext, deps }: { readonly requestContext: object; readonly deps: ApiDeps },
): Promise<GatewayReply | undefined> {
  const { integration } = match.route;
  if (integration.kind !== 'lambda') return undefined;
  const event = httpProxyEvent(config, match, withoutParameters(request, integration.removed), requestContext);
  return integrateLambda(integration.functionName, event, { inferred: true }, deps);
}

function refusal(verdict: Exclude<Verdict, { effect: 'allow' }>, request: GatewayRequest): GatewayReply {
  if (verdict.effect === 'unauthorized') return failure(401, 'Unauthorized', request);
  if (verdict.effect === 'deny') return failure(403, 'Forbidden', request);
  return failure(500, 'Internal Server Error', request);
}

function failure(statusCode: number, message: string, request: GatewayRequest): GatewayReply {
  const headers: readonly Header[] = [
    ['Content-Type', 'application/json'],
    ['apigw-requestid', request.id],
  ];
  return { statusCode, headers, body: JSON.stringify({ message }) };
}

function isPreflight(request: GatewayRequest): boolean {
  const asksMethod = headerValues(request, 'access-control-request-method').length > 0;
  return request.method === 'OPTIONS' && asksMethod && headerValues(request, 'origin').length > 0;
}

function isCorsHeader(name: string): boolean {
  return name.toLowerCase().startsWith('access-control-');
}

/** None for an origin that is not allowed, which is how the browser learns of it. */
function corsHeaders(cors: CorsConfig, request: GatewayRequest): readonly Header[] {
  const [origin] = headerValues(request, 'origin');
  if (origin === undefined) return [];
  const anyOrigin = cors.allowOrigins.includes('*');
  if (!anyOrigin && !cors.allowOrigins.includes(origin)) return [];
  return present([
    ['access-control-allow-origin', anyOrigin ? '*' : origin],
    ['access-control-allow-credentials', cors.allowCredentials ? 'true' : ''],
    ['access-control-expose-headers', cors.exposeHeaders.join(',')],
  ]);
}

function preflightHeaders(cors: CorsConfig): readonly Header[] {
  return present([
    ['access-control-allow-methods', cors.allowMethods.join(',')],
    ['access-control-allow-headers', cors.allowHeaders.join(',')],
    ['access-control-max-age', String(cors.maxAgeSeconds ?? '')],
  ]);
}

function present(headers: readonly Header[]): readonly Header[] {
  return headers.filter(([, value]) => value !== '');
}

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

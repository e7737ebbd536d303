import type { CorsConfig, HttpApiConfig, HttpRouteConfig, RouteConfig, StageConfig } from './apiConfig.ts';
import { createAuthorizer, toAccessDetails, type ApiDeps, type Authorization, type Refusal } from './authorizer.ts';
import { integrateLambda } from './gatewayReply.ts';
import {
  getHeader,
  groupByName,
  matchRoute,
  parseQuery,
  removeParameters,
  toEventBody,
  toEventMaps,
  toIdentity,
  toLogTime,
  toMethodArn,
  type Api,
  type GatewayReply,
  type GatewayRequest,
  type Header,
  type RouteMatch,
} from './gatewayRequest.ts';
import { createProver, type ProvenCaller, type UnprovenCaller } from './routeProof.ts';
import { ACCOUNT_ID, REGION } from './template.ts';

type Match = RouteMatch<HttpRouteConfig>;

/** Creates an HTTP API. HTTP APIs lack gateway responses, so every failure has API Gateway's own body. */
export function createHttpApi(config: HttpApiConfig, deps: ApiDeps): Api {
  const authorizers = new Map(
    [...config.authorizers].map(([id, authorizer]) => [id, createAuthorizer(authorizer, deps)]),
  );

  const authorize = async (match: Match, request: GatewayRequest, context: object) => {
    const { authorizerId = '' } = match.route;
    const isV1 = config.authorizers.get(authorizerId)?.payloadVersion === '1.0';
    return authorizers.get(authorizerId)?.({
      request,
      context,
      stageVariables: config.stageVariables,
      arn: toMethodArn(config, request),
      createEvent: (identities) =>
        isV1
          ? toAuthorizerEventV1(config, match, request, identities.join(','))
          : toAuthorizerEvent(config, match, request, { identitySource: identities, requestContext: context }),
    });
  };

  const prove = createProver(config, deps);

  const serve = async (request: GatewayRequest): Promise<GatewayReply> => {
    const match = matchRoute(config.routes, request);
    if (match === undefined) return fail(404, 'Not Found', request);
    const context = toRequestContext(config, match.route, request);
    const proof = await prove(match.route, request, context);
    if (proof?.effect === 'refuse') return { ...refuseCaller(proof, request), logContext: context };
    const authorization = await authorize(match, request, context);
    const details = toAccessDetails(authorization);
    if (authorization !== undefined && authorization.effect !== 'allow') {
      return { ...refuse(authorization, request), ...details, logContext: toLogContext(context, authorization) };
    }
    return integrate({ config, match, request, context, authorization, proof }, deps);
  };

  return config.cors === undefined ? serve : withCors(config.cors, serve);
}

/** A request whose caller may invoke the integration. */
interface AllowedRequest {
  readonly config: HttpApiConfig;
  readonly match: Match;
  readonly request: GatewayRequest;
  readonly context: object;
  readonly authorization: Authorization | undefined;
  readonly proof: ProvenCaller | undefined;
}

async function integrate(
  { config, match, request, context, authorization, proof }: AllowedRequest,
  deps: ApiDeps,
): Promise<GatewayReply> {
  const { integration } = match.route;
  if (integration.kind !== 'lambda') return fail(500, 'Internal Server Error', request);
  const event = {
    ...toSharedFields(config, match, removeParameters(request, integration.removedParameters)),
    requestContext: { ...context, ...toEventAuthorizer(authorization, proof) },
    ...toEventBody(request),
  };
  const startedMs = deps.now();
  const reply = await integrateLambda(integration.functionName, event, { inferred: true }, deps);
  const integrationLatency = deps.now() - startedMs;
  const logContext = { ...toLogContext(context, authorization), ...proof?.logContext, integrationLatency };
  const code = reply && toProblemCode(reply);
  const failure = { ...fail(500, 'Internal Server Error', request), code: 'INTEGRATION_FAILURE' };
  return { ...(reply ?? failure), ...(code !== undefined && { code }), ...toAccessDetails(authorization), logContext };
}

/** Returns the code of a reply with problem details (RFC 9457), for the request log. */
function toProblemCode(reply: GatewayReply): string | undefined {
  if (!getHeader(reply, 'content-type').some((type) => type.startsWith('application/problem+json'))) return undefined;
  const [, code] = /"code":"([A-Z_]{1,40})"/.exec(String(reply.body)) ?? [];
  return code;
}

function toEventAuthorizer(
  authorization: Authorization | undefined,
  proof: ProvenCaller | undefined,
): { readonly authorizer?: object } {
  if (proof !== undefined) return { authorizer: proof.authorizer };
  return authorization?.effect === 'allow' ? { authorizer: { lambda: authorization.context } } : {};
}

/** Returns the access log's variables. The context of a decision is directly under `authorizer`, unlike in events. */
function toLogContext(context: object, authorization: Authorization | undefined): object {
  if (authorization?.effect !== 'allow' && authorization?.effect !== 'deny') return context;
  const { principalId, context: own, effect } = authorization;
  const error = effect === 'deny' ? { error: { responseType: 'ACCESS_DENIED' } } : {};
  return { ...context, authorizer: { principalId, ...own }, ...error };
}

function refuse(refusal: Refusal, request: GatewayRequest): GatewayReply {
  if (refusal.effect === 'unauthorized') return fail(401, 'Unauthorized', request);
  if (refusal.effect === 'deny') return fail(403, 'Forbidden', request);
  return fail(500, 'Internal Server Error', request);
}

function refuseCaller({ statusCode, headers, code }: UnprovenCaller, request: GatewayRequest): GatewayReply {
  const reply = fail(statusCode, statusCode === 401 ? 'Unauthorized' : 'Forbidden', request);
  return { ...reply, headers: [...reply.headers, ...headers], code };
}

function fail(statusCode: number, message: string, request: GatewayRequest): GatewayReply {
  const headers: readonly Header[] = [
    ['Content-Type', 'application/json'],
    ['apigw-requestid', request.id],
  ];
  return { statusCode, headers, body: JSON.stringify({ message }) };
}

/** Responds to preflights, and replaces the CORS headers of all replies. */
function withCors(cors: CorsConfig, serve: Api): Api {
  return async (request) => {
    const headers = toCorsHeaders(cors, request);
    if (isPreflight(request)) {
      return { statusCode: 204, headers: [...headers, ...toPreflightHeaders(cors)], body: '' };
    }
    const reply = await serve(request);
    const others = reply.headers.filter(([name]) => !name.toLowerCase().startsWith('access-control-'));
    return { ...reply, headers: [...others, ...headers] };
  };
}

function isPreflight(request: GatewayRequest): boolean {
  const hasMethod = getHeader(request, 'access-control-request-method').length > 0;
  return request.method === 'OPTIONS' && hasMethod && getHeader(request, 'origin').length > 0;
}

/** Returns the CORS headers, or an empty list if the origin isn't allowed. The browser then blocks the reply. */
function toCorsHeaders(cors: CorsConfig, request: GatewayRequest): readonly Header[] {
  const [origin] = getHeader(request, 'origin');
  if (origin === undefined) return [];
  const anyOrigin = cors.allowOrigins.includes('*');
  if (!anyOrigin && !cors.allowOrigins.includes(origin)) return [];
  return withoutEmpty([
    ['access-control-allow-origin', anyOrigin ? '*' : origin],
    ['access-control-allow-credentials', cors.allowCredentials ? 'true' : ''],
    ['access-control-expose-headers', cors.exposeHeaders.join(',')],
  ]);
}

function toPreflightHeaders(cors: CorsConfig): readonly Header[] {
  return withoutEmpty([
    ['access-control-allow-methods', cors.allowMethods.join(',')],
    ['access-control-allow-headers', cors.allowHeaders.join(',')],
    ['access-control-max-age', String(cors.maxAgeSeconds ?? '')],
  ]);
}

function withoutEmpty(headers: readonly Header[]): readonly Header[] {
  return headers.filter(([, value]) => value !== '');
}

/** Returns the `requestContext` of payload format 2.0. */
function toRequestContext(api: StageConfig, route: RouteConfig, request: GatewayRequest) {
  // API Gateway knows the host, because the client has connected to it.
  const [domainName = `${api.id}.execute-api.${REGION}.amazonaws.com`] = getHeader(request, 'host');
  return {
    accountId: ACCOUNT_ID,
    apiId: api.id,
    domainName,
    domainPrefix: domainName.split('.')[0] ?? '',
    http: {
      method: request.method,
      path: toRawPath(api, request),
      protocol: request.protocol,
      sourceIp: request.sourceIp,
      userAgent: getHeader(request, 'user-agent')[0] ?? '',
    },
    requestId: request.id,
    routeKey: toRouteKey(route),
    stage: api.stageName,
    time: toLogTime(request.receivedMs),
    timeEpoch: request.receivedMs,
  };
}

/** Returns an authorizer's event of payload format 2.0 ("Control access to HTTP APIs with AWS Lambda authorizers"). */
function toAuthorizerEvent(
  api: StageConfig,
  match: Match,
  request: GatewayRequest,
  { identitySource, requestContext }: { identitySource: readonly string[]; requestContext: object },
) {
  const { version, ...fields } = toSharedFields(api, match, request);
  return { version, type: 'REQUEST', routeArn: toMethodArn(api, request), identitySource, ...fields, requestContext };
}

/**
 * Returns an authorizer's event of payload format 1.0, based on the same page. It's like a REST API's, but its paths
 * don't include the stage. It doesn't have maps of multiple values, because the page doesn't show them.
 */
function toAuthorizerEventV1(
  api: StageConfig,
  { route, pathParameters }: Match,
  request: GatewayRequest,
  identitySource: string,
) {
  const { headers, queryStringParameters } = toEventMaps(request);
  return {
    version: '1.0',
    type: 'REQUEST',
    methodArn: toMethodArn(api, request),
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
      identity: toIdentity(request),
      resourcePath: route.path,
      httpMethod: request.method,
      apiId: api.id,
    },
  };
}

/** Returns the shared fields of events in payload format 2.0. Omits empty maps, and cookies from the headers. */
function toSharedFields(api: StageConfig, { route, pathParameters }: Match, request: GatewayRequest) {
  const headers = request.headers.map(([name, value]) => [name.toLowerCase(), value] as const);
  const cookies = getHeader(request, 'cookie').flatMap((value) => value.split(/; */));
  return {
    version: '2.0',
    routeKey: toRouteKey(route),
    rawPath: toRawPath(api, request),
    rawQueryString: request.rawQuery,
    ...(cookies.length > 0 ? { cookies } : {}),
    headers: {
      ...joinByName(headers.filter(([name]) => name !== 'cookie')),
      // The client could have sent another value.
      ...(request.scheme && { 'x-forwarded-proto': request.scheme }),
    },
    ...unlessEmpty('queryStringParameters', joinByName(parseQuery(request))),
    ...unlessEmpty('pathParameters', pathParameters),
    ...unlessEmpty('stageVariables', api.stageVariables),
  };
}

function toRouteKey({ method, path }: RouteConfig): string {
  return path === '$default' ? path : `${method} ${path}`;
}

function toRawPath({ stageName }: StageConfig, { path }: GatewayRequest): string {
  return stageName === '$default' ? path : `/${stageName}${path}`;
}

function joinByName(entries: readonly Header[]): Record<string, string> {
  return Object.fromEntries(Object.entries(groupByName(entries)).map(([name, values]) => [name, values.join(',')]));
}

function unlessEmpty(name: string, map: object): object {
  return Object.keys(map).length === 0 ? {} : { [name]: map };
}

import type { RouteConfig } from './apiConfig.ts';
import { createAuthorizer, type ApiDeps, type Verdict } from './authorizer.ts';
import { parseAuthorizerAnswer } from './authorizerAnswer.ts';
import {
  headerValues,
  withoutParameters,
  type Api,
  type GatewayReply,
  type GatewayRequest,
  type Header,
} from './gatewayRequest.ts';
import { httpAuthorizerEvent, httpAuthorizerEventV1, httpContext, httpProxyEvent, routeArn } from './httpEvents.ts';
import { integrateLambda } from './lambdaProxy.ts';
import type { CorsConfig, HttpApiConfig } from './readHttpApi.ts';
import { matchRoute, type RouteMatch } from './routeMatch.ts';

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

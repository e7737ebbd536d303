import type { RestApiConfig, RouteConfig, StageConfig } from './apiConfig.ts';
import {
  createAuthorizer,
  hasUsageIdentifier,
  toAccessDetails,
  type ApiDeps,
  type Authorization,
  type Refusal,
} from './authorizer.ts';
import { createGatewayResponse, integrateLambda, type GatewayResponseType } from './gatewayReply.ts';
import {
  matchRoute,
  toEventBody,
  toEventMaps,
  toIdentity,
  toLogTime,
  toMethodArn,
  type Api,
  type GatewayReply,
  type GatewayRequest,
  type RouteMatch,
} from './gatewayRequest.ts';
import { ACCOUNT_ID, REGION } from './template.ts';

/** Creates a REST API of the template. */
export function createRestApi(config: RestApiConfig, deps: ApiDeps): Api {
  const authorizers = new Map(
    [...config.authorizers].map(([id, authorizer]) => [id, createAuthorizer(authorizer, deps)]),
  );

  const authorize = async (match: RouteMatch<RouteConfig>, request: GatewayRequest, context: object) => {
    const { authorizerId = '' } = match.route;
    const isToken = config.authorizers.get(authorizerId)?.type === 'TOKEN';
    const arn = toMethodArn(config, request);
    return authorizers.get(authorizerId)?.({
      request,
      context,
      stageVariables: config.stageVariables,
      arn,
      createEvent: ([token = '']) =>
        isToken
          ? { type: 'TOKEN', methodArn: arn, authorizationToken: token }
          : toRequestEvent(config, match, request, context),
    });
  };

  if (config.routes.some(({ requiresUsageIdentifier }) => requiresUsageIdentifier)) {
    deps.writeLog(`${config.id}: the local gateway applies no limits of usage plans; it rejects keys of unknown plans`);
  }

  return async (request) => {
    const fail = (type: GatewayResponseType, context: object, message?: string): GatewayReply => ({
      ...createGatewayResponse(type, config.gatewayResponses, { context, request, message }),
      code: type,
      logContext: { ...context, error: { responseType: type } },
    });
    const match = matchRoute(config.routes, request);
    if (match === undefined) return fail('MISSING_AUTHENTICATION_TOKEN', { requestId: request.id });
    const context = toRequestContext(config, match.route, request);
    const authorization = await authorize(match, request, context);
    const details = toAccessDetails(authorization);
    const authorizer = toAuthorizerContext(authorization);
    if (authorization !== undefined && authorization.effect !== 'allow') {
      const reply = fail(toFailureType(authorization), { ...context, authorizer }, toDenialMessage(authorization));
      return { ...reply, ...details };
    }
    if (match.route.requiresUsageIdentifier && !hasUsageIdentifier(authorization)) {
      return { ...fail('INVALID_API_KEY', { ...context, authorizer }), ...details };
    }
    const requestContext = authorizer === undefined ? context : { ...context, authorizer };
    const startedMs = deps.now();
    const reply = await integrate(match.route, toProxyEvent(config, match, request, requestContext), deps);
    const logContext = { ...requestContext, integrationLatency: deps.now() - startedMs };
    return { logContext, ...(reply ?? fail('INTEGRATION_FAILURE', logContext)), ...details };
  };
}

/** Returns `requestContext.authorizer`, or `undefined` if the route is open or the request isn't identified. */
function toAuthorizerContext(authorization: Authorization | undefined): object | undefined {
  if (authorization?.effect !== 'allow' && authorization?.effect !== 'deny') return undefined;
  return { principalId: authorization.principalId, ...authorization.context };
}

function toFailureType(refusal: Refusal): GatewayResponseType {
  if (refusal.effect === 'fault') return refusal.type;
  return refusal.effect === 'deny' ? 'ACCESS_DENIED' : 'UNAUTHORIZED';
}

function toDenialMessage(refusal: Refusal): string | undefined {
  if (refusal.effect !== 'deny' || !refusal.isExplicit) return undefined;
  return 'User is not authorized to access this resource with an explicit deny';
}

async function integrate(
  { integration }: RouteConfig,
  event: object,
  deps: ApiDeps,
): Promise<GatewayReply | undefined> {
  if (integration.kind === 'lambda') return integrateLambda(integration.functionName, event, { inferred: false }, deps);
  return { statusCode: integration.statusCode, headers: Object.entries(integration.headers), body: '' };
}

function toRequestContext(api: StageConfig, route: RouteConfig, request: GatewayRequest) {
  return {
    accountId: ACCOUNT_ID,
    apiId: api.id,
    domainName: `${api.id}.execute-api.${REGION}.amazonaws.com`,
    domainPrefix: api.id,
    extendedRequestId: request.id,
    httpMethod: request.method,
    identity: toIdentity(request),
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

/** Returns a REQUEST authorizer's event ("Input to an API Gateway Lambda authorizer"). Its empty maps aren't null. */
function toRequestEvent(
  api: StageConfig,
  { route, pathParameters }: RouteMatch<RouteConfig>,
  request: GatewayRequest,
  requestContext: object,
) {
  return {
    type: 'REQUEST',
    methodArn: toMethodArn(api, request),
    resource: route.path,
    path: request.path,
    httpMethod: request.method,
    ...toEventMaps(request),
    pathParameters,
    stageVariables: api.stageVariables,
    requestContext,
  };
}

/** Returns the event of a Lambda proxy integration. */
function toProxyEvent(
  api: StageConfig,
  { route, pathParameters }: RouteMatch<RouteConfig>,
  request: GatewayRequest,
  requestContext: object,
) {
  const maps = toEventMaps(request);
  const { body = null, isBase64Encoded } = toEventBody(request);
  return {
    resource: route.path,
    path: request.path,
    httpMethod: request.method,
    ...maps,
    queryStringParameters: orNull(maps.queryStringParameters),
    multiValueQueryStringParameters: orNull(maps.multiValueQueryStringParameters),
    pathParameters: orNull(pathParameters),
    stageVariables: orNull(api.stageVariables),
    requestContext,
    body,
    isBase64Encoded,
  };
}

function orNull(map: object): object | null {
  return Object.keys(map).length === 0 ? null : map;
}

import type { RestApiConfig, RouteConfig, StageConfig } from './apiConfig.ts';
import {
  authorizerContext,
  createAuthorizer,
  parseAuthorizerAnswer,
  type ApiDeps,
  type Verdict,
} from './authorizer.ts';
import { gatewayResponse, integrateLambda, type GatewayResponseType } from './gatewayReply.ts';
import {
  eventBody,
  headerValues,
  matchRoute,
  requestMaps,
  toLogTime,
  type Api,
  type GatewayReply,
  type GatewayRequest,
  type RouteMatch,
} from './gatewayRequest.ts';
import { ACCOUNT_ID, REGION } from './template.ts';

const parseAnswer = (answer: unknown) => parseAuthorizerAnswer(answer, { simpleResponses: false, stringContext: true });

/** A REST API of the template. */
export function createRestApi(config: RestApiConfig, deps: ApiDeps): Api {
  const authorizers = new Map(
    [...config.authorizers].map(([id, authorizer]) => [id, createAuthorizer(authorizer, parseAnswer, deps)]),
  );

  const authorize = async (match: RouteMatch<RouteConfig>, request: GatewayRequest, context: object) => {
    const { authorizerId = '' } = match.route;
    const ask = authorizers.get(authorizerId);
    if (ask === undefined) return undefined;
    const isToken = config.authorizers.get(authorizerId)?.type === 'TOKEN';
    const arn = methodArn(config, request);
    return ask({
      request,
      context,
      stageVariables: config.stageVariables,
      arn,
      event: ([token = '']) => (isToken ? tokenEvent(arn, token) : requestEvent(config, match, request, context)),
    });
  };

  if (config.routes.some(({ isCounted }) => isCounted)) {
    deps.writeLog(
      `${config.id}: usage plans limit nothing here; a key whose plan is unknown is refused as it would be`,
    );
  }

  return async (request) => {
    const fail = (type: GatewayResponseType, context: object, message?: string) =>
      gatewayResponse(type, config.gatewayResponses, {
        context,
        request,
        ...(message === undefined ? {} : { message }),
      });
    const match = matchRoute(config.routes, request.method, request.path);
    if (match === undefined) return fail('MISSING_AUTHENTICATION_TOKEN', { requestId: request.id });
    const context = restContext(config, match.route, request);
    const verdict = await authorize(match, request, context);
    const authorizer = authorizerContext(verdict);
    if (verdict !== undefined && verdict.effect !== 'allow') {
      return fail(failureType(verdict), { ...context, authorizer }, denialMessage(verdict));
    }
    if (match.route.isCounted && !isIdentifier(verdict?.usageIdentifierKey)) {
      return fail('INVALID_API_KEY', { ...context, authorizer });
    }
    const requestContext = authorizer === undefined ? context : { ...context, authorizer };
    const reply = await integrate(match.route, restProxyEvent(config, match, request, requestContext), deps);
    return reply ?? fail('INTEGRATION_FAILURE', requestContext);
  };
}

/** "Usage plans and API keys for REST APIs": the length of an API key's value. Which values there are is not known here. */
function isIdentifier(value: string | undefined): boolean {
  return value !== undefined && value.length >= 20 && value.length <= 128;
}

type Refusal = Exclude<Verdict, { effect: 'allow' }>;

function failureType(verdict: Refusal): GatewayResponseType {
  if (verdict.effect === 'fault') return verdict.type;
  return verdict.effect === 'deny' ? 'ACCESS_DENIED' : 'UNAUTHORIZED';
}

function denialMessage(verdict: Refusal): string | undefined {
  if (verdict.effect !== 'deny' || !verdict.isExplicit) return undefined;
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

function orNull(map: object): object | null {
  return Object.keys(map).length === 0 ? null : map;
}

import type { RouteConfig } from './apiConfig.ts';
import { authorizerContext, createAuthorizer, type ApiDeps, type Verdict } from './authorizer.ts';
import { parseAuthorizerAnswer } from './authorizerAnswer.ts';
import type { Api, GatewayReply, GatewayRequest } from './gatewayRequest.ts';
import { gatewayResponse, type GatewayResponseType } from './gatewayResponse.ts';
import { integrateLambda } from './lambdaProxy.ts';
import type { RestApiConfig } from './readRestApi.ts';
import { methodArn, requestEvent, restContext, restProxyEvent, tokenEvent } from './restEvents.ts';
import { matchRoute, type RouteMatch } from './routeMatch.ts';

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

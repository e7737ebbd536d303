import type { APIGatewaySimpleAuthorizerWithContextResult } from 'aws-lambda';
import type { Decision } from '../authorize.ts';
import type { Config } from '../config.ts';
import { contextOf, type AuthorizerContext } from '../context.ts';
import type { EventFields } from '../eventFields.ts';
import { routeOf, stageArnOf } from '../methodArn.ts';
import { policyOf } from '../policy.ts';
import { wholeRouteOf, type Route } from '../route.ts';
import { requestCredentials, UNAUTHORIZED, type Surface } from './surface.ts';

/**
 * An HTTP API's authorizer with payload format 2.0. Header names come in lower case; the values of a name that was sent
 * more than once are joined by commas, which no key holds.
 */
export const httpApi: Surface = {
  name: 'http-api',
  matches: (event) =>
    event['type'] === 'REQUEST' && event['version'] === '2.0' && stageArnOf(event['routeArn']) !== undefined,
  read: requestCredentials,
  route: routeAskedFor,
  respond: (decision, { routeArn }, { config: { httpApiResponse, scopes } }) =>
    httpApiResponse === 'simple'
      ? simpleAnswerTo(decision)
      : policyOf(decision, routeArn, { scopes, routes: 'methods' }),
};

/** A simple answer that the gateway keeps for a route key is an answer to every request of that route. */
function routeAskedFor({ routeArn, routeKey }: EventFields, { httpApiResponse, resultCacheSeconds }: Config): Route {
  const isKept = httpApiResponse === 'simple' && resultCacheSeconds > 0;
  if (!isKept) return routeOf(routeArn);
  return wholeRouteOf(typeof routeKey === 'string' ? routeKey : '');
}

function simpleAnswerTo(
  decision: Decision,
): APIGatewaySimpleAuthorizerWithContextResult<AuthorizerContext> | typeof UNAUTHORIZED {
  if (decision.effect === 'unauthenticated') return UNAUTHORIZED;
  return { isAuthorized: decision.effect === 'allow', context: contextOf(decision) };
}

import type { APIGatewaySimpleAuthorizerWithContextResult } from 'aws-lambda';
import type { Decision } from '../authorize.ts';
import { contextOf, type AuthorizerContext } from '../context.ts';
import { policyOf } from '../policy.ts';
import { stageArnOf } from '../methodArn.ts';
import { UNAUTHORIZED, valuesIn, type Surface } from './surface.ts';

/**
 * An HTTP API's authorizer with payload format 2.0. Header names come in lower case; the values of a name that was sent
 * more than once are joined by commas, which no key holds, so that two values are never taken for one key.
 */
export const httpApi: Surface = {
  name: 'http-api',
  matches: (event) =>
    event['type'] === 'REQUEST' && event['version'] === '2.0' && stageArnOf(event['routeArn']) !== undefined,
  read: ({ headers, queryStringParameters }) => ({
    kind: 'request',
    header: (name) => valuesIn(undefined, headers, name, { anyCase: true }),
    query: (name) => valuesIn(undefined, queryStringParameters, name, { anyCase: false }),
  }),
  respond: (decision, event, { httpApiResponse }) =>
    httpApiResponse === 'simple' ? simpleAnswerTo(decision) : policyOf(decision, event['routeArn']),
};

function simpleAnswerTo(
  decision: Decision,
): APIGatewaySimpleAuthorizerWithContextResult<AuthorizerContext> | typeof UNAUTHORIZED {
  if (decision.effect === 'unauthenticated') return UNAUTHORIZED;
  return { isAuthorized: decision.effect === 'allow', context: contextOf(decision) };
}

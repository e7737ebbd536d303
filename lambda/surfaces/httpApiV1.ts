import { routeOf, stageArnOf } from '../methodArn.ts';
import { policyOf } from '../policy.ts';
import { requestCredentials, type Surface } from './surface.ts';

/** An HTTP API's authorizer with payload format 1.0, which is answered with a policy always. */
export const httpApiV1: Surface = {
  name: 'http-api-1.0',
  matches: (event) =>
    event['type'] === 'REQUEST' && event['version'] === '1.0' && stageArnOf(event['methodArn']) !== undefined,
  read: requestCredentials,
  route: ({ methodArn }) => routeOf(methodArn),
  respond: (decision, { methodArn }, { config: { scopes } }) =>
    policyOf(decision, methodArn, { scopes, routes: 'methods' }),
};

import { routeOf, stageArnOf } from '../methodArn.ts';
import { policyOf } from '../policy.ts';
import type { Surface } from './surface.ts';

/** A REST API's TOKEN authorizer: the gateway hands over one header's value and nothing else of the request. */
export const restToken: Surface = {
  name: 'rest-token',
  matches: (event) => event['type'] === 'TOKEN' && stageArnOf(event['methodArn']) !== undefined,
  read: ({ authorizationToken }) => ({
    kind: 'token',
    token: typeof authorizationToken === 'string' ? authorizationToken : '',
  }),
  route: ({ methodArn }) => routeOf(methodArn),
  respond: (decision, { methodArn }, { config: { scopes, plans } }) =>
    policyOf(decision, methodArn, { scopes, routes: 'methods', plans }),
};

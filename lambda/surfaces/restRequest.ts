import { isConnectArn, routeOf, stageArnOf } from '../methodArn.ts';
import { policyOf } from '../policy.ts';
import { requestCredentials, type Surface } from './surface.ts';

/** A REST API's REQUEST authorizer. Header names come in the case that the client sent. */
export const restRequest: Surface = {
  name: 'rest-request',
  matches: (event) =>
    event['type'] === 'REQUEST' &&
    event['version'] === undefined &&
    stageArnOf(event['methodArn']) !== undefined &&
    !isConnectArn(event['methodArn']),
  read: requestCredentials,
  route: ({ methodArn }) => routeOf(methodArn),
  respond: (decision, { methodArn }, { config: { scopes, plans } }) =>
    policyOf(decision, methodArn, { scopes, routes: 'methods', plans }),
};

import { isConnectArn } from '../methodArn.ts';
import { policyOf } from '../policy.ts';
import { CONNECT, type Route } from '../route.ts';
import { requestCredentials, type Surface } from './surface.ts';

/** A WebSocket API's authorizer, which the gateway asks on `$connect` alone: what it answered holds while the client stays. */
export const webSocket: Surface = {
  name: 'websocket',
  matches: (event) => event['type'] === 'REQUEST' && event['version'] === undefined && isConnectArn(event['methodArn']),
  read: requestCredentials,
  route: () => CONNECT as Route,
  respond: (decision, { methodArn }, { config: { scopes } }) =>
    policyOf(decision, methodArn, { scopes, routes: 'connect' }),
};

import type { RouteConfig } from './apiConfig.ts';
import type { ApiDeps } from './authorizer.ts';
import type { CloudAssembly } from './cloudAssembly.ts';
import type { GatewayServer } from './gatewayServer.ts';
import { createHttpApi } from './httpApi.ts';
import { createRestApi } from './restApi.ts';
import { withAccessLog } from './usage/accessLog.ts';
import { createWebSocketApi } from './webSocketApi.ts';

/** An API that the gateway serves. */
export interface ServedApi {
  readonly type: 'REST' | 'HTTP' | 'WebSocket';
  /** The first segment of the API's paths, such as `rest`. */
  readonly prefix: string;
  /** The path of a route that needs a key, with the prefix. */
  readonly path: string;
  /** Whether the API has an access log. Its requests are in the usage within seconds, otherwise within a minute. */
  readonly hasAccessLog: boolean;
}

/**
 * Mounts the stack's APIs and returns them. Their paths begin with `/rest`, `/http` and `/ws`. The second API of a type
 * gets `/rest2`, and so on.
 */
export function mountApis(
  server: GatewayServer,
  { restApis, httpApis, webSocketApis }: CloudAssembly,
  deps: ApiDeps,
): readonly ServedApi[] {
  return [
    ...restApis.map((api, at): ServedApi => {
      const prefix = toPrefix('rest', at);
      server.mount(prefix, withAccessLog(api, createRestApi(api, deps), deps));
      return {
        type: 'REST',
        prefix,
        path: `/${prefix}${getSamplePath(api.routes)}`,
        hasAccessLog: api.accessLogFormat !== undefined,
      };
    }),
    ...httpApis.map((api, at): ServedApi => {
      const prefix = toPrefix('http', at);
      server.mount(prefix, withAccessLog(api, createHttpApi(api, deps), deps));
      return {
        type: 'HTTP',
        prefix,
        path: `/${prefix}${getSamplePath(api.routes)}`,
        hasAccessLog: api.accessLogFormat !== undefined,
      };
    }),
    ...webSocketApis.map((api, at): ServedApi => {
      const prefix = toPrefix('ws', at);
      server.mountWebSocket(prefix, withAccessLog(api, createWebSocketApi(api, deps), deps));
      return { type: 'WebSocket', prefix, path: `/${prefix}/`, hasAccessLog: api.accessLogFormat !== undefined };
    }),
  ];
}

function toPrefix(type: string, at: number): string {
  return at === 0 ? type : `${type}${at + 1}`;
}

/** Returns the path of the first GET route with an authorizer and without parameters. */
function getSamplePath(routes: readonly RouteConfig[]): string {
  const sample = routes.find(
    ({ method, path, authorizerId }) =>
      (method === 'GET' || method === 'ANY') && authorizerId !== undefined && /^\/[^{]*$/.test(path),
  );
  return sample?.path ?? '/';
}

import type { HttpApiConfig, RouteConfig } from './apiConfig.ts';
import type { ApiDeps } from './authorizer.ts';
import type { CloudAssembly } from './cloudAssembly.ts';
import type { GatewayServer } from './gatewayServer.ts';
import { createHttpApi } from './httpApi.ts';
import { createRestApi } from './restApi.ts';
import { withAccessLog } from './usage/accessLog.ts';
import { createWebSocketApi } from './webSocketApi.ts';

/** An API that the gateway serves. */
export interface ServedApi {
  readonly type: 'REST' | 'HTTP' | 'WebSocket' | 'Management';
  /** The first segment of the API's paths, such as `rest`. The management API is at the root. */
  readonly prefix: string;
  /** The path of a route that needs a key, with the prefix. The management API has no such route. */
  readonly path: string;
  /** Whether the API has an access log. Its requests are in the usage within seconds, otherwise within a minute. */
  readonly hasAccessLog: boolean;
}

/**
 * Mounts the stack's APIs and returns them. Their paths begin with `/rest`, `/http` and `/ws`. The second API of a type
 * gets `/rest2`, and so on. The management API has the paths that it has in AWS.
 */
export function mountApis(server: GatewayServer, assembly: CloudAssembly, deps: ApiDeps): readonly ServedApi[] {
  const { restApis, webSocketApis } = assembly;
  const management = assembly.httpApis.find((api) => isManagement(api, assembly));
  const httpApis = assembly.httpApis.filter((api) => api !== management);
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
    ...(management ? [mountManagement(server, management, deps)] : []),
  ];
}

/** Returns whether the API invokes the function of a `KeyManagementApi`. */
function isManagement({ routes }: HttpApiConfig, { functions }: CloudAssembly): boolean {
  return routes.some(({ integration }) => {
    const name = integration.kind === 'lambda' ? integration.functionName : '';
    return functions.get(name)?.environment['LATCHKEY_MANAGEMENT'] !== undefined;
  });
}

/** Mounts the API at the root, because the paths of the portal's cookies begin there. */
function mountManagement(server: GatewayServer, api: HttpApiConfig, deps: ApiDeps): ServedApi {
  const segments = new Set(api.routes.map(({ path }) => path.split('/')[1] ?? ''));
  server.mountAtRoot([...segments], withAccessLog(api, createHttpApi(api, deps), deps));
  return { type: 'Management', prefix: 'management', path: '', hasAccessLog: api.accessLogFormat !== undefined };
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

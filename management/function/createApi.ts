import { Hono, type MiddlewareHandler } from 'hono';
import type { Caller } from '../caller.ts';
import { type KeyRoutesDeps, keyRoutes } from '../keyRoutes.ts';
import { createOpenApiDocument, type DocumentedParts } from '../openApi.ts';
import { RequestProblem, respondToError } from '../problems.ts';
import type { FunctionEnv } from './functionEnv.ts';
import { ownerApi } from './ownerApi.ts';
import type { OwnerLimit } from './ownerLimit.ts';
import { type CallerRefusal, readOperator, readOwner } from './readCaller.ts';
import type { RequestLog } from './requestLog.ts';
import type { ManagementSettings, OwnerSettings } from './settings.ts';

/** The API behind API Gateway. */
export type Api = Hono<FunctionEnv>;

export interface ApiDeps extends Required<KeyRoutesDeps> {
  readonly settings: ManagementSettings;
  /** The rate of an owner's requests. Without it, they aren't limited. */
  readonly limit: Pick<OwnerLimit, 'take'> | undefined;
  readonly log: RequestLog;
}

/**
 * Creates the API behind API Gateway. Each audience that the settings turn on has its own front. A front takes the
 * caller only from what API Gateway vouches for, so a request without it is refused even if a route lacks its
 * authorizer.
 */
export function createApi(deps: ApiDeps): Api {
  const { settings, log } = deps;
  const api = new Hono<FunctionEnv>();
  api.use(log.requests(), safeHeaders());
  if (settings.operators) {
    const front = operators();
    for (const path of ['/keys', '/keys/*']) api.use(path, front);
    api.route('/', keyRoutes('operator', deps));
  }
  if (settings.owners !== undefined) {
    const front = owners(settings.owners);
    for (const path of ['/me', '/me/*']) api.use(path, front);
    api.route('/me', ownerApi(deps));
  }
  let document: string | undefined;
  api.get('/openapi.json', (c) => {
    document ??= JSON.stringify(createOpenApiDocument(partsOf(settings)));
    return c.body(document, 200, { 'Content-Type': 'application/json' });
  });
  api.notFound(() => {
    throw new RequestProblem('NO_SUCH_PATH', 'there is no such path');
  });
  // The log has the error of each request.
  api.onError((error, c) => respondToError(c, error, { onUnexpected: () => {} }));
  return api;
}

function partsOf({ operators, owners, portal }: ManagementSettings): DocumentedParts {
  return { operators, owners: owners !== undefined, portal: portal !== undefined };
}

/** API Gateway adds the headers of CORS itself. */
function safeHeaders(): MiddlewareHandler {
  return async (c, next) => {
    await next();
    c.header('Cache-Control', 'no-store');
    c.header('X-Content-Type-Options', 'nosniff');
  };
}

function operators(): MiddlewareHandler<FunctionEnv> {
  return async (c, next) => {
    c.set('caller', accept(readOperator(c.env.gateway.authorizer)));
    await next();
  };
}

function owners(settings: OwnerSettings): MiddlewareHandler<FunctionEnv> {
  return async (c, next) => {
    c.set('caller', accept(readOwner(c.env.gateway.authorizer, settings)));
    await next();
  };
}

/** @throws RequestProblem `UNAUTHENTICATED` or `FORBIDDEN` */
function accept(caller: Caller | CallerRefusal): Caller {
  if (caller.kind === 'refused') throw new RequestProblem(caller.code, caller.detail);
  return caller;
}

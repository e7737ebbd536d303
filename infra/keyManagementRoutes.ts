/** Callers of a route: operators by IAM, owners by JWT, or anybody. The function checks the portal's session itself. */
export type RouteAudience = 'operators' | 'owners' | 'open';

/** A route of the management API. */
export interface ManagementRoute {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly audience: RouteAudience;
}

/** The parts of the API that a deployment turns on. */
export interface ManagementParts {
  readonly operators: boolean;
  readonly owners: boolean;
  readonly portal: boolean;
}

/** The routes of keys, below a base path. */
const KEY_ROUTES = [
  ['GET', '/keys'],
  ['POST', '/keys'],
  ['GET', '/keys/{id}'],
  ['PATCH', '/keys/{id}'],
  ['POST', '/keys/{id}/rotate'],
  ['POST', '/keys/{id}/disable'],
  ['POST', '/keys/{id}/enable'],
  ['POST', '/keys/{id}/revoke'],
  ['GET', '/keys/{id}/usage'],
] as const;

const VERIFY_ROUTE = ['POST', '/keys/verify'] as const;
const SESSION_ROUTE = ['POST', '/portal-sessions'] as const;
/** Describes the owner. */
const OWNER_ROUTES = [['GET', ''], ...KEY_ROUTES] as const;
const PORTAL_ROUTES = [
  ['GET', '/portal'],
  ['GET', '/portal/{file+}'],
  ['POST', '/portal/session'],
  ['DELETE', '/portal/session'],
] as const;
const DOCUMENT_ROUTE = ['GET', '/openapi.json'] as const;

/**
 * Returns the routes of the API. Each has one method, because a route for any method would also match preflight
 * requests, which have no credentials.
 */
export function managementRoutes({ operators, owners, portal }: ManagementParts): readonly ManagementRoute[] {
  const ofOperators = [...KEY_ROUTES, VERIFY_ROUTE, ...(portal ? [SESSION_ROUTE] : [])];
  return [
    ...(operators ? toRoutes('operators', '', ofOperators) : []),
    ...(owners ? toRoutes('owners', '/me', OWNER_ROUTES) : []),
    ...(portal ? [...toRoutes('open', '', PORTAL_ROUTES), ...toRoutes('open', '/portal/me', OWNER_ROUTES)] : []),
    ...toRoutes('open', '', [DOCUMENT_ROUTE]),
  ];
}

function toRoutes(
  audience: RouteAudience,
  base: string,
  routes: readonly (readonly [method: ManagementRoute['method'], path: string])[],
): readonly ManagementRoute[] {
  return routes.map(([method, path]) => ({ method, path: `${base}${path}`, audience }));
}

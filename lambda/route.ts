import { matchesWildcard } from './wildcard.ts';

/** What a request asks for: `METHOD /path`, `$connect` of a WebSocket API, or `GRAPHQL /graphql` of AppSync. */
export type Route = string & { readonly __brand: 'Route' };

/**
 * Routes as a scope names them: a method and a path, in which `*` stands for any run of characters, or one of the two that no
 * wildcard covers, `$connect` and `GRAPHQL /graphql`.
 */
export type RoutePattern = typeof CONNECT | typeof GRAPHQL | MethodPattern;

export interface MethodPattern {
  readonly method: string;
  readonly path: string;
}

/** What is wanted of a pattern, for messages. */
export const ROUTE_PATTERN_WANTED =
  '"METHOD /path" with a method of API Gateway and * for any run of characters, "$connect" or "GRAPHQL /graphql"';

export const CONNECT = '$connect';
export const GRAPHQL = 'GRAPHQL /graphql';

/** Every method that a route of API Gateway can have. */
const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

/**
 * No character that an IAM policy reads in its own way: `?` stands there for any character and `$` begins a variable. Braces
 * are left out because a path parameter is written `*`.
 */
const PATH_PATTERN = /^\/[A-Za-z0-9\-._~%!&'()*+,;=:@/]*$/;

/** Reads a pattern, or `undefined`. */
export function parseRoutePattern(text: string): RoutePattern | undefined {
  if (text === CONNECT || text === GRAPHQL) return text;
  const space = text.indexOf(' ');
  const method = text.slice(0, space);
  const path = text.slice(space + 1);
  return PATH_PATTERN.test(path) && methodsOf(method).length > 0 ? { method, path } : undefined;
}

/** Whether the pattern covers the route. The method ends at the first space: a path may hold more of them. */
export function coversRoute(pattern: RoutePattern, route: Route): boolean {
  if (typeof pattern === 'string') return pattern === route;
  if ([CONNECT, GRAPHQL].includes(route)) return false;
  const space = route.indexOf(' ');
  return (
    matchesWildcard(pattern.method, route.slice(0, space)) && matchesWildcard(pattern.path, route.slice(space + 1))
  );
}

/**
 * What the pattern covers, as ends of method ARNs behind the stage. In an ARN a `*` for the method runs on over the path, so
 * that one is written out unless the path begins with a `*` itself.
 */
export function routeArnEnds({ method, path }: MethodPattern): readonly string[] {
  if (method === '*' && path.startsWith('/*')) return [`*${path}`];
  return methodsOf(method).map((one) => `${one}${path}`);
}

/**
 * The route key of an HTTP API as a route that stands for all of its requests: a pattern covers it only if it covers every
 * one of them. Nothing but a `*` matches what stands for a parameter.
 */
export function wholeRouteOf(routeKey: string): Route {
  if (routeKey === '$default') return '{} /{}' as Route;
  return routeKey.replace(/^ANY /, '{} ').replaceAll(/\{[^{}]*\}/g, '{}') as Route;
}

function methodsOf(pattern: string): readonly string[] {
  return METHODS.filter((method) => matchesWildcard(pattern, method));
}

/**
 * A requested route: `METHOD /path`, `$connect` of a WebSocket API, or `GRAPHQL /graphql` of AppSync. No pattern covers it unless
 * `isWellFormedRoute` returns `true`.
 */
export type Route = string & { readonly __brand: 'Route' };

/**
 * The routes that a scope opens: a method and a path, in which `*` matches any characters, or one of the two routes that no wildcard
 * covers, `$connect` and `GRAPHQL /graphql`.
 */
export type RoutePattern = typeof CONNECT | typeof GRAPHQL | MethodPattern;

export interface MethodPattern {
  readonly method: string;
  readonly path: string;
}

/** The expected form of a pattern, for messages. */
export const ROUTE_PATTERN_EXPECTED =
  '"METHOD /path" with a method of API Gateway, * for any run of characters and no segment that is empty, a dot or two dots, ' +
  '"$connect" or "GRAPHQL /graphql"';

export const CONNECT = '$connect';
export const GRAPHQL = 'GRAPHQL /graphql';

/** Every method that a route of API Gateway may have. */
const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

/**
 * Excludes the characters that have a meaning in an IAM policy: `?` matches any character, and `$` begins a variable. Excludes braces,
 * because a pattern has `*` for a path parameter.
 */
const PATH_PATTERN = /^\/[A-Za-z0-9\-._~%!&'()*+,;=:@/]*$/;

/**
 * Parts of a path that some servers read as another path: dot segments (also before a `;`), empty segments, and percent-encoded dots,
 * slashes and backslashes. Also the characters that end a path, and those that a request's path can't contain.
 */
const AMBIGUOUS = /\/\.\.|\/\.(?:[/;]|$)|\/\/|%(?:2[efEF]|5[cC])|[?#\\\s\p{Cc}]/u;

/** The parts of that which an IAM policy can name, as ends of ARNs behind the stage. In a policy, `?` matches any character. */
export const AMBIGUOUS_ARN_ENDS: readonly string[] =
  '*/..* */./* */.;* */. *//* *%2e* *%2E* *%2f* *%2F* *%5c* *%5C*'.split(' ');

/**
 * Whether a pattern may cover the route: a method, one space, and a path that every server reads in the same way (RFC 3986 §5.2.4
 * and §6.2.2 let a server remove dot segments and decode `%2e`). A route with a query or a fragment isn't well-formed.
 */
export function isWellFormedRoute(route: unknown): route is Route {
  if (typeof route !== 'string') return false;
  if (route === CONNECT || route === GRAPHQL) return true;
  const space = route.indexOf(' ');
  return space > 0 && isWellFormedPath(route.slice(space + 1));
}

function isWellFormedPath(path: string): boolean {
  return path.startsWith('/') && !AMBIGUOUS.test(path);
}

/** Reads a pattern. Returns `undefined` if it is invalid, or if its path isn't well-formed, so that no route could match it. */
export function parseRoutePattern(text: string): RoutePattern | undefined {
  if (text === CONNECT || text === GRAPHQL) return text;
  const space = text.indexOf(' ');
  const method = text.slice(0, space);
  const path = text.slice(space + 1);
  return PATH_PATTERN.test(path) && isWellFormedPath(path) && methodsMatching(method).length > 0
    ? { method, path }
    : undefined;
}

/** Whether the pattern covers a well-formed route. */
export function coversRoute(pattern: RoutePattern, route: Route): boolean {
  if (typeof pattern === 'string') return pattern === route;
  if ([CONNECT, GRAPHQL].includes(route)) return false;
  const space = route.indexOf(' ');
  return (
    matchesWildcard(pattern.method, route.slice(0, space)) && matchesWildcard(pattern.path, route.slice(space + 1))
  );
}

/** Returns what the patterns cover on an API of methods, as ends of ARNs behind the stage, without duplicates. */
export function methodArnEnds(patterns: readonly RoutePattern[]): readonly string[] {
  return [...new Set(patterns.flatMap((pattern) => (typeof pattern === 'object' ? arnEndsFor(pattern) : [])))];
}

/**
 * Returns the routes that the patterns cover on a REST or HTTP API. They are ends of ARNs after the stage, without
 * duplicates.
 */
function arnEndsFor({ method, path }: MethodPattern): readonly string[] {
  if (method === '*' && path.startsWith('/*')) return [`*${path}`];
  return methodsMatching(method).map((one) => `${one}${path}`);
}

/**
 * Turns the route key of an HTTP API into a route for all its requests: a pattern covers it only if it covers each of them. Only a `*`
 * matches its `{}`, which replaces a parameter.
 */
export function toWholeRoute(routeKey: string): Route {
  if (routeKey === '$default') return '{} /{}' as Route;
  return routeKey.replace(/^ANY /, '{} ').replaceAll(/\{[^{}]*\}/g, '{}') as Route;
}

function methodsMatching(pattern: string): readonly string[] {
  return METHODS.filter((method) => matchesWildcard(pattern, method));
}

/**
 * Partition, Region, account, API and stage. No part may contain `/` or a character that a policy reads as a wildcard. An account has
 * 12 digits at AWS, but serverless-offline calls it `random-account-id`.
 */
const METHOD_ARN = /^arn:[\w-]+:execute-api:[\w-]*:[\w-]*:[\w-]+\/[\w$-]+\//;

/** A `methodArn` or `routeArn`: `arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE/` and the route, which the caller chooses. */
export type MethodArn = string & { readonly __brand: 'MethodArn' };

/** Whether the value is a `methodArn` or `routeArn`. */
export function isMethodArn(value: unknown): value is MethodArn {
  return typeof value === 'string' && METHOD_ARN.test(value);
}

/** Returns the ARN up to its stage, without the route. */
export function getStageArn(methodArn: MethodArn): string {
  return methodArn.slice(0, stageEnd(methodArn));
}

function stageEnd(methodArn: MethodArn): number {
  return methodArn.indexOf('/', methodArn.indexOf('/') + 1);
}

/**
 * Returns the route that the ARN of an API of methods requests. A route that has the name of the WebSocket API's or of AppSync's
 * becomes an empty one, which no pattern covers: the caller has invented a method of that name.
 */
export function toRoute(methodArn: MethodArn): Route {
  const route = getRouteEnd(methodArn).replace('/', ' /');
  return (route === CONNECT || route === GRAPHQL ? '' : route) as Route;
}

/** Whether a `methodArn` is of a WebSocket API's `$connect`. */
export function isConnectArn(methodArn: unknown): methodArn is MethodArn {
  // A REST API's ARN rarely ends so, which is quicker to see.
  return (
    typeof methodArn === 'string' &&
    methodArn.endsWith(CONNECT) &&
    isMethodArn(methodArn) &&
    getRouteEnd(methodArn) === CONNECT
  );
}

function getRouteEnd(methodArn: MethodArn): string {
  return methodArn.slice(stageEnd(methodArn) + 1);
}

/** Whether the pattern matches the whole text. Each `*` matches any characters, or none. */
function matchesWildcard(pattern: string, text: string): boolean {
  const [start = '', ...parts] = pattern.split('*');
  const end = parts.pop();
  if (end === undefined) return text === pattern;
  if (!text.startsWith(start)) return false;
  let at = start.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - end.length >= at && text.endsWith(end);
}

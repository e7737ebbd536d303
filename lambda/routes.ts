/**
 * A requested route: `METHOD /path`, `$connect` of a WebSocket API, or `GRAPHQL /graphql` of an AppSync GraphQL API. On
 * an AppSync Event API it's `SUBSCRIBE /channel`, `PUBLISH /channel` or `EVENT_CONNECT`. A pattern covers it only if
 * `isWellFormedRoute` returns `true`.
 */
export type Route = string & { readonly __brand: 'Route' };

/**
 * The routes that a scope opens: a method and a path, in which `*` matches any characters. `$connect` and `GRAPHQL
 * /graphql` have patterns of their own, because wildcards don't cover them. `SUBSCRIBE` and `PUBLISH` open channels of
 * AppSync Event APIs. A wildcard for the method doesn't cover them.
 */
export type RoutePattern = typeof CONNECT | typeof GRAPHQL | MethodPattern;

export interface MethodPattern {
  readonly method: string;
  readonly path: string;
}

/** The expected format of a pattern, for messages. */
export const ROUTE_PATTERN_EXPECTED =
  '"METHOD /path" with a method of API Gateway, * for any run of characters and no segment that is empty, a dot or two dots, ' +
  '"SUBSCRIBE /channel" or "PUBLISH /channel" with the same rules, "$connect" or "GRAPHQL /graphql"';

export const CONNECT = '$connect';
export const GRAPHQL = 'GRAPHQL /graphql';
/** The connection to an AppSync Event API. A pattern for any channel covers it. */
export const EVENT_CONNECT = 'EVENT_CONNECT';

/** The operations on a channel of an AppSync Event API. */
const CHANNEL_OPERATIONS: ReadonlySet<string> = new Set(['SUBSCRIBE', 'PUBLISH']);

/** Every method that a route of API Gateway may have. */
const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

/**
 * Excludes the characters with a meaning in an IAM policy: `?` matches any character, and `$` begins a variable. It
 * also excludes braces, because a pattern uses `*` for a path parameter.
 */
const PATH_PATTERN = /^\/[A-Za-z0-9\-._~%!&'()*+,;=:@/]*$/;

/**
 * Parts of a path that some servers read as another path. These are dot segments (also before a `;`), empty segments,
 * and percent-encoded dots, slashes and backslashes. It also matches the characters that end a path, and those that a
 * request's path can't contain.
 */
const AMBIGUOUS = /\/\.\.|\/\.(?:[/;]|$)|\/\/|%(?:2[efEF]|5[cC])|[?#\\\s\p{Cc}]/u;

/**
 * The ambiguous parts that an IAM policy can name. They are ends of ARNs after the stage. A `?` matches any character
 * in a policy.
 */
export const AMBIGUOUS_ARN_ENDS: readonly string[] =
  '*/..* */./* */.;* */. *//* *%2e* *%2E* *%2f* *%2F* *%5c* *%5C*'.split(' ');

/**
 * Returns whether a pattern may cover the route. A well-formed route is a method, one space, and a path that every
 * server reads in the same way. RFC 3986 §5.2.4 and §6.2.2 let a server remove dot segments and decode `%2e`. A route
 * with a query or a fragment isn't well-formed.
 */
export function isWellFormedRoute(route: unknown): route is Route {
  if (typeof route !== 'string') return false;
  if (route === CONNECT || route === GRAPHQL || route === EVENT_CONNECT) return true;
  const space = route.indexOf(' ');
  return space > 0 && isWellFormedPath(route.slice(space + 1));
}

function isWellFormedPath(path: string): boolean {
  return path.startsWith('/') && !AMBIGUOUS.test(path);
}

/** Parses a pattern. Returns `undefined` if it is invalid, or if its path isn't well-formed and could never match. */
export function parseRoutePattern(text: string): RoutePattern | undefined {
  if (text === CONNECT || text === GRAPHQL) return text;
  const space = text.indexOf(' ');
  const method = text.slice(0, space);
  const path = text.slice(space + 1);
  const isMethod = methodsMatching(method).length > 0 || CHANNEL_OPERATIONS.has(method);
  return isMethod && PATH_PATTERN.test(path) && isWellFormedPath(path) ? { method, path } : undefined;
}

/** Returns whether the pattern covers a well-formed route. */
export function coversRoute(pattern: RoutePattern, route: Route): boolean {
  if (typeof pattern === 'string') return pattern === route;
  const isChannelPattern = CHANNEL_OPERATIONS.has(pattern.method);
  if (route === EVENT_CONNECT) return isChannelPattern;
  if ([CONNECT, GRAPHQL].includes(route)) return false;
  const space = route.indexOf(' ');
  const method = route.slice(0, space);
  const matchesMethod =
    isChannelPattern || CHANNEL_OPERATIONS.has(method)
      ? pattern.method === method
      : matchesWildcard(pattern.method, method);
  return matchesMethod && matchesWildcard(pattern.path, route.slice(space + 1));
}

/**
 * Returns the route of an operation on a channel of an AppSync Event API. A client may subscribe to `/orders/*`. A
 * pattern covers this channel only if it ends with `*`. It then covers each channel that the subscription delivers. An
 * operation that AWS hasn't documented becomes an empty route, which no pattern covers.
 */
export function toChannelRoute(operation: string, channel: unknown): Route {
  const isKnown = CHANNEL_OPERATIONS.has(operation) && typeof channel === 'string';
  return (isKnown ? `${operation} ${channel}` : '') as Route;
}

/**
 * Returns the routes that the patterns cover on a REST or HTTP API. They are ends of ARNs after the stage, without
 * duplicates.
 */
export function methodArnEnds(patterns: readonly RoutePattern[]): readonly string[] {
  return [...new Set(patterns.flatMap((pattern) => (typeof pattern === 'object' ? arnEndsFor(pattern) : [])))];
}

/**
 * Returns the ends of ARNs for one pattern. A `*` for the method would also match part of the path. This function
 * therefore lists every method, unless the path begins with `*`.
 */
function arnEndsFor({ method, path }: MethodPattern): readonly string[] {
  if (method === '*' && path.startsWith('/*')) return [`*${path}`];
  return methodsMatching(method).map((one) => `${one}${path}`);
}

/**
 * Turns the route key of an HTTP API into one route for all its requests. A pattern covers that route only if it covers
 * each of the requests. `{}` replaces each path parameter, and only a `*` matches it.
 */
export function toWholeRoute(routeKey: string): Route {
  if (routeKey === '$default') return '{} /{}' as Route;
  return routeKey.replace(/^ANY /, '{} ').replaceAll(/\{[^{}]*\}/g, '{}') as Route;
}

function methodsMatching(pattern: string): readonly string[] {
  return METHODS.filter((method) => matchesWildcard(pattern, method));
}

/**
 * Matches an ARN up to its stage: partition, Region, account, API and stage. Each part excludes `/` and the wildcards
 * of a policy. It doesn't require 12 digits as the account id, because serverless-offline uses `random-account-id`.
 */
const METHOD_ARN = /^arn:[\w-]+:execute-api:[\w-]*:[\w-]*:[\w-]+\/[\w$-]+\//;

/**
 * A `methodArn` or `routeArn`: `arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE/` and the route, which the caller
 * chooses.
 */
export type MethodArn = string & { readonly __brand: 'MethodArn' };

/** Returns whether the value is a `methodArn` or `routeArn`. */
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

/** Matches the routes of WebSocket and AppSync APIs. */
const OF_OTHER_API = /^(?:\$connect$|GRAPHQL \/graphql$|EVENT_CONNECT$|SUBSCRIBE |PUBLISH )/;

/**
 * Returns the requested route of a REST or HTTP API's ARN. The caller may invent a method such that the route equals
 * one of another type of API, for example `$connect` or `PUBLISH /orders`. Such a route becomes an empty one, which no
 * pattern covers.
 */
export function toRoute(methodArn: MethodArn): Route {
  return withoutReserved(getRouteEnd(methodArn).replace('/', ' /'));
}

/** Returns the route of a request that API Gateway didn't authorize. A reserved route becomes an empty one here, too. */
export function toRequestRoute(method: string, path: string): Route {
  return withoutReserved(`${method} ${path}`);
}

function withoutReserved(route: string): Route {
  return (OF_OTHER_API.test(route) ? '' : route) as Route;
}

/** Returns whether a `methodArn` belongs to a WebSocket API's `$connect`. */
export function isConnectArn(methodArn: unknown): methodArn is MethodArn {
  // `endsWith` is the faster check, which a REST API's ARN rarely passes.
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

/** Returns whether the pattern matches the whole text. Each `*` matches zero or more characters. */
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

/**
 * What a request asks for: `METHOD /path`, `$connect` of a WebSocket API, or `GRAPHQL /graphql` of AppSync. Whether a pattern can
 * cover it at all is for `isWellFormedRoute` to say.
 */
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
export const ROUTE_PATTERN_EXPECTED =
  '"METHOD /path" with a method of API Gateway, * for any run of characters and no segment that is empty, a dot or two dots, ' +
  '"$connect" or "GRAPHQL /graphql"';

export const CONNECT = '$connect';
export const GRAPHQL = 'GRAPHQL /graphql';

/** Every method that a route of API Gateway can have. */
const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

/**
 * No character that an IAM policy reads in its own way: `?` stands there for any character and `$` begins a variable. Braces
 * are left out because a path parameter is written `*`.
 */
const PATH_PATTERN = /^\/[A-Za-z0-9\-._~%!&'()*+,;=:@/]*$/;

/**
 * Parts of a path that some servers read as another path: dot segments (also before a `;`), empty segments, and dots, slashes and
 * backslashes that are percent-encoded. Then what ends a path, and what no path of a request holds.
 */
const AMBIGUOUS = /\/\.\.|\/\.(?:[/;]|$)|\/\/|%(?:2[efEF]|5[cC])|[?#\\\s\p{Cc}]/u;

/** What of that an IAM policy can name, as ends of ARNs behind the stage. In a policy, `?` matches any character. */
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

/** Reads a pattern, or `undefined`. No route could match a pattern whose path isn't well-formed. */
export function parseRoutePattern(text: string): RoutePattern | undefined {
  if (text === CONNECT || text === GRAPHQL) return text;
  const space = text.indexOf(' ');
  const method = text.slice(0, space);
  const path = text.slice(space + 1);
  return PATH_PATTERN.test(path) && isWellFormedPath(path) && methodsOf(method).length > 0
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

/**
 * Partition, Region, account, API and stage. No part may contain `/` or a character that a policy reads as a wildcard. An account has
 * 12 digits at AWS, but serverless-offline calls it `random-account-id`.
 */
const METHOD_ARN = /^(arn:[\w-]+:execute-api:[\w-]*:[\w-]*:[\w-]+\/[\w$-]+)\//;

/** The last ARN that was asked about, and its stage, alone and with the `/` behind it. */
let last: { arn: string; readonly stageArn: string; readonly start: string } | undefined;

/**
 * The stage of a `methodArn` or `routeArn`: `arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE`. The route behind it is
 * the caller's choice and is left out. `undefined` where the value is no such ARN.
 *
 * An event's ARN is asked about more than once, and an environment mostly serves one stage: to compare with the last takes less
 * than to read the ARN.
 */
export function stageArnOf(methodArn: unknown): string | undefined {
  if (typeof methodArn !== 'string') return undefined;
  if (methodArn === last?.arn) return last.stageArn;
  if (last !== undefined && methodArn.slice(0, last.start.length) === last.start) {
    last.arn = methodArn;
    return last.stageArn;
  }
  const stageArn = METHOD_ARN.exec(methodArn)?.[1];
  if (stageArn !== undefined) last = { arn: methodArn, stageArn, start: `${stageArn}/` };
  return stageArn;
}

/**
 * The route that the ARN of an API of methods asks for. What is no such route reads as one that no pattern covers, and so does one
 * that is called as the route of a WebSocket API or of AppSync: a method of that name would be the caller's invention.
 */
export function routeOf(methodArn: unknown): Route {
  const route = routeEndOf(methodArn).replace('/', ' /');
  return (route === CONNECT || route === GRAPHQL ? '' : route) as Route;
}

/** Whether a `methodArn` is of a WebSocket API's `$connect`. */
export function isConnectArn(methodArn: unknown): boolean {
  return typeof methodArn === 'string' && methodArn.endsWith(CONNECT) && routeEndOf(methodArn) === CONNECT;
}

function routeEndOf(methodArn: unknown): string {
  const stageArn = stageArnOf(methodArn);
  return typeof methodArn === 'string' && stageArn !== undefined ? methodArn.slice(stageArn.length + 1) : '';
}

/** Whether the pattern covers the whole text, where each `*` stands for any run of characters, none included. */
export function matchesWildcard(pattern: string, text: string): boolean {
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

import { describe, expect, test } from '@jest/globals';
import {
  coversRoute,
  isWellFormedRoute,
  methodArnEnds,
  parseRoutePattern,
  toWholeRoute,
  type Route,
} from '../../../lambda/routes.ts';

const covers = (pattern: string, route: string) => {
  const read = parseRoutePattern(pattern);
  if (read === undefined) throw new Error(`${pattern} is no pattern`);
  return coversRoute(read, route as Route);
};

describe('a route pattern', () => {
  test.each([
    ['GET /orders', 'GET /orders'],
    ['GET /orders/*', 'GET /orders/1'],
    ['GET /orders/*', 'GET /orders/1/lines/2'],
    ['GET /', 'GET /'],
    ['GET /*', 'GET /'],
    ['GET /orders/*/lines', 'GET /orders/1/lines'],
    ['* /orders', 'DELETE /orders'],
    ['P* /orders', 'PUT /orders'],
    ['* /*', 'GET /anything/at/all'],
    ['$connect', '$connect'],
    ['GRAPHQL /graphql', 'GRAPHQL /graphql'],
    ['SUBSCRIBE /orders/*', 'SUBSCRIBE /orders/eu/open'],
    ['SUBSCRIBE /orders/*', 'SUBSCRIBE /orders/*'],
    ['SUBSCRIBE /orders/*', 'SUBSCRIBE /orders/eu/*'],
    ['SUBSCRIBE /orders/eu*', 'SUBSCRIBE /orders/eu/*'],
    ['SUBSCRIBE /orders/eu', 'EVENT_CONNECT'],
    ['PUBLISH /orders/eu', 'PUBLISH /orders/eu'],
    ['PUBLISH /*', 'EVENT_CONNECT'],
    ['GET /a*a', 'GET /aa'],
    ['GET /a/*/b/*', 'GET /a/1/b/2'],
    ['GET /*ab*ba', 'GET /abba'],
    ['*G* /orders', 'GET /orders'],
  ])('%s covers %s', (pattern, route) => {
    expect(covers(pattern, route)).toBe(true);
  });

  test.each([
    ['GET /orders', 'POST /orders'],
    ['GET /orders', 'GET /orders/1'],
    ['GET /orders', 'GET /orders/'],
    ['GET /orders/*', 'GET /orders'],
    ['GET /orders/*/lines', 'GET /orders/lines'],
    ['* /orders', 'GET /x/orders'],
    ['* /orders', 'GET /x /orders'],
    ['P* /orders', 'GET /orders'],
    ['* /*', '$connect'],
    ['$connect', 'GET /$connect'],
    ['POST /graphql', 'GRAPHQL /graphql'],
    ['* /*', 'GRAPHQL /graphql'],
    ['G* /graphql', 'GRAPHQL /graphql'],
    ['* /*', 'SUBSCRIBE /orders/eu'],
    ['P* /orders/*', 'PUBLISH /orders/eu'],
    ['* /*', 'EVENT_CONNECT'],
    ['$connect', 'EVENT_CONNECT'],
    ['SUBSCRIBE /orders/*', 'PUBLISH /orders/eu'],
    ['PUBLISH /orders/*', 'POST /orders/eu'],
    ['SUBSCRIBE /orders/eu', 'SUBSCRIBE /orders/*'],
    ['SUBSCRIBE /orders/*/open', 'SUBSCRIBE /orders/*'],
    ['SUBSCRIBE /orders/*', 'SUBSCRIBE '],
    ['SUBSCRIBE /*', '$connect'],
    ['GET /a*a', 'GET /a'],
    ['GET /a/*/b/*', 'GET /a/1/c/2'],
    ['GET /*ab*ba', 'GET /aba'],
    ['*G* /orders', 'PUT /orders'],
  ])("%s doesn't cover %s", (pattern, route) => {
    expect(covers(pattern, route)).toBe(false);
  });

  // Matching this pattern with backtracking would practically never end.
  test('matches in linear time even with many stars', () => {
    expect(covers(`GET /${'*a'.repeat(200)}b`, `GET /${'a'.repeat(5000)}`)).toBe(false);
  });
});

describe('isWellFormedRoute', () => {
  test.each([
    'GET /',
    'GET /orders/7',
    'GET /orders/',
    'DELETE /.well-known/a.b/x..',
    'GET /a%20b/caf%C3%A9;v=1/@x:y',
    'GET /50%',
    '{} /{}',
    '$connect',
    'GRAPHQL /graphql',
  ])('accepts %j', (route) => {
    expect(isWellFormedRoute(route)).toBe(true);
  });

  test.each([
    ['a query', 'GET /admin?x=/public'],
    ['a fragment', 'GET /admin#/public'],
    ['two dots between slashes', 'GET /orders/../admin'],
    ['two dots at the end', 'GET /orders/..'],
    ['two dots before a parameter', 'GET /orders/..;x=1/admin'],
    ['one dot', 'GET /orders/./7'],
    ['one dot at the end', 'GET /orders/.'],
    ['one dot before a parameter', 'GET /orders/.;x/7'],
    ['encoded dots', 'GET /orders/%2e%2e/admin'],
    ['encoded dots in capitals', 'GET /orders/%2E./admin'],
    ['an encoded slash', 'GET /orders/..%2fadmin'],
    ['an encoded slash in capitals', 'GET /orders/a%2Fb'],
    ['an encoded backslash', 'GET /orders/a%5cb'],
    ['an encoded backslash in capitals', 'GET /orders/a%5Cb'],
    ['a backslash', 'GET /orders\\..\\admin'],
    ['an empty segment', 'GET /orders//admin'],
    ['a space', 'GET /orders/7 HTTP/1.1'],
    ['a line feed', 'GET /orders/7\n'],
    ['a NUL', 'GET /orders/\u0000'],
    ['a control character of Latin-1', 'GET /orders/\u0085'],
    ['no slash at its start', 'GET orders'],
    ['no method', '/orders'],
    ['an empty method', ' /orders'],
    ['an absolute URL', 'GET https://example.com/orders'],
    ['zero characters', ''],
  ])('rejects a route with %s', (_, route) => {
    expect(isWellFormedRoute(route)).toBe(false);
  });

  test.each([[undefined], [null], [7], [['GET /orders']], [{}]])('rejects the non-string value %j', (value) => {
    expect(isWellFormedRoute(value)).toBe(false);
  });
});

test.each(['GET /orders/../*', 'GET /orders//*', 'GET /a%2fb', '* /*/.', 'GET /%2E'])(
  'parseRoutePattern rejects the unmatchable pattern %s',
  (pattern) => {
    expect(parseRoutePattern(pattern)).toBeUndefined();
  },
);

describe('methodArnEnds', () => {
  test.each([
    ['GET /orders', ['GET/orders']],
    ['GET /', ['GET/']],
    ['* /*', ['*/*']],
    ['* /*/lines', ['*/*/lines']],
    ['P* /a', ['PATCH/a', 'POST/a', 'PUT/a']],
    // `*/a` would also cover GET/x/a, because a wildcard in an ARN also matches slashes.
    ['* /a', ['DELETE/a', 'GET/a', 'HEAD/a', 'OPTIONS/a', 'PATCH/a', 'POST/a', 'PUT/a']],
  ])('turns %s into %p', (text, ends) => {
    const pattern = parseRoutePattern(text);
    expect(pattern !== undefined && methodArnEnds([pattern])).toEqual(ends);
  });
});

describe('a route pattern compared with a route key', () => {
  test.each([
    ['GET /orders/*', 'GET /orders/{id}'],
    ['GET /orders/*', 'GET /orders/{proxy+}'],
    ['* /orders/*', 'ANY /orders/{id}'],
    ['* /*', '$default'],
  ])('%s covers every request of %s', (pattern, routeKey) => {
    expect(covers(pattern, toWholeRoute(routeKey))).toBe(true);
  });

  test.each([
    ['GET /orders/1', 'GET /orders/{id}'],
    // The name of a parameter doesn't appear in a request.
    ['GET /*d*', 'GET /x/{id}'],
    ['GET /orders/*', 'ANY /orders/{id}'],
    ['P* /orders/*', 'ANY /orders/{id}'],
    ['GET /*', '$default'],
  ])("%s doesn't cover every request of %s", (pattern, routeKey) => {
    expect(covers(pattern, toWholeRoute(routeKey))).toBe(false);
  });
});

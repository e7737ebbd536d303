import { describe, expect, test } from '@jest/globals';
import { coversRoute, parseRoutePattern, routeArnEnds, wholeRouteOf, type Route } from '../../lambda/route.ts';

const covers = (pattern: string, route: string) => {
  const read = parseRoutePattern(pattern);
  if (read === undefined) throw new Error(`${pattern} is no pattern`);
  return coversRoute(read, route as Route);
};

describe('a pattern', () => {
  test.each([
    ['GET /orders', 'GET /orders', true],
    ['GET /orders', 'POST /orders', false],
    ['GET /orders', 'GET /orders/1', false],
    ['GET /orders', 'GET /orders/', false],
    ['GET /orders/*', 'GET /orders/1', true],
    ['GET /orders/*', 'GET /orders/1/lines/2', true],
    ['GET /orders/*', 'GET /orders', false],
    ['GET /', 'GET /', true],
    ['GET /*', 'GET /', true],
    ['GET /orders/*/lines', 'GET /orders/1/lines', true],
    ['GET /orders/*/lines', 'GET /orders/lines', false],
    ['* /orders', 'DELETE /orders', true],
    ['* /orders', 'GET /x/orders', false],
    // A path may hold a space once it is decoded: the method ends at the first.
    ['* /orders', 'GET /x /orders', false],
    ['P* /orders', 'PUT /orders', true],
    ['P* /orders', 'GET /orders', false],
    ['* /*', 'GET /anything/at/all', true],
    ['* /*', '$connect', false],
    ['$connect', '$connect', true],
    ['$connect', 'GET /$connect', false],
    ['GRAPHQL /graphql', 'GRAPHQL /graphql', true],
    ['POST /graphql', 'GRAPHQL /graphql', false],
    ['* /*', 'GRAPHQL /graphql', false],
    ['G* /graphql', 'GRAPHQL /graphql', false],
    ['GET /*', 'GET /a b c', true],
    ['GET /a*a', 'GET /a', false],
    ['GET /a*a', 'GET /aa', true],
    ['GET /a/*/b/*', 'GET /a/1/b/2', true],
    ['GET /a/*/b/*', 'GET /a/1/c/2', false],
    ['GET /*ab*ba', 'GET /aba', false],
    ['GET /*ab*ba', 'GET /abba', true],
    ['*G* /orders', 'GET /orders', true],
    ['*G* /orders', 'PUT /orders', false],
  ])('%s covers %s: %p', (pattern, route, covered) => {
    expect(covers(pattern, route)).toBe(covered);
  });

  // One that is tried star by star would take longer than the world will last.
  test('of many stars is decided without trying where each of them ends', () => {
    expect(covers(`GET /${'*a'.repeat(200)}b`, `GET /${'a'.repeat(5000)}`)).toBe(false);
  });
});

describe('in a method ARN', () => {
  test.each([
    ['GET /orders', ['GET/orders']],
    ['GET /', ['GET/']],
    ['* /*', ['*/*']],
    ['* /*/lines', ['*/*/lines']],
    ['P* /a', ['PATCH/a', 'POST/a', 'PUT/a']],
    // `*/a` would cover GET/x/a too: in an ARN a wildcard does not end at a slash.
    ['* /a', ['DELETE/a', 'GET/a', 'HEAD/a', 'OPTIONS/a', 'PATCH/a', 'POST/a', 'PUT/a']],
  ])('%s is %p', (text, ends) => {
    const pattern = parseRoutePattern(text);
    expect(typeof pattern === 'object' && routeArnEnds(pattern)).toEqual(ends);
  });
});

describe('a route key stands for every request of its route', () => {
  test.each([
    ['GET /orders/*', 'GET /orders/{id}', true],
    ['GET /orders/1', 'GET /orders/{id}', false],
    // The name of a parameter is no part of any request.
    ['GET /*d*', 'GET /x/{id}', false],
    ['GET /orders/*', 'GET /orders/{proxy+}', true],
    ['GET /orders/*', 'ANY /orders/{id}', false],
    ['* /orders/*', 'ANY /orders/{id}', true],
    ['P* /orders/*', 'ANY /orders/{id}', false],
    ['GET /*', '$default', false],
    ['* /*', '$default', true],
  ])('%s covers all of %s: %p', (pattern, routeKey, covered) => {
    expect(covers(pattern, wholeRouteOf(routeKey))).toBe(covered);
  });
});

import { expect, test } from '@jest/globals';
import { matchRoute } from '../../../local/routeMatch.ts';

const routes = [
  { method: 'ANY', path: '$default' },
  { method: 'ANY', path: '/{proxy+}' },
  { method: 'GET', path: '/keys/{id}' },
  { method: 'ANY', path: '/keys/me' },
  { method: 'GET', path: '/keys/me' },
  { method: 'GET', path: '/' },
];

test.each([
  ['GET', '/', 'GET /', {}],
  ['GET', '/keys/me', 'GET /keys/me', {}],
  ['PUT', '/keys/me', 'ANY /keys/me', {}],
  ['GET', '/keys/a%20b', 'GET /keys/{id}', { id: 'a b' }],
  ['GET', '/keys/%zz', 'GET /keys/{id}', { id: '%zz' }],
  ['GET', '/keys/1/more', 'ANY /{proxy+}', { proxy: 'keys/1/more' }],
  ['PUT', '/', 'ANY $default', {}],
])('%s %s takes %s', (method, path, expected, pathParameters) => {
  const match = matchRoute(routes, method, path);
  expect(`${match?.route.method} ${match?.route.path}`).toBe(expected);
  expect(match?.pathParameters).toEqual(pathParameters);
});

test('a path of no route has no match', () => {
  expect(matchRoute(routes.slice(2), 'GET', '/other')).toBeUndefined();
  expect(matchRoute(routes.slice(2), 'POST', '/keys/1')).toBeUndefined();
});

import { expect, test } from '@jest/globals';
import { GatewayError } from '../../../local/gatewayError.ts';
import { matchRoute, createIdentityReader } from '../../../local/gatewayRequest.ts';

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
])('matchRoute matches %s %s to the route %s', (method, path, expected, pathParameters) => {
  const match = matchRoute(routes, { method, path });
  expect(`${match?.route.method} ${match?.route.path}`).toBe(expected);
  expect(match?.pathParameters).toEqual(pathParameters);
});

test('matchRoute returns undefined if the path does not match any route', () => {
  expect(matchRoute(routes.slice(2), { method: 'GET', path: '/other' })).toBeUndefined();
  expect(matchRoute(routes.slice(2), { method: 'POST', path: '/keys/1' })).toBeUndefined();
});

const input = {
  request: {
    headers: [
      ['AUTHORIZATION', 'Bearer one'],
      ['X-Two', 'a'],
      ['x-two', 'b'],
      ['X-Empty', ''],
    ],
    rawQuery: 'api_key=k%20ey&empty=&api_KEY=other',
  },
  context: { routeKey: 'GET /whoami', identity: { sourceIp: '127.0.0.1' } },
  stageVariables: { tenant: 'blue' },
} as const;

test.each([
  ['method.request.header.Authorization', 'Bearer one'],
  ['$request.header.authorization', 'Bearer one'],
  ['method.request.header.X-Two', 'a,b'],
  ['$request.querystring.api_key', 'k ey'],
  ['method.request.querystring.api_key', 'k ey'],
  ['route.request.header.Authorization', 'Bearer one'],
  ['route.request.querystring.api_key', 'k ey'],
  ['$context.routeKey', 'GET /whoami'],
  ['context.identity.sourceIp', '127.0.0.1'],
  ['$stageVariables.tenant', 'blue'],
])('createIdentityReader resolves the identity source %s to %j', (source, value) => {
  expect(createIdentityReader([source])(input)).toEqual([value]);
});

test.each([
  'method.request.header.Missing',
  'method.request.header.X-Empty',
  '$request.querystring.empty',
  '$context.unknown',
  'stageVariables.unknown',
])('createIdentityReader returns undefined if %s is missing or empty', (source) => {
  expect(createIdentityReader(['$request.header.Authorization', source])(input)).toBeUndefined();
});

test('createIdentityReader returns an empty list for an empty list of sources', () => {
  expect(createIdentityReader([])(input)).toEqual([]);
});

test('createIdentityReader rejects an unknown identity source', () => {
  expect(() => createIdentityReader(['method.request.body.key'])).toThrow(GatewayError);
});

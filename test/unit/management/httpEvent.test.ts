import { describe, expect, test } from '@jest/globals';
import { toRequest, toResult } from '../../../management/function/httpEvent.ts';

/** An event as API Gateway sends it. */
const eventOf = (fields: Record<string, unknown> = {}, context: Record<string, unknown> = {}, method = 'POST') => ({
  version: '2.0',
  routeKey: `${method} /keys/{id}/rotate`,
  rawPath: '/keys/one/rotate',
  rawQueryString: '',
  headers: { 'content-type': 'application/json', host: 'abc.execute-api.eu-west-1.amazonaws.com' },
  pathParameters: { id: 'one' },
  isBase64Encoded: false,
  ...fields,
  requestContext: {
    http: { method, path: '/keys/one/rotate', sourceIp: '192.0.2.7' },
    domainName: 'abc.execute-api.eu-west-1.amazonaws.com',
    stage: '$default',
    requestId: 'Abc=',
    ...context,
  },
});
const pathOf = (fields: Record<string, unknown>, context: Record<string, unknown> = {}) =>
  new URL(toRequest(eventOf(fields, context)).request.url).pathname;

describe('an event in payload format 2.0', () => {
  test.each<[string, string, Record<string, unknown>, Record<string, unknown>?]>([
    ['the matched route', '/keys/one/rotate', {}],
    ['the route without a named stage', '/keys/one/rotate', { rawPath: '/prod/keys/one/rotate' }, { stage: 'prod' }],
    ['the route without the base path of a custom domain', '/keys/one/rotate', { rawPath: '/v1/keys/one/rotate' }],
    [
      'a decoded question mark as a part of the path',
      '/keys/a%3Fowner%3Dacme/rotate',
      { pathParameters: { id: 'a?owner=acme' } },
    ],
    ['a decoded number sign', '/keys/a%23b/rotate', { pathParameters: { id: 'a#b' } }],
    ['a decoded slash as a part of the id', '/keys/a%2F..%2Fb/rotate', { pathParameters: { id: 'a/../b' } }],
    ['a dot segment as an id that no key has', '/keys/-/rotate', { pathParameters: { id: '..' } }],
    ['half of a surrogate pair', '/keys/%EF%BF%BD/rotate', { pathParameters: { id: '\ud800' } }],
    [
      'the rest of a greedy parameter without dot segments',
      '/portal/a/-/-/keys',
      { routeKey: 'GET /portal/{file+}', pathParameters: { file: 'a/../../keys' } },
    ],
    ['the path of the default route', '/nowhere', { routeKey: '$default', rawPath: '/nowhere' }],
    [
      'the path of the default route of a stage',
      '/keys',
      { routeKey: '$default', rawPath: '/prod/keys' },
      { stage: 'prod' },
    ],
    ['the root of a stage', '/', { routeKey: '$default', rawPath: '/prod' }, { stage: 'prod' }],
    [
      'a path that only begins like the stage',
      '/products',
      { routeKey: '$default', rawPath: '/products' },
      { stage: 'prod' },
    ],
    ['a decoded question mark in the path of the default route', '/a%3Fb', { routeKey: '$default', rawPath: '/a?b' }],
  ])('becomes a request to %s: %s', (...[, path, fields, context]) => {
    expect(pathOf(fields, context)).toBe(path);
  });

  test('keeps the query, and nothing of the path gets into it', () => {
    const { request } = toRequest(eventOf({ rawQueryString: 'limit=5&state=active', pathParameters: { id: 'a?x=1' } }));
    expect(Object.fromEntries(new URL(request.url).searchParams)).toEqual({ limit: '5', state: 'active' });
  });

  test.each<[string, Record<string, unknown>]>([
    ['a text', { body: '{"label":"ü"}' }],
    ['Base64', { body: Buffer.from('{"label":"ü"}').toString('base64'), isBase64Encoded: true }],
  ])('keeps a body that is %s, with its real length', async (_, fields) => {
    const { request } = toRequest(eventOf({ ...fields, headers: { 'content-length': '1' } }));
    expect(request.headers.get('content-length')).toBe('14');
    await expect(request.json()).resolves.toEqual({ label: 'ü' });
  });

  test.each(['GET', 'HEAD'])('becomes a %s request even with a body', (method) => {
    const { request } = toRequest(eventOf({ body: '{}' }, {}, method));
    expect(request.method).toBe(method);
    expect(request.body).toBeNull();
  });

  test('keeps the headers and the cookies, and drops a header that cannot be set', () => {
    const headers = { 'if-match': '"3"', 'x-odd': 'a\u0000b', 'x-far': '鍵' };
    const { request } = toRequest(eventOf({ headers, cookies: ['a=1', 'b=2'] }));
    expect(Object.fromEntries(request.headers)).toEqual({ cookie: 'a=1; b=2', 'if-match': '"3"' });
  });

  test("gives only the gateway's own fields as its context", () => {
    const authorizer = { iam: { userArn: 'arn:aws:iam::111122223333:user/ann' } };
    expect(toRequest(eventOf({}, { authorizer })).context).toEqual({
      authorizer,
      requestId: 'Abc=',
      sourceIp: '192.0.2.7',
      routeKey: 'POST /keys/{id}/rotate',
    });
  });

  test.each([[undefined], [null], ['event'], [[]], [{}], [{ version: '1.0', httpMethod: 'GET', path: '/keys' }]])(
    'rejects %j as an event',
    (event) => {
      expect(() => toRequest(event)).toThrow(expect.objectContaining({ code: 'EVENT_UNKNOWN' }));
    },
  );
});

describe('a response in payload format 2.0', () => {
  test('has cookies of their own, and a text as its body', async () => {
    const response = new Response('{"a":1}', { status: 201, headers: { 'content-type': 'application/problem+json' } });
    response.headers.append('set-cookie', 'a=1; Path=/');
    response.headers.append('set-cookie', 'b=2; Path=/');
    await expect(toResult(response)).resolves.toEqual({
      statusCode: 201,
      headers: { 'content-type': 'application/problem+json' },
      cookies: ['a=1; Path=/', 'b=2; Path=/'],
      body: '{"a":1}',
      isBase64Encoded: false,
    });
  });

  test.each([
    ['text/html; charset=utf-8', false],
    ['application/javascript', false],
    ['image/svg+xml', false],
    ['image/png', true],
    ['font/woff2', true],
  ])('has the type %s, and is encoded in Base64: %s', async (contentType, isBase64Encoded) => {
    const bytes = Uint8Array.of(60, 255, 0);
    const result = await toResult(new Response(bytes, { headers: { 'content-type': contentType } }));
    expect(result.isBase64Encoded).toBe(isBase64Encoded);
    if (isBase64Encoded) expect(Buffer.from(result.body, 'base64')).toEqual(Buffer.from(bytes));
  });
});

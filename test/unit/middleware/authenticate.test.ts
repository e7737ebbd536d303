import { describe, expect, test } from '@jest/globals';
import { publicRecord, type KeyRecord } from '../../../keys/record.ts';
import { toKeyContext } from '../../../lambda/cachedKey.ts';
import { readOptions, type AuthorizerOptions } from '../../../lambda/verifier.ts';
import { Authenticator, type AuthenticatorDeps } from '../../../middleware/authenticate.ts';
import type { RequestParts } from '../../../middleware/requestParts.ts';
import { MemoryLookup } from '../../../testing/memoryLookup.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';

const { secret, record } = makeKey();

interface Setup extends AuthorizerOptions {
  readonly records?: readonly KeyRecord[];
  readonly callbacks?: Partial<Pick<AuthenticatorDeps, 'onRefused' | 'onLastUsedWriteFailed'>>;
}

function authenticatorUnderTest({ records = [record], callbacks = {}, ...options }: Setup = {}) {
  const lookup = new MemoryLookup(...records);
  const ignored = { onRefused: () => {}, onLastUsedWriteFailed: () => {}, onLimitUnchecked: () => {} };
  const deps = { lookup, now: () => NOW_MS, ...ignored, ...callbacks };
  return {
    lookup,
    authenticator: new Authenticator({ config: readOptions({ tableName: 'keys', ...options }), ...deps }),
  };
}

function requestWith(key: string | undefined, path = '/orders', init: RequestInit = {}): Request {
  const headers: Record<string, string> = key === undefined ? {} : { Authorization: `Bearer ${key}` };
  return new Request(`https://api.example${path}`, { headers, ...init });
}

describe('the authenticator', () => {
  test('allows an active key, with its record and the context of the authorizer', async () => {
    const key = makeKey({ owner: 'acme', scopes: ['orders:read'], metadata: { tier: 1 } });
    const { authenticator } = authenticatorUnderTest({ records: [key.record] });
    const authentication = await authenticator.authenticate(requestWith(key.secret));
    const shown = publicRecord(key.record);
    expect(authentication).toEqual({ effect: 'allow', record: shown, context: toKeyContext(shown) });
    expect(JSON.stringify(authentication)).not.toContain(key.record.keyHash);
    expect(Object.isFrozen(authentication)).toBe(true);
  });

  test('reads the key from the configured sources only', async () => {
    const { authenticator } = authenticatorUnderTest({ keySources: ['header:X-Api-Key', 'query:key'] });
    const inHeader = new Request('https://api.example/', { headers: { 'x-api-key': secret } });
    expect(await authenticator.authenticate(inHeader)).toMatchObject({ effect: 'allow' });
    expect(await authenticator.authenticate(requestWith(undefined, `/?key=${secret}`))).toMatchObject({
      effect: 'allow',
    });
    expect(await authenticator.authenticate(requestWith(secret))).toMatchObject({
      code: 'AUTH_REQUIRED',
      message: 'API key is required. Pass via X-Api-Key header or ?key= query parameter.',
    });
  });

  test.each([
    ['basic', { authorization: `Basic ${Buffer.from(`${secret}:`).toString('base64')}` }, 'Basic realm="API key"'],
    ['header:Authorization:Token', { authorization: `token ${secret}` }, 'Token'],
    ['header:X-Api-Key', { 'X-API-KEY': secret }, 'Bearer'],
    ['cookie:session', { cookie: `theme=dark; session=${secret}` }, 'Bearer'],
  ] as const)(
    'reads the key from the source %s, and challenges a request without it',
    async (source, headers, challenge) => {
      const { authenticator } = authenticatorUnderTest({ keySources: [source] });
      const request = new Request('https://api.example/', { headers });
      expect(await authenticator.authenticate(request)).toMatchObject({ effect: 'allow' });
      const refused = await authenticator.authenticate(new Request('https://api.example/'));
      expect(refused).toMatchObject({ status: 401, headers: { 'WWW-Authenticate': challenge } });
    },
  );

  test.each(['query:constructor', 'query:__proto__'] as const)('reads the key from the source %s', async (source) => {
    const { authenticator } = authenticatorUnderTest({ keySources: [source] });
    const request = requestWith(undefined, `/?${source.slice('query:'.length)}=${secret}`);
    expect(await authenticator.authenticate(request)).toMatchObject({ effect: 'allow' });
  });

  test('responds with 401 and a challenge if the request has no key', async () => {
    const { authenticator } = authenticatorUnderTest();
    expect(await authenticator.authenticate(requestWith(undefined))).toMatchObject({
      effect: 'refuse',
      status: 401,
      code: 'AUTH_REQUIRED',
      headers: { 'WWW-Authenticate': 'Bearer', 'Content-Type': 'application/json' },
    });
  });

  test.each([
    ['INVALID_KEY', makeKey(), false],
    ['KEY_EXPIRED', makeKey({ expiresAt: at(-1) }), true],
    ['KEY_DISABLED', makeKey({ disabledAt: at(-1) }), true],
    ['KEY_REVOKED', makeKey({ revokedAt: at(-1) }), true],
  ])('refuses a key with 403 and %s', async (code, key, isKnown) => {
    const { authenticator } = authenticatorUnderTest({ records: isKnown ? [key.record] : [] });
    const refused = await authenticator.authenticate(requestWith(key.secret));
    expect(refused).toMatchObject({ effect: 'refuse', status: 403, code });
    expect('record' in refused).toBe(isKnown);
  });

  test('responds with 503 and Retry-After during an outage, never with a refusal of the key', async () => {
    const { authenticator, lookup } = authenticatorUnderTest();
    lookup.isDown = true;
    const refused = await authenticator.authenticate(requestWith(secret));
    expect(refused).toMatchObject({
      status: 503,
      code: 'AUTHORIZER_UNAVAILABLE',
      headers: { 'Retry-After': '5' },
      error: { code: 'STORE_UNAVAILABLE' },
    });
    lookup.isDown = false;
    expect(await authenticator.authenticate(requestWith(secret))).toMatchObject({ effect: 'allow' });
  });

  test('checks mapped scopes against the method and the path of the request', async () => {
    const scoped = makeKey({ scopes: ['orders:read'] });
    const { authenticator } = authenticatorUnderTest({
      records: [scoped.record],
      scopes: { 'orders:read': ['GET /orders', 'GET /orders/*'] },
    });
    const check = (request: Request | RequestParts) => authenticator.authenticate(request);
    const outside = { status: 403, code: 'INSUFFICIENT_SCOPE', record: { id: scoped.record.id } };
    expect(await check(requestWith(scoped.secret, '/orders?page=2'))).toMatchObject({ effect: 'allow' });
    expect(await check(requestWith(scoped.secret, '/admin'))).toMatchObject(outside);
    expect(await check(requestWith(scoped.secret, '/orders', { method: 'POST' }))).toMatchObject(outside);
    // A parser of URLs would remove the dots, but a server may not.
    const headers: [string, string][] = [['authorization', `Bearer ${scoped.secret}`]];
    for (const url of ['/orders/../admin', 'https://api.example/orders/../orders', '/orders//7', '*', '']) {
      expect(await check({ method: 'GET', url, headers })).toMatchObject(outside);
    }
  });

  test('checks mapped scopes against the given route instead of the request', async () => {
    const scoped = makeKey({ scopes: ['orders:read'] });
    const { authenticator } = authenticatorUnderTest({
      records: [scoped.record],
      scopes: { 'orders:read': ['GET /orders'] },
    });
    const request = requestWith(scoped.secret, '/v1/orders');
    expect(await authenticator.authenticate(request)).toMatchObject({ code: 'INSUFFICIENT_SCOPE' });
    expect(await authenticator.authenticate(request, { route: 'GET /orders' })).toMatchObject({ effect: 'allow' });
  });

  test("doesn't treat an invented method as a route of AppSync", async () => {
    const scoped = makeKey({ scopes: ['graph'] });
    const scopes = { graph: ['GRAPHQL /graphql'] };
    const { authenticator } = authenticatorUnderTest({ records: [scoped.record], scopes });
    const headers: [string, string][] = [['authorization', `Bearer ${scoped.secret}`]];
    const invented = { method: 'GRAPHQL', url: '/graphql', headers };
    expect(await authenticator.authenticate(invented)).toMatchObject({ code: 'INSUFFICIENT_SCOPE' });
  });

  test.each([
    ['allows', 'with every required scope', ['orders:read', 'orders:write', 'other']],
    ['refuses', 'with only one of the required scopes', ['orders:read']],
    ['refuses', 'with an empty list of scopes', []],
    ['allows', 'without a list of scopes, like the authorizer', undefined],
  ])('%s a key %s', async (effect, _, scopes) => {
    const isAllowed = effect === 'allows';
    const key = makeKey(scopes === undefined ? {} : { scopes });
    const { authenticator, lookup } = authenticatorUnderTest({ records: [key.record] });
    const require = ['orders:read', 'orders:write'];
    const authentication = await authenticator.authenticate(requestWith(key.secret), { require });
    expect(authentication).toMatchObject(isAllowed ? { effect: 'allow' } : { status: 403, code: 'INSUFFICIENT_SCOPE' });
    // A refused request isn't a use of the key, even if the record comes from the cache.
    await authenticator.authenticate(requestWith(key.secret), { require });
    expect(lookup.writes).toBe(isAllowed ? 1 : 0);
  });

  test.each([[''], [[]], ['a b'], [['orders:read', '']], [7]])('rejects the requirement %j', async (require) => {
    const { authenticator } = authenticatorUnderTest();
    const check = authenticator.authenticate(requestWith(secret), { require: require as string });
    await expect(check).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('refuses a request with two values for one key source, even if the spelling of their names differs', async () => {
    const { authenticator } = authenticatorUnderTest();
    const bearer = `Bearer ${secret}`;
    const check = (headers: RequestParts['headers'], url = '/') =>
      authenticator.authenticate({ method: 'GET', url, headers });
    const invalid = { status: 403, code: 'INVALID_KEY' };
    const twice: [string, string][] = [
      ['Authorization', bearer],
      ['authorization', bearer],
    ];
    expect(await check(twice)).toMatchObject(invalid);
    expect(await check(new Headers(twice))).toMatchObject(invalid);
    expect(await check([], `/?api_key=${secret}&api_key=${secret}`)).toMatchObject(invalid);
    expect(await check([['__proto__', bearer]])).toMatchObject({ code: 'AUTH_REQUIRED' });
  });

  test('rejects headers that lack duplicates, such as those of a Node request', async () => {
    const { authenticator } = authenticatorUnderTest();
    const request = { method: 'GET', url: '/', headers: { authorization: `Bearer ${secret}` } };
    const check = authenticator.authenticate(request as unknown as RequestParts);
    await expect(check).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(check).rejects.not.toThrow(secret);
  });

  test('reports refused requests, and failed last-used writes, to callbacks that may fail', async () => {
    const reported: unknown[] = [];
    const report = (...values: unknown[]) => {
      reported.push(...values);
      throw new Error('from the application');
    };
    const callbacks = { onRefused: report, onLastUsedWriteFailed: report };
    const { authenticator, lookup } = authenticatorUnderTest({ callbacks });
    const refused = await authenticator.authenticate(requestWith(undefined));
    expect(reported).toEqual([refused]);
    const failure = new Error('throttled');
    lookup.recordUse = () => Promise.reject(failure);
    expect(await authenticator.authenticate(requestWith(secret))).toMatchObject({ effect: 'allow' });
    expect(reported.slice(1)).toEqual([publicRecord(record), failure]);
  });
});

describe('a refused request', () => {
  test('becomes a response with its status, headers and body', async () => {
    const { authenticator } = authenticatorUnderTest();
    const refused = await authenticator.authenticate(requestWith('sk_nonsense'));
    if (refused.effect === 'allow') throw new Error('expected a refusal');
    const response = refused.toResponse();
    expect(response.status).toBe(403);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({
      success: false,
      data: null,
      error: { code: 'INVALID_KEY', message: 'Invalid API key.' },
      pagination: null,
    });
    expect(refused.toResponse()).not.toBe(response);
  });
});

import { describe, expect, test } from '@jest/globals';
import type { PublicRecord } from '../../../keys/record.ts';
import { readConfig } from '../../../lambda/config.ts';
import { type Decision, KeyVerifier, readOptions, type AuthorizerOptions } from '../../../lambda/verifier.ts';
import { createTestAuthorizer, createTestKey } from '../../../testing/index.ts';

const SCOPES = { 'orders:read': ['GET /orders/*'] };

/** Returns whether every part of the value is frozen. */
const isFrozen = (value: unknown): boolean =>
  typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen));

const recordOf = (decision: Decision) => ('record' in decision ? decision.record : undefined);

/** Tries the change. In a frozen object it throws. */
function tryTo(change: () => unknown): void {
  try {
    change();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

describe('verify with mapped scopes', () => {
  const scopes = { read: ['GET /*/public', 'GET /orders/*'] };

  test.each([
    'GET /admin?x=/public',
    'GET /admin#/public',
    'GET /orders/../admin',
    'GET /orders/%2e%2E/admin',
    'GET /orders/..%2Fadmin',
    'GET /orders//public',
    'GET /orders/\u0000',
  ])('denies a scoped key for the route %j with INSUFFICIENT_SCOPE', async (route) => {
    const { secret, record } = createTestKey({ scopes: ['read'] });
    const { verifier } = createTestAuthorizer({ records: [record], scopes });
    expect(await verifier.verify(secret, route)).toMatchObject({ effect: 'deny', code: 'INSUFFICIENT_SCOPE' });
    expect(await verifier.verify(secret, 'GET /orders/7')).toMatchObject({ effect: 'allow' });
  });

  test("denies a scoped key for a route that isn't a string", async () => {
    const { secret, record } = createTestKey({ scopes: ['read'] });
    const { verifier } = createTestAuthorizer({ records: [record], scopes });
    const route: unknown = ['GET /orders/7'];
    expect(await verifier.verify(secret, route as string)).toMatchObject({ code: 'INSUFFICIENT_SCOPE' });
  });

  test('allows a key without scopes on any route, even an ambiguous one', async () => {
    const { secret, record } = createTestKey();
    const { verifier } = createTestAuthorizer({ records: [record], scopes });
    expect(await verifier.verify(secret, 'GET /orders/../admin')).toMatchObject({ effect: 'allow' });
  });
});

describe("a verifier's decision", () => {
  test("doesn't allow another route if a caller removes the scopes from it", async () => {
    const { secret, record } = createTestKey({ scopes: ['orders:read'] });
    const { verifier } = createTestAuthorizer({ records: [record], scopes: SCOPES });
    const decision = await verifier.verify(secret, 'GET /orders/7');
    tryTo(() => Reflect.set(Object(recordOf(decision)), 'scopes', undefined));
    tryTo(() => Object(recordOf(decision)).scopes.push('admin'));
    expect(await verifier.verify(secret, 'DELETE /admin')).toMatchObject({ code: 'INSUFFICIENT_SCOPE' });
  });

  test.each(['disabledAt', 'revokedAt', 'expiresAt'] as const)(
    "doesn't reactivate a key if a caller deletes %s from it",
    async (name) => {
      const { secret, record } = createTestKey({ [name]: '2024-02-01T00:00:00Z' });
      const { verifier } = createTestAuthorizer({ records: [record] });
      const decision = await verifier.verify(secret);
      tryTo(() => Reflect.deleteProperty(Object(recordOf(decision)), name));
      expect(await verifier.verify(secret)).toEqual(decision);
      expect(decision).toMatchObject({ effect: 'deny' });
    },
  );

  test.each([
    ['an allowed key', {}],
    ['a key outside its scopes', { scopes: ['unheard-of'] }],
    ['a revoked key', { revokedAt: '2024-02-01T00:00:00Z' }],
  ])('has only frozen parts for %s', async (_, fields) => {
    const { secret, record } = createTestKey({ ...fields, metadata: { list: [{ deep: [1] }] } });
    const { verifier, table } = createTestAuthorizer({ records: [record], scopes: SCOPES });
    const decision = await verifier.verify(secret, 'GET /orders/7');
    const { keyHash, ...shown } = table.records.get(record.keyHash) ?? record;
    expect(recordOf(decision)).toEqual({ ...shown, lastUsedAt: undefined });
    expect(JSON.stringify(decision)).not.toContain(keyHash);
    expect(isFrozen(decision)).toBe(true);
  });

  test.each(['absent', 'unknown', 'malformed'])('has only frozen parts for a key that is %s', async (kind) => {
    const { verifier } = createTestAuthorizer();
    const texts: Readonly<Record<string, string>> = { unknown: createTestKey().secret, malformed: 'sk_x' };
    expect(isFrozen(await verifier.verify(texts[kind]))).toBe(true);
  });

  test('contains the same copy of the record until the next read', async () => {
    const { secret, record } = createTestKey({ metadata: { seats: [1] } });
    const { verifier } = createTestAuthorizer({ records: [record] });
    const first = recordOf(await verifier.verify(secret));
    expect(recordOf(await verifier.verify(secret))).toBe(first);
    expect(Object.isFrozen(record.metadata)).toBe(false);
  });

  test('contains the same frozen record that onLastUsedWriteFailed receives', async () => {
    const { secret, record } = createTestKey();
    const reported: PublicRecord[] = [];
    const verifier = new KeyVerifier({
      config: readOptions({ tableName: 'keys' }),
      lookup: { get: async () => record, recordUse: () => Promise.reject(new Error('down')) },
      now: Date.now,
      onLastUsedWriteFailed: (failed) => reported.push(failed),
    });
    const decision = await verifier.verify(secret);
    expect(reported).toEqual([recordOf(decision)]);
    expect(reported[0]).toBe(recordOf(decision));
    expect(reported[0]).not.toHaveProperty('keyHash');
  });
});

const read = (options: AuthorizerOptions & { readonly tableName?: string }) =>
  readOptions({ tableName: 'keys', ...options });

test('readOptions returns the defaults of the authorizer if every option is absent', () => {
  expect(read({})).toEqual(readConfig({ LATCHKEY_TABLE: 'keys' }));
});

test("readOptions parses every option by the same rules as the authorizer's environment variable", () => {
  const config = read({
    keyPrefixes: ['acme_'],
    keySources: ['header:X-Api-Key', 'query:key'],
    externalKeys: true,
    lastUsedSeconds: 1,
    recordCacheSeconds: 2,
    resultsCacheSeconds: 3,
    staleIfErrorSeconds: 4,
    httpApiResponse: 'simple',
    scopes: { read: ['GET /orders'] },
    plans: { free: {}, pro: { shared: true } },
  });
  expect(config).toMatchObject({
    tableName: 'keys',
    keyFormat: { prefixes: ['acme_'], externalKeys: {} },
    keySources: [
      { kind: 'header', name: 'X-Api-Key', lowerCaseName: 'x-api-key' },
      { kind: 'query', name: 'key' },
    ],
    lastUsedSeconds: 1,
    recordCacheSeconds: 2,
    resultsCacheSeconds: 3,
    staleIfErrorSeconds: 4,
    httpApiResponse: 'simple',
  });
  expect(config.scopes.openedBy({ scopes: ['read'] })?.patterns).toEqual([{ method: 'GET', path: '/orders' }]);
  expect(['free', 'pro', 'gold'].map((plan) => config.plans?.unknownPlanOf({ plan }))).toEqual([
    undefined,
    undefined,
    'gold',
  ]);
});

describe('invalid options', () => {
  test('appear by their own names in one error', () => {
    const options = { tableName: '', keyPrefixes: ['SK'], unheardOf: 1, plans: { 'no plan': {} } };
    const problems = expect.stringMatching(
      /^unheardOf: [^;]*; tableName: [^;]*; keyPrefixes: expected [^;]+, got "SK"; plans: [^;]*$/,
    );
    expect(() => read(options)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message: problems }));
  });

  test('include an option with an unknown name', () => {
    const options = { tableName: 'keys', recordCacheTtl: 60 };
    const problems = expect.stringMatching(/^recordCacheTtl: unknown option$/);
    expect(() => read(options)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message: problems }));
  });

  test('cause the unchanged error of a getter that throws', () => {
    const scopes = Object.defineProperty({}, 'read', {
      enumerable: true,
      get: () => {
        throw new RangeError('its own trouble');
      },
    });
    expect(() => read({ scopes })).toThrow(RangeError);
  });
});

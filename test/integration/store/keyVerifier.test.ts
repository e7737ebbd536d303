import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createKeyRegistry, createKeyVerifier, type KeyRegistry, type KeyVerifierOptions } from '../../../index.ts';
import { publicRecord } from '../../../keys/record.ts';
import { createTestKey } from '../../../testing/createTestKey.ts';
import { closedEndpoint, createClient } from '../../support/engine.ts';
import { startFunctionTable, type FunctionTable } from '../../support/functionTable.ts';
import { INTERVAL_MS, NOW_MS } from '../../support/keys.ts';

describe('a verifier with a real table', () => {
  let table: FunctionTable;
  let registry: KeyRegistry;
  beforeAll(async () => {
    table = await startFunctionTable();
    registry = createKeyRegistry({ tableName: 'keys', actor: 'tests', client: createClient(table.endpoint) });
  });
  afterAll(() => table?.stop());

  /** Creates a verifier with an adjustable clock. */
  function verifierUnderTest(options: Partial<KeyVerifierOptions> = {}) {
    const clock = { nowMs: NOW_MS };
    const client = createClient(table.endpoint);
    return { clock, verifier: createKeyVerifier({ tableName: 'keys', client, now: () => clock.nowMs, ...options }) };
  }

  test('stores the last use of an allowed key at most once per interval', async () => {
    const { secret, record } = await registry.issue({ label: 'ci', owner: 'acme' });
    const { verifier, clock } = verifierUnderTest({ recordCacheSeconds: 0 });
    expect(await verifier.verify(secret)).toEqual({ effect: 'allow', record: publicRecord(record) });
    expect(await table.lastUsedAt(record)).toBe('2030-06-15T12:00:00.000Z');
    clock.nowMs += INTERVAL_MS - 1;
    await verifier.verify(secret);
    expect(await table.lastUsedAt(record)).toBe('2030-06-15T12:00:00.000Z');
    clock.nowMs += 1;
    await verifier.verify(secret);
    expect(await table.lastUsedAt(record)).toBe('2030-06-15T12:15:00.000Z');
  });

  test('returns "unauthenticated" only if the key is missing', async () => {
    const { secret } = await registry.issue({ label: 'ci' });
    const { verifier } = verifierUnderTest();
    expect(await verifier.verify(`Bearer ${secret}`)).toMatchObject({ effect: 'allow' });
    for (const nothing of [undefined, null, '', 'Basic dXNlcg==']) {
      expect(await verifier.verify(nothing)).toEqual({ effect: 'unauthenticated' });
    }
    const invalid = { effect: 'deny', code: 'INVALID_KEY' };
    expect(await verifier.verify(`${secret}x`)).toEqual(invalid);
    expect(await verifier.verify(createTestKey().secret)).toEqual(invalid);
    // The value that a JavaScript application may pass for a header that was sent twice.
    const twice: unknown = [secret, secret];
    expect(await verifier.verify(twice as string)).toEqual(invalid);
  });

  test('denies a revoked key as soon as its cached record expires', async () => {
    const { secret, record } = await registry.issue({ label: 'ci' });
    const { verifier, clock } = verifierUnderTest({ recordCacheSeconds: 60 });
    await verifier.verify(secret);
    await registry.revoke(record.id);
    clock.nowMs += 59_999;
    expect(await verifier.verify(secret)).toMatchObject({ effect: 'allow' });
    clock.nowMs += 1;
    expect(await verifier.verify(secret)).toMatchObject({ effect: 'deny', code: 'KEY_REVOKED' });
  });

  test('denies a scoped key unless its scopes allow the route', async () => {
    const { secret } = await registry.issue({ label: 'ci', scopes: ['orders:read'] });
    const { secret: unscoped } = await registry.issue({ label: 'ci' });
    const { verifier } = verifierUnderTest({ scopes: { 'orders:read': ['GET /orders/*'], all: ['* /*'] } });
    const outside = { effect: 'deny', code: 'INSUFFICIENT_SCOPE' };
    expect(await verifier.verify(secret, 'GET /orders/7')).toMatchObject({ effect: 'allow' });
    expect(await verifier.verify(secret, 'POST /orders/7')).toMatchObject(outside);
    expect(await verifier.verify(secret)).toMatchObject(outside);
    expect(await verifier.verify(unscoped)).toMatchObject({ effect: 'allow' });
    const { secret: all } = await registry.issue({ label: 'ci', scopes: ['all'] });
    expect(await verifier.verify(all)).toMatchObject(outside);
  });

  test('accepts keys with another prefix only if its options allow them', async () => {
    const foreign = createTestKey({}, { prefix: 'acme_' });
    await table.put(foreign.record);
    const byDefault = verifierUnderTest().verifier;
    expect(await byDefault.verify(foreign.secret)).toMatchObject({ effect: 'deny', code: 'INVALID_KEY' });
    for (const options of [{ keyPrefixes: ['acme_'] }, { externalKeys: true }]) {
      expect(await verifierUnderTest(options).verifier.verify(foreign.secret)).toMatchObject({ effect: 'allow' });
    }
  });

  test('issues keys with a prefix of their own', async () => {
    const { secret, record } = await registry.issue({ label: 'ci' }, { prefix: 'sk_test_' });
    expect(record.keyPrefix).toBe(secret.slice(0, 'sk_test_'.length + 8));
    const { verifier } = verifierUnderTest({ keyPrefixes: ['sk_', 'sk_test_'] });
    expect(await verifier.verify(secret)).toMatchObject({ effect: 'allow' });
    await expect(registry.issue({ label: 'ci' }, { prefix: 'SK' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/^prefix: expected .+, got "SK"$/),
    });
  });

  test('throws an error during an outage unless it may use a stale record', async () => {
    const client = createClient(await closedEndpoint());
    const down = createKeyVerifier({ tableName: 'keys', client });
    await expect(down.verify(createTestKey().secret)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    // The verifier denies a malformed key without a read.
    expect(await down.verify('sk_nonsense')).toMatchObject({ code: 'INVALID_KEY' });

    const { secret, record } = await registry.issue({ label: 'ci' });
    const goingDown = createClient(table.endpoint);
    const { verifier, clock } = verifierUnderTest({
      client: goingDown,
      recordCacheSeconds: 0,
      staleIfErrorSeconds: 60,
    });
    await verifier.verify(secret);
    goingDown.middlewareStack.add(() => () => Promise.reject(new Error('down')), { step: 'finalizeRequest' });
    clock.nowMs += 59_999;
    expect(await verifier.verify(secret)).toMatchObject({ effect: 'allow', record: { id: record.id } });
    clock.nowMs += 1;
    await expect(verifier.verify(secret)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  /** Creates a client whose last-used writes all fail. */
  function clientThatCannotWrite() {
    const client = createClient(table.endpoint);
    client.middlewareStack.add(
      (next, { commandName }) =>
        (args) =>
          commandName === 'UpdateItemCommand' ? Promise.reject(new Error('throttled')) : next(args),
      { step: 'finalizeRequest' },
    );
    return client;
  }

  test('calls onLastUsedWriteFailed for an allowed key if its last-used write fails', async () => {
    const { secret, record } = await registry.issue({ label: 'ci' });
    const failures: unknown[] = [];
    const { verifier } = verifierUnderTest({
      client: clientThatCannotWrite(),
      onLastUsedWriteFailed: (...failure) => failures.push(failure),
    });
    expect(await verifier.verify(secret)).toMatchObject({ effect: 'allow' });
    expect(failures).toEqual([[publicRecord(record), expect.objectContaining({ code: 'STORE_UNAVAILABLE' })]]);
  });

  test.each<[string, () => unknown]>([
    [
      'throws an error',
      () => {
        throw new Error('its own trouble');
      },
    ],
    ['returns a rejected promise', () => Promise.reject(new Error('its own trouble'))],
    ['never ends', () => new Promise(() => {})],
  ])('allows the key if onLastUsedWriteFailed %s', async (_, onLastUsedWriteFailed) => {
    const { secret } = await registry.issue({ label: 'ci' });
    const { verifier } = verifierUnderTest({ client: clientThatCannotWrite(), onLastUsedWriteFailed });
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    expect(await verifier.verify(secret)).toMatchObject({ effect: 'allow' });
    await setImmediate();
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});

describe('invalid options of a verifier', () => {
  test.each([
    [{ tableName: '' }, /^tableName: expected .+, got ""$/],
    [{ tableName: undefined }, /^tableName: expected .+, got nothing$/],
    [{ keyPrefixes: ['SK'] }, /^keyPrefixes: expected .+, got "SK"$/],
    [{ externalKeys: 'yes' }, /^externalKeys: expected .+, got "yes"$/],
    [{ lastUsedSeconds: 0 }, /^lastUsedSeconds: expected .+, got "0"$/],
    [{ recordCacheSeconds: 0.5 }, /^recordCacheSeconds: expected .+, got "0\.5"$/],
    [{ staleIfErrorSeconds: Number.NaN }, /^staleIfErrorSeconds: expected .+, got "NaN"$/],
    [{ scopes: { 'orders:read': ['orders'] } }, /^scopes: expected .+, got "\{\\"orders:read\\":\[\\"orders\\"\]\}"$/],
    [{ recordCacheTtl: 5 }, /^recordCacheTtl: unknown option$/],
  ])('cause an error with the name, the expected form and the value: %j', (option, message) => {
    const options = { tableName: 'keys', ...option } as KeyVerifierOptions;
    expect(() => createKeyVerifier(options)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) }),
    );
  });

  test('appear together in one error', () => {
    const options = { tableName: '', keyPrefixes: [''], unheardOf: 1 };
    expect(() => createKeyVerifier(options)).toThrow(/unheardOf: .*tableName: .*keyPrefixes: /);
  });
});

import { beforeEach, describe, expect, test } from '@jest/globals';
import { serialiseRecord } from '../../../keys/record.ts';
import type { ImportedKey, ImportOptions, ImportResult, KeyRegistry } from '../../../keys/registry.ts';
import { generateSecret, hashSecret } from '../../../keys/secret.ts';
import { at, CHANGED, makeKey, NOW_MS } from '../../support/keys.ts';
import { NO_WAIT } from '../../support/noWait.ts';
import { afterFirst, throttle, withProxy, type Table } from './tableUnderTest.ts';

/** Describes `importHashes`. */
export function describeImport(open: () => Promise<Table>): void {
  describe('importHashes', () => {
    let table: Table;
    beforeEach(async () => {
      table = await open();
    });

    describeEntries(() => table);
    describeRuns(() => table);
    describeDuplicates(() => table);
    describeUnreadableRecords(() => table);
    describeFailures(() => table);
  });
}

function newHash(): string {
  return hashSecret(generateSecret('sk_'));
}

function entries(count: number): readonly ImportedKey[] {
  return Array.from({ length: count }, (_, index) => ({ keyHash: newHash(), label: `key ${index}` }));
}

async function run(registry: KeyRegistry, keys: Iterable<unknown>, options?: ImportOptions) {
  const results: ImportResult[] = [];
  for await (const result of registry.importHashes(keys as Iterable<ImportedKey>, options)) results.push(result);
  return results;
}

function outcomesOf(results: readonly ImportResult[]) {
  return results.map(({ outcome }) => outcome);
}

const FULL = {
  id: 'soulsync-1',
  label: 'phone',
  keyPrefix: 'sk_AbCdEf12',
  owner: 'acme',
  scopes: ['orders:read'],
  plan: 'free',
  metadata: { plan: 'pro' },
  createdAt: '2024-01-31T12:00:00.123Z',
  createdBy: 'arn:aws:iam::123456789012:user/alice',
  lastUsedAt: '2024-02-01T12:00:00.000Z',
  expiresAt: '2031-01-31T12:00:00.000Z',
  disabledAt: '2024-03-01T12:00:00.000Z',
  disabledBy: 'bob',
  revokedAt: '2024-04-01T12:00:00.000Z',
  revokedBy: 'carol',
  revokedReason: 'left',
  rotatedFrom: 'a',
  rotatedTo: 'b',
};

function describeEntries(tableOf: () => Table): void {
  test('stores every field of an ended key with a deletion after 90 days', async () => {
    const table = tableOf();
    const keyHash = newHash();
    expect(await run(table.registry, [{ keyHash, ...FULL }])).toEqual([
      { index: 0, outcome: 'imported', id: 'soulsync-1' },
    ]);
    const record = { keyHash, ...FULL, purgeAfter: NOW_MS / 1000 + 90 * 86_400 };
    expect(await table.items()).toEqual([{ ...record, importedBy: 'tests' }]);
    expect(await table.registry.get('soulsync-1')).toEqual(record);
  });

  test('adds an id, the time and the actor to a minimal entry', async () => {
    const table = tableOf();
    const keyHash = newHash();
    const none = { owner: null, plan: null, lastUsedAt: undefined, expiresAt: null };
    const [result] = await run(table.registry, [{ keyHash: keyHash.toUpperCase(), label: 'x', ...none }]);
    expect(await table.items()).toEqual([
      { keyHash, id: result?.id, label: 'x', createdAt: at(0), createdBy: 'tests', importedBy: 'tests' },
    ]);
    expect(result?.id).toMatch(/^[0-9a-f-]{36}$/);
  });

  test.each([
    ["an id that Latchkey wouldn't accept", { id: 'key_1' }, {}],
    ['a raw key instead of an id', { id: generateSecret('sk_') }, {}],
    ["a rotation chain with ids that Latchkey wouldn't accept", { rotatedFrom: 'key_1', rotatedTo: '' }, {}],
    ['the version of an export', { version: 7 }, { version: 7 }],
    ['a version that is a string', { version: 'v1' as unknown as number }, {}],
    ['a version below 0', { version: -1 }, {}],
    ['microseconds and another zone', { createdAt: '2024-01-31T13:00:00.123456+01:00' }, { createdAt: FULL.createdAt }],
  ])('accepts %s', async (_, fields, expected) => {
    const table = tableOf();
    const keyHash = newHash();
    await run(table.registry, [{ keyHash, label: 'x', ...fields }]);
    const basis = {
      keyHash,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      label: 'x',
      createdAt: at(0),
      createdBy: 'tests',
      importedBy: 'tests',
    };
    expect(await table.items()).toEqual([{ ...basis, ...expected }]);
  });

  test.each([
    ['an undefined entry', undefined],
    ['an entry without a hash', { keyHash: undefined }],
    ['a raw key instead of its hash', { keyHash: generateSecret('sk_') }],
    ['an entry without a label', { label: undefined }],
    ['a label that is too long', { label: 'x'.repeat(257) }],
    ['a raw key as its own prefix', { keyPrefix: generateSecret('sk_') }],
    ['an empty owner', { owner: '' }],
    ['an empty plan', { plan: '' }],
    ['a plan whose name has a space', { plan: 'free plan' }],
    ['scopes with a space', { scopes: ['a b'] }],
    ['more than 1 KB of metadata', { metadata: { x: 'x'.repeat(1100) } }],
    ['a nonexistent date', { createdAt: '2024-02-30T12:00:00Z' }],
    ['a time without a zone', { expiresAt: '2024-02-01T12:00:00' }],
    ['a time of another type', { revokedAt: 1_900_000_000 }],
    ['an actor of another type', { revokedBy: 7 }],
  ])('continues after it rejects %s', async (_, fields) => {
    const table = tableOf();
    const bad = fields === undefined ? null : { keyHash: newHash(), label: 'x', ...fields };
    const good = { keyHash: newHash(), label: 'good' };
    const [rejected, imported] = await run(table.registry, [bad, good]);
    expect(rejected).toEqual({ index: 0, outcome: 'rejected', problem: expect.any(String) });
    for (const value of Object.values(fields ?? {}))
      if (value !== '' && value !== undefined) expect(rejected?.problem).not.toContain(String(value));
    expect(imported).toMatchObject({ index: 1, outcome: 'imported' });
    expect(await table.items()).toEqual([expect.objectContaining(good)]);
  });

  test('rejects an id of another key in the table or in the same run', async () => {
    const table = tableOf();
    const { record } = makeKey({ id: 'taken-1' });
    await table.put(serialiseRecord(record));
    const twice = { keyHash: newHash(), label: 'x', id: 'twice' };
    const results = await run(table.registry, [
      { keyHash: newHash(), label: 'x', id: 'taken-1' },
      twice,
      { keyHash: newHash(), label: 'y', id: 'twice' },
    ]);
    expect(outcomesOf(results)).toEqual(['rejected', 'imported', 'rejected']);
    expect(outcomesOf(await run(table.registry, [twice]))).toEqual(['skipped']);
    expect(await table.registry.get('taken-1')).toEqual(record);
    expect(await table.registry.get('twice')).toMatchObject({ label: 'x' });
  });
}

function describeRuns(tableOf: () => Table): void {
  test("doesn't change the table in a second run even if a record was changed after the first run", async () => {
    const table = tableOf();
    const keys = entries(30).map((key, index) => ({ ...key, ...(index % 2 === 0 ? { id: `id-${index}` } : {}) }));
    expect(new Set(outcomesOf(await run(table.registry, keys)))).toEqual(new Set(['imported']));
    await table.registry.revoke('id-0', { reason: 'leaked' });
    const before = await table.items();
    const again = await run(table.registry, keys);
    expect(again).toEqual(keys.map((_, index) => ({ index, outcome: 'skipped' })));
    expect(await table.items()).toEqual(before);
  });

  test('yields the outcomes of a real run with dryRun, and leaves the table unchanged', async () => {
    const table = tableOf();
    const stored = { ...FULL, keyHash: newHash(), id: 'stored' };
    await run(table.registry, [stored]);
    const [first, restricted] = [newHash(), newHash()];
    const keys: readonly ImportedKey[] = [
      { keyHash: first, id: 'first', label: 'x' },
      { ...stored, label: 'skipped' },
      { keyHash: newHash(), id: 'stored', label: 'id of another key' },
      { keyHash: newHash(), id: 'first', label: 'id of an earlier entry' },
      { keyHash: restricted, label: 'x' },
      { keyHash: restricted, label: 'its duplicate', revokedAt: at(-1) },
    ];
    const before = await table.items();
    const results = await run(table.registry, keys, { dryRun: true });
    expect(await table.items()).toEqual(before);
    const outcomes = ['imported', 'skipped', 'rejected', 'rejected', 'imported', 'skipped'];
    expect(outcomesOf(results)).toEqual(outcomes);
    expect(outcomesOf(await run(table.registry, keys))).toEqual(outcomes);
  });

  test('yields the results in the order of the entries', async () => {
    const results = await run(tableOf().registry, entries(50));
    expect(results.map(({ index }) => index)).toEqual(results.map((_, index) => index));
    expect(results).toHaveLength(50);
  });

  test('yields no results without entries', async () => {
    expect(await run(tableOf().registry, [])).toEqual([]);
  });

  test.each([0, 101, 1.5])('rejects a concurrency of %p before it reads an entry', (concurrency) => {
    const { registry } = tableOf();
    expect(() => registry.importHashes(entries(1), { concurrency })).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID' }),
    );
  });

  test.each([1, 4, 16])('has at most %i entries in progress', async (concurrency) => {
    let inHand = 0;
    let most = 0;
    const source = async function* () {
      for (const key of entries(60)) {
        most = Math.max(most, ++inHand);
        yield key;
      }
    };
    for await (const { outcome } of tableOf().registry.importHashes(source(), { concurrency })) {
      expect(outcome).toBe('imported');
      inHand--;
    }
    expect(most).toBe(concurrency);
    expect(inHand).toBe(0);
  });

  test('resumes an interrupted run if it is called again', async () => {
    const table = tableOf();
    const keys = entries(60);
    let isReleased = false;
    const source = function* () {
      try {
        yield* keys;
      } finally {
        isReleased = true;
      }
    };
    let told = 0;
    for await (const { outcome } of table.registry.importHashes(source(), { concurrency: 8 })) {
      expect(outcome).toBe('imported');
      if (++told === 20) break;
    }
    expect(isReleased).toBe(true);
    const stored = (await table.items()).length;
    expect(stored).toBeGreaterThanOrEqual(20);
    expect(stored).toBeLessThanOrEqual(20 + 8);
    const results = await run(table.registry, keys);
    expect(outcomesOf(results).filter((outcome) => outcome === 'skipped')).toHaveLength(stored);
    expect(await table.items()).toHaveLength(60);
  });
}

function describeDuplicates(tableOf: () => Table): void {
  const revoked = { revokedAt: at(-1000), revokedBy: 'carol', revokedReason: 'left' };
  const disabled = { disabledAt: at(-2000), disabledBy: 'bob' };
  const [soon, later] = [at(60_000), at(120_000)];
  const purgeSoon = Math.floor((NOW_MS + 60_000) / 1000) + 90 * 86_400;
  const purgeNow = NOW_MS / 1000 + 90 * 86_400;

  test.each<[string, Partial<ImportedKey>[], object]>([
    ['revoked', [{}, revoked], { ...revoked, purgeAfter: purgeNow, ...CHANGED, version: 1 }],
    ['disabled', [{}, disabled], { ...disabled, ...CHANGED, version: 1 }],
    [
      'expired sooner',
      [{ expiresAt: later }, { expiresAt: soon }],
      { expiresAt: soon, purgeAfter: purgeSoon, ...CHANGED, version: 1 },
    ],
    ['with an expiry', [{}, { expiresAt: soon }], { expiresAt: soon, purgeAfter: purgeSoon, ...CHANGED, version: 1 }],
    [
      'disabled, and then revoked',
      [{}, disabled, revoked],
      { ...disabled, ...revoked, purgeAfter: purgeNow, ...CHANGED, version: 2 },
    ],
  ])('adds a later entry’s restriction to the first entry of a hash: %s', (_, fields, expected) =>
    expectMerged(fields, expected),
  );

  test.each<[string, Partial<ImportedKey>[], object]>([
    ['a later expiry', [{ expiresAt: soon }, { expiresAt: later }], { expiresAt: soon, purgeAfter: purgeSoon }],
    ['an active key', [revoked, {}], { ...revoked, purgeAfter: purgeNow }],
    ['a second revocation', [revoked, { ...revoked, revokedBy: 'eve' }], { ...revoked, purgeAfter: purgeNow }],
  ])('doesn’t change the first entry of a hash for %s in a later entry', (_, fields, expected) =>
    expectMerged(fields, expected),
  );

  /** Imports the entries with one hash. Expects one record. */
  async function expectMerged(fields: readonly Partial<ImportedKey>[], expected: object): Promise<void> {
    const table = tableOf();
    const keyHash = newHash();
    const keys = fields.map((more, index) => ({ keyHash, id: `k${index}`, label: `l${index}`, ...more }));
    const results = await run(table.registry, [...entries(3), ...keys, ...entries(3)]);
    expect(results.slice(3, 3 + keys.length)).toEqual([
      { index: 3, outcome: 'imported', id: 'k0' },
      ...keys.slice(1).map((_, at) => ({ index: 4 + at, outcome: 'skipped', firstIndex: 3 })),
    ]);
    const basis = { keyHash, id: 'k0', label: 'l0', createdAt: at(0), createdBy: 'tests', importedBy: 'tests' };
    expect((await table.items()).filter((item) => item['keyHash'] === keyHash)).toEqual([{ ...basis, ...expected }]);
  }

  test('rejects a later entry that restricts a key which was already in the table', async () => {
    const table = tableOf();
    const keyHash = newHash();
    await run(table.registry, [{ keyHash, label: 'x' }]);
    const before = await table.items();
    const results = await run(table.registry, [
      { keyHash, label: 'x' },
      { keyHash, label: 'x', ...revoked },
    ]);
    expect(results).toEqual([
      { index: 0, outcome: 'skipped' },
      { index: 1, outcome: 'rejected', problem: expect.stringMatching(/^keyHash: entry 1 has it too.*revokedAt/) },
    ]);
    expect(await table.items()).toEqual(before);
  });
}

function describeUnreadableRecords(tableOf: () => Table): void {
  test('rejects a later entry that restricts a key with an unreadable record', async () => {
    const table = tableOf();
    const keyHash = newHash();
    await table.put({ ...serialiseRecord(makeKey({ id: 'broken' }).record), keyHash, label: 7 });
    const before = await table.items();
    const results = await run(table.registry, [
      { keyHash, label: 'x' },
      { keyHash, label: 'x', expiresAt: at(60_000) },
      { keyHash, label: 'x' },
    ]);
    expect(results).toEqual([
      { index: 0, outcome: 'skipped' },
      {
        index: 1,
        outcome: 'rejected',
        problem: expect.stringMatching(
          /^keyHash: entry 1 has it too.*the record of key broken has an unreadable label/,
        ),
      },
      { index: 2, outcome: 'skipped', firstIndex: 0 },
    ]);
    expect(await table.items()).toEqual(before);
  });
}

function describeFailures(tableOf: () => Table): void {
  test('retries a throttled write', async () => {
    const table = tableOf();
    let calls = 0;
    const intercept = (operation: string, response: Parameters<typeof throttle>[0]): boolean =>
      operation === 'PutItem' && calls++ % 3 !== 0 && throttle(response);
    await withProxy(table, { intercept, attempts: 1, registry: { retryOptions: NO_WAIT } }, async (registry) => {
      expect(new Set(outcomesOf(await run(registry, entries(30), { concurrency: 3 })))).toEqual(new Set(['imported']));
    });
    expect(await table.items()).toHaveLength(30);
  });

  test('recognizes its own put if the response was lost', async () => {
    const table = tableOf();
    const beforeAnswer = afterFirst('PutItem', (response) => response.destroy());
    await withProxy(table, { beforeAnswer }, async (registry, proxy) => {
      expect(outcomesOf(await run(registry, entries(1)))).toEqual(['imported']);
      expect(proxy.of('PutItem')).toHaveLength(2);
    });
  });

  test.each(['the store', 'the source'])(
    'yields the results of the entries in progress if %s fails',
    async (culprit) => {
      const table = tableOf();
      const keys = entries(20);
      const source = function* () {
        for (const [index, key] of keys.entries()) {
          if (culprit === 'the source' && index === 10) throw new Error('the file is cut off');
          yield key;
        }
      };
      let puts = 0;
      const intercept = (operation: string, response: Parameters<typeof throttle>[0]): boolean => {
        if (culprit !== 'the store' || operation !== 'PutItem' || puts++ !== 10) return false;
        response.destroy();
        return true;
      };
      const told: ImportResult[] = [];
      await withProxy(table, { intercept, attempts: 1 }, async (registry) => {
        const work = (async () => {
          for await (const result of registry.importHashes(source(), { concurrency: 4 })) told.push(result);
        })();
        const failure = culprit === 'the store' ? { code: 'STORE_UNAVAILABLE' } : { message: 'the file is cut off' };
        await expect(work).rejects.toMatchObject(failure);
      });
      expect(new Set(outcomesOf(told))).toEqual(new Set(['imported']));
      expect(await table.items()).toHaveLength(told.length);
      expect(told.length).toBeGreaterThanOrEqual(10);
    },
  );
}

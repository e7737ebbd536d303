import { beforeAll, describe, expect, test } from '@jest/globals';
import type { KeyReader } from '../../../keys/reader.ts';
import type { JsonObject } from '../../../keys/json.ts';
import type { KeyRecord } from '../../../keys/record.ts';
import type { KeyHash } from '../../../keys/secret.ts';
import { at, fullItem, INTERVAL_MS, makeKey, MINUTE_MS, NOW_MS } from '../../support/keys.ts';

type Lookup = Pick<KeyReader, 'get' | 'recordUse'>;

/** The read side of a store, and the functions that prepare a test of it. */
export interface LookupUnderTest {
  readonly lookup: Lookup;
  /** The same lookup with an unreachable store. */
  readonly unreachable: Lookup;
  readonly put: (record: KeyRecord) => Promise<unknown>;
  readonly remove: (keyHash: KeyHash) => Promise<unknown>;
}

/** Describes every read side, including the fake of `latchkey/testing`. */
export function describeLookup(name: string, open: () => Promise<LookupUnderTest>): void {
  describe(`${name}: KeyReader`, () => {
    let store: LookupUnderTest;
    beforeAll(async () => {
      store = await open();
    });

    const putKey = async (fields: Partial<KeyRecord> = {}) => {
      const { record } = makeKey(fields);
      await store.put(record);
      return record;
    };
    const use = (keyHash: KeyHash, usedAtMs: number) =>
      store.lookup.recordUse(keyHash, usedAtMs, usedAtMs - INTERVAL_MS);

    test('reads every attribute of a record unchanged', async () => {
      const full = await putKey(fullItem() as Partial<KeyRecord>);
      expect(await store.lookup.get(full.keyHash)).toEqual(full);
      const least = await putKey();
      expect(await store.lookup.get(least.keyHash)).toEqual(least);
    });

    test.each<[string, JsonObject]>([
      ['an empty object', {}],
      ['nested maps and lists', { a: { b: [{ c: [] }, [1, [2]], {}] } }],
      ['null and empty strings', { none: null, empty: '', inside: [null, ''] }],
      ['numbers that JSON can represent', { list: [0, -1, 0.1, 1e-7, 0.1 + 0.2, 2 ** 53 + 2, 1e21, 1e100, -1.5e-100] }],
      ["names that aren't identifiers", { 'a b': 1, ü: 2, '#x': 3, ':y': 4, 'a.b': 5, toString: 6 }],
    ])('reads metadata unchanged: %s', async (_, metadata) => {
      const record = await putKey({ metadata });
      expect(await store.lookup.get(record.keyHash)).toEqual(record);
    });

    test('returns undefined for an unknown hash', async () => {
      expect(await store.lookup.get(makeKey().record.keyHash)).toBeUndefined();
    });

    test('writes the first use without other changes', async () => {
      const record = await putKey({ owner: 'acme', metadata: { seats: 3 } });
      expect(await use(record.keyHash, NOW_MS)).toBe('written');
      expect(await store.lookup.get(record.keyHash)).toEqual({ ...record, lastUsedAt: at(0) });
    });

    test.each([
      ['5 minutes', 5 * MINUTE_MS],
      ['14:59.999', INTERVAL_MS - 1],
    ])("doesn't write a use %s after the last one", async (_, laterMs) => {
      const record = await putKey({ lastUsedAt: at(0) });
      expect(await use(record.keyHash, NOW_MS + laterMs)).toBe('superseded');
      expect(await store.lookup.get(record.keyHash)).toEqual(record);
    });

    test.each([
      ['15:00 exactly', INTERVAL_MS],
      ['15:00.001', INTERVAL_MS + 1],
      ['a year', 365 * 24 * 60 * MINUTE_MS],
    ])('writes a use %s after the last one', async (_, laterMs) => {
      const record = await putKey({ lastUsedAt: at(0) });
      expect(await use(record.keyHash, NOW_MS + laterMs)).toBe('written');
      expect(await store.lookup.get(record.keyHash)).toEqual({ ...record, lastUsedAt: at(laterMs) });
    });

    test.each([0, -1, -MINUTE_MS])(
      "doesn't write a use %d ms after the last one because clocks may differ by a minute",
      async (earlierMs) => {
        const record = await putKey({ lastUsedAt: at(0) });
        expect(await use(record.keyHash, NOW_MS + earlierMs)).toBe('superseded');
        expect(await store.lookup.get(record.keyHash)).toEqual(record);
      },
    );

    test.each([-MINUTE_MS - 1, -INTERVAL_MS, -365 * 24 * 60 * MINUTE_MS])(
      'writes a use %d ms after a last one that is more than a minute in the future',
      async (earlierMs) => {
        const record = await putKey({ lastUsedAt: at(0) });
        expect(await use(record.keyHash, NOW_MS + earlierMs)).toBe('written');
        expect(await store.lookup.get(record.keyHash)).toEqual({ ...record, lastUsedAt: at(earlierMs) });
      },
    );

    test("doesn't restore a deleted key", async () => {
      const record = await putKey();
      await store.remove(record.keyHash);
      expect(await use(record.keyHash, NOW_MS)).toBe('superseded');
      expect(await store.lookup.get(record.keyHash)).toBeUndefined();
    });

    test.each([
      ['never used', {}],
      ['used an interval ago', { lastUsedAt: at(-2 * INTERVAL_MS) }],
    ])('writes exactly one of 50 concurrent uses of a key that was %s', async (_, fields) => {
      const record = await putKey(fields);
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, async (_, index) => ({ index, outcome: await use(record.keyHash, NOW_MS + index) })),
      );
      const [winner, ...others] = outcomes.filter(({ outcome }) => outcome === 'written');
      expect(others).toEqual([]);
      expect(outcomes.filter(({ outcome }) => outcome === 'superseded')).toHaveLength(49);
      const stored = await store.lookup.get(record.keyHash);
      expect(stored?.lastUsedAt).toBe(at(winner?.index ?? Number.NaN));
    });

    test('throws STORE_UNAVAILABLE for a read and a write if the store is unreachable', async () => {
      const { record } = makeKey();
      const fault = { code: 'STORE_UNAVAILABLE', cause: expect.any(Error) };
      await expect(store.unreachable.get(record.keyHash)).rejects.toMatchObject(fault);
      await expect(store.unreachable.recordUse(record.keyHash, NOW_MS, NOW_MS)).rejects.toMatchObject(fault);
    });
  });
}

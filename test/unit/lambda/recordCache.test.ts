import { describe, expect, test } from '@jest/globals';
import { LatchkeyError } from '../../../keys/errors.ts';
import type { KeyRecord } from '../../../keys/record.ts';
import type { KeyHash } from '../../../keys/secret.ts';
import { RecordCache, GenerationalMap } from '../../../lambda/recordCache.ts';
import { MemoryLookup } from '../../../testing/memoryLookup.ts';
import { makeKey, NOW_MS } from '../../support/keys.ts';

interface Limits {
  readonly recordMs?: number;
  readonly staleIfErrorMs?: number;
  readonly capacity?: number;
}

/** A cache in front of a table with one key, and an adjustable clock. */
function cacheOf({ recordMs = 60_000, staleIfErrorMs = 0, capacity = 10_000 }: Limits = {}) {
  const { record } = makeKey();
  const lookup = new MemoryLookup(record);
  const clock = { nowMs: NOW_MS };
  const cache = new RecordCache<KeyRecord>({ recordMs, staleIfErrorMs, capacity, now: () => clock.nowMs });
  const find = (keyHash: KeyHash = record.keyHash) => cache.find(keyHash, (hash) => lookup.get(hash));
  return { record, lookup, clock, cache, find };
}

/** A read that waits for its response. */
function slowRead() {
  let answer: (record: KeyRecord | undefined) => void = () => {};
  const record = new Promise<KeyRecord | undefined>((resolve) => (answer = resolve));
  return { read: () => record, answer: (value: KeyRecord) => answer(value) };
}

const unknownHash = () => makeKey().record.keyHash;

describe('a cached record', () => {
  test.each([0, 12, 13, 62])("doesn't match a hash that differs only in digit %i", async (at) => {
    const { record, cache, find } = cacheOf();
    await find();
    const changed = record.keyHash[at] === '0' ? '1' : '0';
    const other = `${record.keyHash.slice(0, at)}${changed}${record.keyHash.slice(at + 1)}` as KeyHash;
    expect(cache.get(other, NOW_MS)).toBeUndefined();
    const otherRecord = { ...record, keyHash: other };
    expect(await cache.find(other, async () => otherRecord)).toBe(otherRecord);
    expect(cache.get(other, NOW_MS)?.value).toBe(otherRecord);
    expect(cache.get(record.keyHash, NOW_MS)?.value).toBe(record);
    cache.forget(record.keyHash);
    expect(cache.get(other, NOW_MS)?.value).toBe(otherRecord);
  });

  test.each([
    ['1000000000000', '0000000000001'],
    ['a000000000000', '1000000000000'],
    ['000000000000a', '0000000000001'],
  ])('stays cached if another record is cached, even for hashes as similar as %s… and %s…', async (...starts) => {
    const { record, cache } = cacheOf();
    const records = starts.map((start) => ({ ...record, keyHash: start.padEnd(64, '0') as KeyHash }));
    for (const one of records) await cache.find(one.keyHash, async () => one);
    expect(records.map(({ keyHash }) => cache.get(keyHash, NOW_MS)?.value)).toEqual(records);
  });

  test('stays valid until its TTL passes', async () => {
    const { record, lookup, clock, find } = cacheOf();
    expect(await find()).toBe(record);
    clock.nowMs += 59_999;
    expect(await find()).toBe(record);
    expect(lookup.reads).toBe(1);
    clock.nowMs += 1;
    await find();
    expect(lookup.reads).toBe(2);
  });

  test('ages from the start of its read, even if the read was slow', async () => {
    const { record, lookup, clock, cache, find } = cacheOf();
    await cache.find(record.keyHash, async (hash) => {
      clock.nowMs += 4000;
      return lookup.get(hash);
    });
    clock.nowMs += 56_000;
    await find();
    expect(lookup.reads).toBe(2);
  });

  test('keeps the time of its read until it is removed', async () => {
    const { record, clock, cache, find } = cacheOf();
    expect(cache.readAtMs(record.keyHash)).toBeUndefined();
    await find();
    clock.nowMs += 1000;
    await find();
    expect(cache.readAtMs(record.keyHash)).toBe(NOW_MS);
    cache.forget(record.keyHash);
    expect(cache.readAtMs(record.keyHash)).toBeUndefined();
  });

  test('requires a new read for every request if the cache is off', async () => {
    const { record, lookup, cache, find } = cacheOf({ recordMs: 0 });
    await find();
    await find();
    expect(lookup.reads).toBe(2);
    expect(cache.readAtMs(record.keyHash)).toBeUndefined();
  });

  test('requires a new read after it was removed', async () => {
    const { record, lookup, cache, find } = cacheOf();
    await find();
    cache.forget(record.keyHash);
    await find();
    expect(lookup.reads).toBe(2);
  });

  test('expires even if the clock was set back', async () => {
    const { lookup, clock, find } = cacheOf();
    await find();
    clock.nowMs -= 3_600_000;
    await find();
    expect(lookup.reads).toBe(2);
  });
});

describe('the cache with two hashes that differ only in the last digit', () => {
  const { record } = makeKey();
  const other = {
    ...record,
    keyHash: `${record.keyHash.slice(0, -1)}${record.keyHash.endsWith('0') ? '1' : '0'}` as KeyHash,
  };

  test("returns each hash's own record if both hashes are looked up at the same time", async () => {
    const { cache } = cacheOf();
    const records = await Promise.all([record, other].map((one) => cache.find(one.keyHash, async () => one)));
    expect(records).toEqual([record, other]);
  });

  test('returns the record of one hash even if the table lacks the other hash', async () => {
    const { cache } = cacheOf();
    await cache.find(record.keyHash, async () => undefined);
    expect(await cache.find(other.keyHash, async () => other)).toBe(other);
  });

  test('never returns the record of the other hash, even during an outage', async () => {
    const { cache } = cacheOf({ recordMs: 0, staleIfErrorMs: 60_000 });
    await cache.find(record.keyHash, async () => record);
    const outage = () => Promise.reject(new LatchkeyError('STORE_UNAVAILABLE', 'down'));
    await expect(cache.find(other.keyHash, outage)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('concurrent lookups', () => {
  test('share one read of a key', async () => {
    const { record, lookup, find } = cacheOf();
    const found = await Promise.all(Array.from({ length: 20 }, () => find()));
    expect(new Set(found)).toEqual(new Set([record]));
    expect(lookup.reads).toBe(1);
  });

  test.each([0, 300_000])("don't share a read if the cache is off (staleIfErrorMs: %d)", async (staleIfErrorMs) => {
    const { record, lookup, find } = cacheOf({ recordMs: 0, staleIfErrorMs });
    const found = await Promise.all(Array.from({ length: 20 }, () => find()));
    expect(new Set(found)).toEqual(new Set([record]));
    expect(lookup.reads).toBe(20);
  });

  test("don't use a read that began before a revocation if the cache is off", async () => {
    const { record, cache, lookup, find } = cacheOf({ recordMs: 0, staleIfErrorMs: 300_000 });
    const slow = slowRead();
    const earlier = cache.find(record.keyHash, slow.read);
    const revoked = { ...record, revokedAt: record.createdAt };
    lookup.put(revoked);
    expect(await find()).toBe(revoked);
    slow.answer(record);
    expect(await earlier).toBe(record);
    lookup.isDown = true;
    expect(await find()).toBe(revoked);
  });

  test("cache a busy key's record for an outage, even if the next read always begins before the last one ends", async () => {
    const { record, lookup, cache, find } = cacheOf({ recordMs: 0, staleIfErrorMs: 300_000 });
    let last = slowRead();
    void cache.find(record.keyHash, last.read);
    for (let at = 0; at < 3; at++) {
      const next = slowRead();
      void cache.find(record.keyHash, next.read);
      last.answer(record);
      last = next;
    }
    lookup.isDown = true;
    await new Promise(setImmediate);
    const answers = await Promise.all(Array.from({ length: 60 }, () => find()));
    expect(new Set(answers)).toEqual(new Set([record]));
  });

  test("don't cache a record if a later read didn't find the key", async () => {
    const { record, cache, lookup, find } = cacheOf({ recordMs: 0, staleIfErrorMs: 300_000 });
    const slow = slowRead();
    const earlier = cache.find(record.keyHash, slow.read);
    lookup.records.delete(record.keyHash);
    expect(await find()).toBeUndefined();
    slow.answer(record);
    expect(await earlier).toBe(record);
    lookup.isDown = true;
    await expect(find()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test('cache a record even if a later read has failed', async () => {
    const { record, cache, lookup, find } = cacheOf({ recordMs: 0, staleIfErrorMs: 300_000 });
    const slow = slowRead();
    const earlier = cache.find(record.keyHash, slow.read);
    lookup.isDown = true;
    await expect(find()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    slow.answer(record);
    await earlier;
    expect(await find()).toBe(record);
  });

  test('return the newest cached record during an outage, even if it is newer than the lookup', async () => {
    const { record, cache, find } = cacheOf({ recordMs: 0, staleIfErrorMs: 300_000 });
    await find();
    let fail: (error: unknown) => void = () => {};
    const failing = cache.find(record.keyHash, () => new Promise((_, reject) => (fail = reject)));
    const revoked = { ...record, revokedAt: record.createdAt };
    await cache.find(record.keyHash, async () => revoked);
    fail(new LatchkeyError('STORE_UNAVAILABLE', 'down'));
    expect(await failing).toBe(revoked);
  });

  test('read a removed key again instead of sharing an earlier read', async () => {
    const { record, lookup, clock, cache, find } = cacheOf();
    const slow = slowRead();
    const earlier = cache.find(record.keyHash, slow.read);
    cache.forget(record.keyHash);
    const renamed = { ...record, label: 'renamed' };
    lookup.put(renamed);
    expect(await find()).toBe(renamed);
    slow.answer(record);
    expect(await earlier).toBe(record);
    expect(cache.get(record.keyHash, clock.nowMs)?.value).toBe(renamed);
  });

  test("wait for another lookup's read only for the record's TTL", async () => {
    const { record, lookup, clock, cache, find } = cacheOf({ recordMs: 1000 });
    const slow = slowRead();
    const earlier = cache.find(record.keyHash, slow.read);
    clock.nowMs += 999;
    const joined = find();
    clock.nowMs += 1;
    const renamed = { ...record, label: 'renamed' };
    lookup.put(renamed);
    expect(await find()).toBe(renamed);
    slow.answer(record);
    expect(await Promise.all([earlier, joined])).toEqual([record, record]);
    expect(cache.get(record.keyHash, clock.nowMs)?.value).toBe(renamed);
    expect(lookup.reads).toBe(1);
  });

  test('wait for the second of two reads, even after the first read has ended', async () => {
    const { record, lookup, clock, cache, find } = cacheOf({ recordMs: 1000 });
    const [first, second] = [slowRead(), slowRead()];
    const earlier = cache.find(record.keyHash, first.read);
    clock.nowMs += 1000;
    const later = cache.find(record.keyHash, second.read);
    first.answer(record);
    await earlier;
    const joined = find();
    const renamed = { ...record, label: 'renamed' };
    second.answer(renamed);
    expect(await Promise.all([later, joined])).toEqual([renamed, renamed]);
    expect(lookup.reads).toBe(0);
  });

  test('share the error of a read without affecting the next lookup', async () => {
    const { record, lookup, find } = cacheOf();
    lookup.isDown = true;
    const settled = await Promise.allSettled([find(), find(), find()]);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(lookup.reads).toBe(1);
    lookup.isDown = false;
    expect(await find()).toBe(record);
  });
});

describe('an unknown hash', () => {
  test('stays cached for ten seconds', async () => {
    const { lookup, clock, find } = cacheOf();
    const hash = unknownHash();
    expect(await find(hash)).toBeUndefined();
    clock.nowMs += 9_999;
    expect(await find(hash)).toBeUndefined();
    expect(lookup.reads).toBe(1);
    clock.nowMs += 1;
    await find(hash);
    expect(lookup.reads).toBe(2);
  });

  test('stays cached no longer than a record', async () => {
    const { lookup, clock, find } = cacheOf({ recordMs: 3000 });
    const hash = unknownHash();
    await find(hash);
    clock.nowMs += 3000;
    await find(hash);
    expect(lookup.reads).toBe(2);
  });

  test("doesn't stay cached if the cache is off", async () => {
    const { lookup, find } = cacheOf({ recordMs: 0, staleIfErrorMs: 60_000 });
    const hash = unknownHash();
    await find(hash);
    await find(hash);
    expect(lookup.reads).toBe(2);
  });

  test('never evicts a record, even in a flood of unknown hashes', async () => {
    const { lookup, find } = cacheOf({ capacity: 100 });
    await find();
    for (let i = 0; i < 1000; i++) await find(unknownHash());
    const readsBefore = lookup.reads;
    await find();
    expect(lookup.reads).toBe(readsBefore);
  });

  test('stays cached after the cached record of a deleted key has expired', async () => {
    const { record, lookup, clock, find } = cacheOf({ staleIfErrorMs: 600_000 });
    await find();
    lookup.records.delete(record.keyHash);
    clock.nowMs += 60_000;
    expect(await find()).toBeUndefined();
    lookup.isDown = true;
    clock.nowMs += 60_000;
    await expect(find()).rejects.toThrow(LatchkeyError);
  });
});

describe('the record cache', () => {
  test('throws a fault during an outage unless stale records are allowed', async () => {
    const { lookup, clock, find } = cacheOf();
    await find();
    lookup.isDown = true;
    clock.nowMs += 60_000;
    await expect(find()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test.each([60_000, 0])(
    'returns a stale record during an outage for the configured duration (cache TTL: %d ms)',
    async (recordMs) => {
      const { record, lookup, clock, find } = cacheOf({ recordMs, staleIfErrorMs: 300_000 });
      await find();
      lookup.isDown = true;
      clock.nowMs += 299_999;
      expect(await find()).toBe(record);
      clock.nowMs += 1;
      await expect(find()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    },
  );

  test("doesn't return a stale record if the table has a corrupt record", async () => {
    const { record, cache, clock, find } = cacheOf({ staleIfErrorMs: 300_000 });
    await find();
    clock.nowMs += 60_000;
    const corrupt = () => Promise.reject(new LatchkeyError('RECORD_CORRUPT', 'corrupt'));
    await expect(cache.find(record.keyHash, corrupt)).rejects.toMatchObject({ code: 'RECORD_CORRUPT' });
  });

  test("returns the table's record after the outage", async () => {
    const { record, lookup, clock, find } = cacheOf({ staleIfErrorMs: 300_000 });
    await find();
    lookup.isDown = true;
    clock.nowMs += 120_000;
    await find();
    lookup.isDown = false;
    const renamed = { ...record, label: 'renamed' };
    lookup.put(renamed);
    expect(await find()).toBe(renamed);
  });
});

describe('refresh', () => {
  test("starts a read that other lookups don't wait for", async () => {
    const { record, lookup, clock, cache, find } = cacheOf();
    await find();
    void cache.refresh(record.keyHash, () => new Promise(() => {}));
    clock.nowMs += 600_000;
    const revoked = { ...record, revokedAt: record.createdAt };
    lookup.put(revoked);
    expect(await find()).toBe(revoked);
  });

  test('replaces the cached record with one that ages from the start of its read', async () => {
    const { record, clock, cache, find } = cacheOf();
    await find();
    clock.nowMs += 1000;
    const renamed = { ...record, label: 'renamed' };
    await cache.refresh(record.keyHash, async () => {
      clock.nowMs += 1000;
      return renamed;
    });
    expect(await find()).toBe(renamed);
    expect(cache.readAtMs(record.keyHash)).toBe(NOW_MS + 1000);
  });

  test("doesn't change the cache if it ends after a later read", async () => {
    const { record, lookup, clock, cache, find } = cacheOf();
    await find();
    let answer: (record: KeyRecord | undefined) => void = () => {};
    const read = cache.refresh(record.keyHash, () => new Promise((resolve) => (answer = resolve)));
    clock.nowMs += 60_000;
    const revoked = { ...record, revokedAt: record.createdAt };
    lookup.put(revoked);
    await find();
    answer(record);
    expect(await read).toBe(record);
    expect(cache.get(record.keyHash, clock.nowMs)?.value).toBe(revoked);

    const readOfDeleted = cache.refresh(record.keyHash, () => new Promise((resolve) => (answer = resolve)));
    clock.nowMs += 60_000;
    lookup.records.delete(record.keyHash);
    expect(await find()).toBeUndefined();
    answer(record);
    await readOfDeleted;
    expect(cache.get(record.keyHash, clock.nowMs)).toEqual({ record: undefined });
  });

  test('keeps its result even if a shared read that began earlier ends later', async () => {
    const { record, clock, cache } = cacheOf();
    const slow = slowRead();
    const earlier = cache.find(record.keyHash, slow.read);
    clock.nowMs -= 1000;
    const revoked = { ...record, revokedAt: record.createdAt };
    await cache.refresh(record.keyHash, async () => revoked);
    slow.answer(record);
    expect(await earlier).toBe(record);
    expect(cache.get(record.keyHash, clock.nowMs)?.value).toBe(revoked);
  });

  test('keeps its result after a clock that was set back has caught up', async () => {
    const { record, lookup, clock, find } = cacheOf();
    await find();
    clock.nowMs -= 600_000;
    const revoked = { ...record, revokedAt: record.createdAt };
    lookup.put(revoked);
    expect(await find()).toBe(revoked);
    clock.nowMs += 600_001;
    expect(await find()).toBe(revoked);
  });
});

test('GenerationalMap finds an entry until it is deleted', () => {
  const map = new GenerationalMap<string, number>(10);
  map.set('a', 1);
  map.set('a', 2);
  expect([map.get('a'), map.size]).toEqual([2, 1]);
  map.delete('a');
  expect([map.get('a'), map.size]).toEqual([undefined, 0]);
});

test('GenerationalMap never exceeds its capacity', () => {
  const map = new GenerationalMap<number, number>(100);
  let largest = 0;
  for (let i = 0; i < 10_000; i++) {
    map.set(i % 997, i);
    map.get((i * 31) % 997);
    largest = Math.max(largest, map.size);
  }
  expect(largest).toBeLessThanOrEqual(100);
  expect(largest).toBeGreaterThanOrEqual(50);
});

test('GenerationalMap keeps a used entry through a flood of unused ones', () => {
  const map = new GenerationalMap<string, number>(100);
  map.set('used', 1);
  for (let i = 0; i < 10_000; i++) {
    map.set(`flood ${i}`, i);
    if (i % 40 === 0) expect(map.get('used')).toBe(1);
  }
});

test('GenerationalMap always keeps the latest entries, up to half its capacity', () => {
  const map = new GenerationalMap<number, number>(100);
  for (let i = 0; i < 1234; i++) map.set(i, i);
  for (let i = 1234 - 50; i < 1234; i++) expect(map.get(i)).toBe(i);
});

test('GenerationalMap keeps only one copy of an entry that is set again in a new generation', () => {
  const map = new GenerationalMap<string, number>(4);
  map.set('a', 1);
  map.set('b', 1);
  map.set('c', 1);
  map.set('a', 2);
  expect([map.size, map.get('a')]).toEqual([3, 2]);
  map.delete('a');
  expect(map.get('a')).toBeUndefined();
});

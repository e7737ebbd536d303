import { describe, expect, test } from '@jest/globals';
import { authorize } from '../../../lambda/authorize.ts';
import { type CachedKey, toCachedKey } from '../../../lambda/cachedKey.ts';
import { RecordCache } from '../../../lambda/recordCache.ts';
import type { Route } from '../../../lambda/routes.ts';
import { Scopes } from '../../../lambda/scopes.ts';
import { LastUsedThrottle } from '../../../lambda/lastUsed.ts';
import { MemoryLookup } from '../../../testing/memoryLookup.ts';
import { at, INTERVAL_MS, makeKey, MINUTE_MS, NOW_MS } from '../../support/keys.ts';

const ROUTE = 'GET /orders' as Route;

/** Decides on one key of a table, which has been read once. */
async function deciding(fields: Parameters<typeof makeKey>[0] = {}) {
  const { secret, record } = makeKey(fields);
  const lookup = new MemoryLookup(record);
  const clock = { nowMs: NOW_MS };
  const now = () => clock.nowMs;
  const cache = new RecordCache<CachedKey>({ recordMs: MINUTE_MS, staleIfErrorMs: 0, now });
  const throttle = new LastUsedThrottle({ intervalMs: INTERVAL_MS });
  const deps = { lookup, cache, throttle, scopes: new Scopes(), plans: undefined, now };
  const key = toCachedKey(record, deps);
  const decide = () => authorize({ kind: 'key', secret }, ROUTE, clock.nowMs, deps);
  await cache.find(record.keyHash, async () => key);
  return { record, key, lookup, clock, throttle, decide };
}

test('authorize returns the decision on a cached key at once, without a promise', async () => {
  const { key, decide } = await deciding({ lastUsedAt: at(0) });
  expect(decide()).toEqual({ decision: { effect: 'allow', key }, trace: { cacheHit: true, lastUsedWrite: 'not due' } });
});

describe('the last-used write', () => {
  test('is superseded if another environment has written since the record was read', async () => {
    const { record, key, lookup, decide } = await deciding();
    lookup.put({ ...record, lastUsedAt: at(-1) });
    expect(await decide()).toEqual({
      decision: { effect: 'allow', key },
      trace: { cacheHit: true, lastUsedWrite: 'superseded' },
    });
    expect(lookup.records.get(record.keyHash)?.lastUsedAt).toBe(at(-1));
  });

  test.each([
    ['another environment made it since', { lastUsedAt: at(0) }],
    ['the key is gone', undefined],
  ])("is superseded without a write if the environment's own record is due but %s", async (_, fields) => {
    const { record, key, lookup, clock, throttle, decide } = await deciding({ lastUsedAt: at(-INTERVAL_MS + 1) });
    throttle.claim({ ...key, lastUsedAtMs: NOW_MS - 2 * INTERVAL_MS }, NOW_MS - INTERVAL_MS + 1);
    clock.nowMs += 1;
    if (fields === undefined) lookup.records.delete(record.keyHash);
    else lookup.put({ ...record, ...fields });
    expect(await decide()).toEqual({
      decision: { effect: 'allow', key },
      trace: { cacheHit: true, lastUsedWrite: 'superseded' },
    });
    expect(lookup.writes).toBe(0);
  });
});

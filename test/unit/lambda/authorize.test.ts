import { describe, expect, test } from '@jest/globals';
import { authorize, type AuthorizeObserver } from '../../../lambda/authorize.ts';
import { RecordCache } from '../../../lambda/recordCache.ts';
import type { Route } from '../../../lambda/routes.ts';
import { Scopes } from '../../../lambda/scopes.ts';
import { LastUsedThrottle } from '../../../lambda/lastUsed.ts';
import { MemoryLookup } from '../../../testing/memoryLookup.ts';
import { at, INTERVAL_MS, makeKey, MINUTE_MS, NOW_MS } from '../../support/keys.ts';

const ROUTE = 'GET /orders' as Route;

/** What decides on one key of a table, which is read once, and all that an observer is told. */
async function deciding(fields: Parameters<typeof makeKey>[0] = {}) {
  const { secret, record } = makeKey(fields);
  const lookup = new MemoryLookup(record);
  const clock = { nowMs: NOW_MS };
  const now = () => clock.nowMs;
  const cache = new RecordCache({ recordMs: MINUTE_MS, staleIfErrorMs: 0, now });
  const throttle = new LastUsedThrottle({ intervalMs: INTERVAL_MS });
  const deps = { lookup, cache, throttle, scopes: new Scopes(), now };
  const told: string[] = [];
  const observer: AuthorizeObserver = {
    onCacheHit: () => told.push('hit'),
    onLookup: () => told.push('lookup'),
    onLastUsedWrite: (outcome) => told.push(outcome),
    onLastUsedWriteFailed: () => told.push('failed'),
  };
  const decide = () => authorize({ kind: 'key', secret }, ROUTE, clock.nowMs, deps, observer);
  await cache.find(record.keyHash, (keyHash) => lookup.get(keyHash));
  return { record, lookup, clock, throttle, told, decide };
}

test('a decision on a key that is held is there at once, without a promise', async () => {
  const { record, told, decide } = await deciding({ lastUsedAt: at(0) });
  expect(decide()).toEqual({ effect: 'allow', record });
  expect(told).toEqual(['hit']);
});

describe('a last-used write', () => {
  test('that another environment made since the record was read is not made again', async () => {
    const { record, lookup, told, decide } = await deciding();
    lookup.put({ ...record, lastUsedAt: at(-1) });
    expect(await decide()).toEqual({ effect: 'allow', record });
    expect(lookup.records.get(record.keyHash)?.lastUsedAt).toBe(at(-1));
    expect(told).toEqual(['hit', 'superseded']);
  });

  test.each([
    ['another environment made it since', { lastUsedAt: at(0) }],
    ['the key is gone', undefined],
  ])('that falls due on the own record is superseded, and no failure, where %s', async (_, fields) => {
    const { record, lookup, clock, throttle, told, decide } = await deciding({ lastUsedAt: at(-INTERVAL_MS + 1) });
    throttle.claim({ ...record, lastUsedAt: at(-2 * INTERVAL_MS) }, NOW_MS - INTERVAL_MS + 1);
    clock.nowMs += 1;
    if (fields === undefined) lookup.records.delete(record.keyHash);
    else lookup.put({ ...record, ...fields });
    expect(await decide()).toEqual({ effect: 'allow', record });
    expect(lookup.writes).toBe(0);
    expect(told).toEqual(['hit', 'superseded']);
  });
});

import { describe, expect, test, afterEach, jest } from '@jest/globals';
import { setImmediate as settled } from 'node:timers/promises';
import { LatchkeyError } from '../../../keys/errors.ts';
import { authorize } from '../../../lambda/authorize.ts';
import { type CachedKey, toCachedKey } from '../../../lambda/cachedKey.ts';
import { readConfig } from '../../../lambda/config.ts';
import { createHandler } from '../../../lambda/createHandler.ts';
import { LastUsedThrottle } from '../../../lambda/lastUsed.ts';
import { RecordCache } from '../../../lambda/recordCache.ts';
import type { Route } from '../../../lambda/routes.ts';
import { Scopes } from '../../../lambda/scopes.ts';
import { restRequestEvent } from '../../../testing/authorizerEvents.ts';
import { MemoryLookup } from '../../../testing/memoryLookup.ts';
import { at, INTERVAL_MS, makeKey, MINUTE_MS, NOW_MS } from '../../support/keys.ts';

const ROUTE = 'GET /orders' as Route;

/** Decides on one key of a table. The cache has read the table once. */
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

test('authorize returns the decision on a cached key synchronously', async () => {
  const { key, decide } = await deciding({ lastUsedAt: at(0) });
  expect(decide()).toEqual({ decision: { effect: 'allow', key }, trace: { cacheHit: true, lastUsedWrite: 'not due' } });
});

describe('the last-used write', () => {
  test("doesn't replace a newer write by another execution environment", async () => {
    const { record, key, lookup, decide } = await deciding();
    lookup.put({ ...record, lastUsedAt: at(-1) });
    expect(await decide()).toEqual({
      decision: { effect: 'allow', key },
      trace: { cacheHit: true, lastUsedWrite: 'superseded' },
    });
    expect(lookup.records.get(record.keyHash)?.lastUsedAt).toBe(at(-1));
  });

  test.each([
    ['another execution environment has made the write', { lastUsedAt: at(0) }],
    ['the key is gone', undefined],
  ])('counts as superseded if %s', async (_, fields) => {
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

const { secret, record } = makeKey();
/** The maximum delay by a read that only a last-used write needs. */
const BOUND_MS = 300;

/**
 * Creates a handler that wrote the last use one interval ago and has read the record since. It reads the table before
 * its next write.
 */
async function functionWithWriteDue() {
  const clock = { nowMs: NOW_MS };
  const lookup = new MemoryLookup(record);
  const log: string[] = [];
  const handler = createHandler({
    config: readConfig({ LATCHKEY_TABLE: 'keys', LATCHKEY_METRICS: 'false' }),
    functionName: 'authorizer',
    lookup,
    now: () => clock.nowMs,
    random: () => 0.5,
    writeLog: (line) => log.push(line),
  });
  const invoke = () => Promise.resolve(handler(restRequestEvent({ key: secret })));
  await invoke();
  clock.nowMs = NOW_MS + INTERVAL_MS - 1;
  await invoke();
  expect(lookup).toMatchObject({ reads: 2, writes: 1 });
  clock.nowMs += 1;
  return { clock, lookup, log, invoke };
}

afterEach(() => {
  jest.useRealTimers();
});

test('a read before a last-used write delays the request by at most 300 ms', async () => {
  const { clock, lookup, log, invoke } = await functionWithWriteDue();
  const { get } = lookup;
  let giveUp: (error: Error) => void = () => {};
  lookup.get = () => new Promise((_, reject) => (giveUp = reject));
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'Date', 'performance'] });
  const answers: object[] = [];
  const invoked = invoke().then((answer) => answers.push(answer));
  await jest.advanceTimersByTimeAsync(BOUND_MS - 1);
  expect(answers).toEqual([]);
  await jest.advanceTimersByTimeAsync(1);
  await invoked;
  expect(answers).toMatchObject([{ principalId: record.id, policyDocument: { Statement: [{ Effect: 'Allow' }] } }]);
  expect(log.map((line) => JSON.parse(line))).toMatchObject([
    { message: 'last-used write failed', cause: 'TimeoutError', keyId: record.id },
  ]);
  expect(lookup.writes).toBe(1);
  expect(jest.getTimerCount()).toBe(0);

  // The client finally aborts the read. The handler released the claim, so a request a minute later tries the write
  // again.
  giveUp(new LatchkeyError('STORE_UNAVAILABLE', 'no answer'));
  await settled();
  lookup.get = get;
  await invoke();
  clock.nowMs += MINUTE_MS - 1;
  await invoke();
  expect(lookup.writes).toBe(1);
  clock.nowMs += 1;
  await invoke();
  expect(lookup.writes).toBe(2);
});

test('a read before a last-used write leads to the write if its response arrives in time', async () => {
  const { lookup, log, invoke } = await functionWithWriteDue();
  expect(await invoke()).toMatchObject({ principalId: record.id });
  expect(lookup).toMatchObject({ reads: 3, writes: 2 });
  expect(log).toEqual([]);
});

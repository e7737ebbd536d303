import { describe, expect, test } from '@jest/globals';
import { LatchkeyError } from '../../../keys/errors.ts';
import type { LimitTaker, PlanLimits } from '../../../keys/limits.ts';
import { Limiter, type LimiterOptions } from '../../../lambda/limiter.ts';
import { MemoryLimits } from '../../../testing/memoryLimits.ts';

/** The start of a minute, an hour and a day. */
const START_MS = Date.UTC(2026, 10, 30);
const quota = (limit: number, period: 'minute' | 'day' = 'day'): PlanLimits => ({
  quota: { limit, period },
  per: 'key',
});
const throttle = (rateLimit: number, burstLimit: number): PlanLimits => ({
  throttle: { rateLimit, burstLimit },
  per: 'key',
});

/** Records the size of each lease that the limiter asks for. */
class AskedLimits extends MemoryLimits {
  readonly asked: number[] = [];
  override takeQuota(ask: Parameters<LimitTaker['takeQuota']>[0]) {
    this.asked.push(ask.count);
    return super.takeQuota(ask);
  }
  override takeThrottle(ask: Parameters<LimitTaker['takeThrottle']>[0]) {
    this.asked.push(ask.count);
    return super.takeThrottle(ask);
  }
}

function limiterUnderTest(limits: PlanLimits, options: Partial<LimiterOptions> = {}, store = new AskedLimits()) {
  const clock = { nowMs: START_MS };
  const limiter = new Limiter({ store, limits: { free: limits }, now: () => clock.nowMs, ...options });
  const take = async ({ id = 'one', sinceMs = 0 } = {}) => {
    const subject = limiter.subjectOf({ id, plan: 'free' });
    if (subject === undefined) throw new Error('the plan has no limits');
    return limiter.take({ ...subject, sinceMs }, clock.nowMs);
  };
  /** Makes requests in sequence, with this time between them, and returns their effects. */
  const takeAll = async (count: number, everyMs = 0) => {
    const codes: string[] = [];
    for (let made = 0; made < count; made++) {
      const outcome = await take();
      codes.push(outcome.effect === 'refuse' ? outcome.code : outcome.effect);
      clock.nowMs += everyMs;
    }
    return codes;
  };
  return { limiter, clock, store, take, takeAll };
}

const allowedOf = (codes: readonly string[]) => codes.filter((code) => code === 'allow').length;

describe('a quota', () => {
  test('allows exactly its limit, and refuses the rest of the window', async () => {
    const { clock, takeAll } = limiterUnderTest(quota(100));
    const codes = await takeAll(150);
    expect(codes.slice(0, 100)).toEqual(Array.from({ length: 100 }, () => 'allow'));
    expect(codes.slice(100)).toEqual(Array.from({ length: 50 }, () => 'QUOTA_EXCEEDED'));
    clock.nowMs = START_MS + 86_400_000;
    expect(await takeAll(1)).toEqual(['allow']);
  });

  test('allows exactly its limit if several environments share it', async () => {
    const store = new AskedLimits();
    const fleet = Array.from({ length: 8 }, () => limiterUnderTest(quota(1000), {}, store));
    const codes = await Promise.all(fleet.map(({ takeAll }) => takeAll(300)));
    expect(allowedOf(codes.flat())).toBe(1000);
  });

  test('allows exactly its limit to concurrent requests', async () => {
    const { take } = limiterUnderTest(quota(100));
    const outcomes = await Promise.all(Array.from({ length: 150 }, () => take()));
    expect(outcomes.filter(({ effect }) => effect === 'allow')).toHaveLength(100);
  });

  test('doubles its leases from 1 while they are spent in time', async () => {
    const { store, takeAll } = limiterUnderTest(quota(100_000));
    await takeAll(63);
    expect(store.asked).toEqual([1, 2, 4, 8, 16, 32]);
  });

  test('leases at most what the environment needs in a minute', async () => {
    const { store, takeAll } = limiterUnderTest(quota(1_000_000));
    await takeAll(200, 10_000);
    expect(Math.max(...store.asked)).toBe(6);
    expect(store.asked.at(-1)).toBe(6);
  });

  test('leases at most a sixteenth of what is left, and at least 1', async () => {
    const { store, takeAll } = limiterUnderTest(quota(320));
    await takeAll(400);
    let left = 320;
    for (const count of store.asked.slice(0, -1)) {
      expect(count).toBeLessThanOrEqual(Math.max(1, left / 16));
      left -= count;
    }
    expect(left).toBe(0);
  });

  test('asks once more for 1 if a larger lease is refused', async () => {
    const { store, takeAll } = limiterUnderTest(quota(100));
    await takeAll(7);
    const [name = ''] = store.counters.keys();
    store.counters.set(name, 99);
    store.asked.length = 0;
    expect(await takeAll(2)).toEqual(['allow', 'QUOTA_EXCEEDED']);
    expect(store.asked).toEqual([expect.any(Number), 1, 1]);
    expect(store.asked[0]).toBeGreaterThan(1);
  });

  test('remembers a refusal until the window ends', async () => {
    const { clock, store, take, takeAll } = limiterUnderTest(quota(1, 'minute'));
    await takeAll(2);
    const { writes } = store;
    clock.nowMs = START_MS + 59_999;
    const outcome = await take();
    expect(outcome).toMatchObject({ effect: 'refuse', retryAfterSeconds: 1, writes: 0 });
    expect(store.writes).toBe(writes);
    clock.nowMs++;
    expect(await take()).toMatchObject({ effect: 'allow', writes: 1 });
  });

  test('keeps the size of its leases over windows', async () => {
    const { clock, store, takeAll } = limiterUnderTest(quota(100_000, 'minute'));
    await takeAll(31);
    store.asked.length = 0;
    clock.nowMs = START_MS + 60_000;
    await takeAll(1);
    expect(store.asked[0]).toBeGreaterThanOrEqual(16);
  });

  test("doesn't spend a lease after its window", async () => {
    const { clock, store, takeAll } = limiterUnderTest(quota(100_000, 'minute'));
    await takeAll(4);
    expect(store.asked).toEqual([1, 2, 4]);
    clock.nowMs = START_MS + 60_000;
    await takeAll(1);
    expect([...store.counters.values()]).toEqual([7, expect.any(Number)]);
  });

  test('answers synchronously from memory', async () => {
    const { limiter, clock, takeAll } = limiterUnderTest(quota(1000));
    await takeAll(2);
    const subject = limiter.subjectOf({ id: 'one', plan: 'free' });
    expect(subject && limiter.take(subject, clock.nowMs)).toMatchObject({ effect: 'allow', writes: 0 });
  });

  test('reports what is left of it, and when it begins again', async () => {
    const { clock, take, takeAll } = limiterUnderTest(quota(100));
    await takeAll(9);
    clock.nowMs = START_MS + 1000;
    const policies = [{ name: 'quota', limit: 100, windowSeconds: 86_400 }];
    const state = { policies, policy: 'quota', remaining: 90, resetSeconds: 86_399 };
    expect(await take()).toMatchObject({ effect: 'allow', state });
    await takeAll(91);
    expect(await take()).toMatchObject({ effect: 'refuse', state: { remaining: 0, resetSeconds: 86_399 } });
  });

  test('asks again in the same window once the key is newer than the refusal', async () => {
    const { store, take, takeAll } = limiterUnderTest(quota(5));
    await takeAll(6);
    store.counters.clear();
    expect(await take()).toMatchObject({ effect: 'refuse' });
    expect(await take({ sinceMs: START_MS })).toMatchObject({ effect: 'allow', writes: 1 });
    expect(await take({ sinceMs: START_MS })).toMatchObject({ effect: 'allow' });
    // Another key of the same owner may not have been read again yet.
    expect(await take({ sinceMs: 0 })).toMatchObject({ effect: 'allow' });
  });

  test('is asked again after quotaRefusalMs', async () => {
    const { clock, store, take, takeAll } = limiterUnderTest(quota(1), { quotaRefusalMs: 60_000 });
    await takeAll(2);
    store.counters.clear();
    clock.nowMs += 59_999;
    expect(await take()).toMatchObject({ effect: 'refuse', retryAfterSeconds: 86_341 });
    clock.nowMs++;
    expect(await take()).toMatchObject({ effect: 'allow' });
  });

  test.each(['owner', 'plan'] as const)(
    'per %s is asked again after a minute, because a reset may be of another key',
    async (per) => {
      const { clock, store, take, takeAll } = limiterUnderTest({ ...quota(1), per });
      await takeAll(2);
      store.counters.clear();
      clock.nowMs += 59_999;
      expect(await take()).toMatchObject({ effect: 'refuse' });
      clock.nowMs++;
      expect(await take()).toMatchObject({ effect: 'allow' });
    },
  );

  test('is counted in the right window if the clock is set back', async () => {
    const { clock, take, takeAll } = limiterUnderTest(quota(2, 'minute'));
    clock.nowMs = START_MS + 60_000;
    await takeAll(3);
    clock.nowMs = START_MS;
    expect(await take()).toMatchObject({ effect: 'allow' });
  });

  test("doesn't spend a lease of a later window if the clock is set back", async () => {
    const { clock, store, takeAll } = limiterUnderTest(quota(100, 'minute'));
    clock.nowMs = START_MS + 60_000;
    await takeAll(4);
    expect(store.asked).toEqual([1, 2, 4]);
    clock.nowMs = START_MS;
    await takeAll(1);
    expect([...store.counters.values()]).toEqual([7, expect.any(Number)]);
  });
});

describe('a throttle', () => {
  test("doesn't save requests in leases until its burst is full again", async () => {
    const store = new AskedLimits();
    const [rate, burst] = [10, 640];
    const fleet = Array.from({ length: 3 }, () => limiterUnderTest(throttle(rate, burst), {}, store));
    // The last lease of the first two environments is hardly spent.
    for (const { takeAll } of fleet.slice(0, 2)) expect(allowedOf(await takeAll(16))).toBe(16);
    expect(store.asked).toEqual([1, 2, 4, 8, 16, 1, 1, 2, 4, 8, 16]);
    for (const { clock } of fleet) clock.nowMs += 9000;
    let allowed = 0;
    for (const { takeAll } of fleet.toReversed()) allowed += allowedOf(await takeAll(burst));
    expect(allowed).toBeGreaterThanOrEqual(0.9 * burst);
    expect(allowed).toBeLessThanOrEqual(burst + rate);
  });

  test('allows its burst, then its rate', async () => {
    const { takeAll } = limiterUnderTest(throttle(10, 5));
    expect(allowedOf(await takeAll(20))).toBe(5);
    const codes = await takeAll(1000, 10);
    expect(allowedOf(codes)).toBeGreaterThanOrEqual(95);
    expect(allowedOf(codes)).toBeLessThanOrEqual(100);
  });

  test.each([
    [1, 1, 1],
    [5, 10, 3],
    [50, 100, 30],
    [500, 1000, 3],
  ])(
    'allows at most burst + rate × (T + 1 s) at %i/s, with a burst of %i and %i environments',
    async (rate, burst, size) => {
      const store = new AskedLimits();
      const fleet = Array.from({ length: size }, () => limiterUnderTest(throttle(rate, burst), {}, store));
      const steps = 9 * rate + 3 * burst;
      let allowed = 0;
      let leastDrained = Infinity;
      let mostAtOnce = 0;
      for (let step = 0; step < steps; step++) {
        // The environments are idle for a while, so the burst is as full as it can be.
        const sinceMs = Math.floor((step * 1000) / (3 * rate) + (step > steps / 2 ? 5000 : 0));
        for (const { clock } of fleet) clock.nowMs = START_MS + sinceMs;
        const outcome = await fleet[(step * 7) % size]?.take();
        if (outcome?.effect !== 'allow') continue;
        // The most requests in any time T, less the rate in T.
        const drained = (rate * sinceMs) / 1000;
        leastDrained = Math.min(leastDrained, allowed - drained);
        allowed++;
        mostAtOnce = Math.max(mostAtOnce, allowed - drained - leastDrained);
      }
      expect(mostAtOnce).toBeLessThanOrEqual(burst + rate);
      // The leases of other environments may hold a part of the burst.
      expect(mostAtOnce).toBeGreaterThanOrEqual(0.8 * burst);
    },
  );

  test('remembers a refusal for 250 ms', async () => {
    const { clock, store, take, takeAll } = limiterUnderTest(throttle(100, 1));
    await takeAll(2);
    const { writes } = store;
    clock.nowMs += 249;
    expect(await take()).toMatchObject({ effect: 'refuse', code: 'THROTTLED', retryAfterSeconds: 1, writes: 0 });
    expect(store.writes).toBe(writes);
    clock.nowMs++;
    expect(await take()).toMatchObject({ effect: 'allow' });
  });

  test("doesn't spend a lease that is 750 ms old", async () => {
    const { clock, store, takeAll } = limiterUnderTest(throttle(1000, 2000));
    await takeAll(4);
    expect(store.asked).toEqual([1, 2, 4]);
    clock.nowMs += 749;
    await takeAll(1);
    expect(store.asked).toHaveLength(3);
    clock.nowMs++;
    await takeAll(1);
    expect(store.asked.length).toBeGreaterThan(3);
  });

  test('makes one write for each request of an environment that is alone and slow', async () => {
    const { store, takeAll } = limiterUnderTest(throttle(5, 10));
    expect(allowedOf(await takeAll(100, 1000))).toBe(100);
    expect(store.writes).toBe(100);
  });

  test('comes before the quota of the same plan', async () => {
    const { store, clock, takeAll } = limiterUnderTest({ ...throttle(1, 2), ...quota(3) });
    expect(await takeAll(3)).toEqual(['allow', 'allow', 'THROTTLED']);
    clock.nowMs += 2000;
    expect(await takeAll(2)).toEqual(['allow', 'QUOTA_EXCEEDED']);
    clock.nowMs += 60_000;
    const { writes } = store;
    expect(await takeAll(5)).toEqual(Array.from({ length: 5 }, () => 'QUOTA_EXCEEDED'));
    expect(store.writes).toBe(writes);
  });
});

describe('a failure of the store', () => {
  test('leaves the limits unknown, and is remembered for a second', async () => {
    const { clock, store, take } = limiterUnderTest(quota(100));
    store.isDown = true;
    const error = expect.objectContaining({ code: 'STORE_UNAVAILABLE' });
    expect(await take()).toEqual({ effect: 'unknown', error, writes: 1 });
    clock.nowMs += 999;
    expect(await take({ id: 'two' })).toEqual({ effect: 'unknown', error, writes: 0 });
    clock.nowMs++;
    store.isDown = false;
    expect(await take()).toMatchObject({ effect: 'allow' });
  });

  test("doesn't affect requests in memory", async () => {
    const { store, take, takeAll } = limiterUnderTest(quota(100_000));
    await takeAll(2);
    store.isDown = true;
    expect(await take()).toMatchObject({ effect: 'allow', writes: 0 });
  });

  test.each([
    ['throttled', 'ProvisionedThroughputExceededException'],
    ['rejected', 'ValidationException'],
  ])('concerns only one subject if DynamoDB %s its writes', async (_, name) => {
    const store = new AskedLimits();
    const { take } = limiterUnderTest(quota(100), {}, store);
    const cause = Object.assign(new Error('no'), { name, $fault: 'client' });
    const rejected = new LatchkeyError('STORE_UNAVAILABLE', 'the write failed', { cause });
    store.takeQuota = () => Promise.reject(rejected);
    expect(await take()).toMatchObject({ effect: 'unknown', writes: 1 });
    store.takeQuota = MemoryLimits.prototype.takeQuota;
    expect(await take({ id: 'two' })).toMatchObject({ effect: 'allow' });
  });

  test('leaves requests taken if only the answer is lost, so the quota holds', async () => {
    const store = new AskedLimits();
    const { clock, takeAll } = limiterUnderTest(quota(100), {}, store);
    store.takeQuota = async (ask) => {
      await MemoryLimits.prototype.takeQuota.call(store, ask);
      if (store.writes % 3 === 0) throw new LatchkeyError('STORE_UNAVAILABLE', 'the answer was lost');
      return MemoryLimits.prototype.takeQuota.call(store, ask);
    };
    let allowed = 0;
    for (let at = 0; at < 20; at++, clock.nowMs += 1000) allowed += allowedOf(await takeAll(20));
    expect(allowed).toBeLessThanOrEqual(100);
    expect(Math.max(...store.counters.values())).toBeLessThanOrEqual(100);
  });
});

test('the number of subjects in memory is bounded, and a forgotten one costs only its lease', async () => {
  const { store, take } = limiterUnderTest(quota(2), { capacity: 4 });
  for (let id = 0; id < 100; id++) await take({ id: `key-${id}` });
  expect(await take({ id: 'key-0' })).toMatchObject({ effect: 'allow', writes: 1 });
  expect(await take({ id: 'key-0' })).toMatchObject({ effect: 'refuse', writes: 1 });
  expect(store.counters.size).toBe(100);
});

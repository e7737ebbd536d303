import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import type { PlanLimits } from '../../keys/limits.ts';
import { LimitedFleet, type CallFate, type Decision } from '../support/limitedFleet.ts';
import { runs } from '../support/runs.ts';
import { fullestOf } from '../support/simulateLimits.ts';

const RUNS = runs(2000);
/** All cases take 15 s on an idle machine. */
jest.setTimeout(180_000);
const SKEW_MS = 5000;
/** The second that the leases and the slack of a throttle add to any interval. */
const ADDED_MS = 1000;
/** Times in fractions of milliseconds are rounded. */
const ROUNDING_MS = 0.02;
const REFUSAL_MS = 250;
/** Half a minute before an hour begins, so runs cross the ends of windows. */
const START_MS = Date.UTC(2030, 5, 15, 11, 59, 30);

const arbitraryQuota = fc.record({
  limit: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 1000 })),
  period: fc.constantFrom('minute' as const, 'hour' as const),
});
const arbitraryThrottle = fc.record({
  rateLimit: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 300 }), fc.constant(0.5)),
  // A lease is a 32nd of the burst, so a small burst hasn't any left to spend later.
  burstLimit: fc.oneof(
    fc.integer({ min: 1, max: 10 }),
    fc.integer({ min: 64, max: 200 }),
    fc.integer({ min: 1, max: 600 }),
  ),
});

const arbitraryFates: fc.Arbitrary<CallFate[]> = fc.array(
  fc.record({
    thereMs: fc.oneof(fc.constant(0), fc.nat(20), fc.nat(1000)),
    backMs: fc.oneof(fc.constant(0), fc.nat(20), fc.nat(400)),
    outcome: fc.oneof(
      { weight: 8, arbitrary: fc.constant('answered' as const) },
      { weight: 1, arbitrary: fc.constantFrom('lost' as const, 'refused' as const) },
    ),
  }),
  { minLength: 1, maxLength: 30 },
);

const arbitraryStep = fc.record({
  environment: fc.nat(4),
  afterMs: fc.oneof(
    { weight: 4, arbitrary: fc.nat(5) },
    { weight: 4, arbitrary: fc.nat(300) },
    { weight: 2, arbitrary: fc.nat(3000) },
    { weight: 1, arbitrary: fc.nat(40_000) },
  ),
  requests: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 3 }) },
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 200 }) },
    // A crash with the leases out.
    { weight: 1, arbitrary: fc.constant(0) },
  ),
});

const stepOf = (most: { readonly afterMs: number; readonly requests: number }) =>
  fc.record({
    environment: fc.nat(4),
    afterMs: fc.nat(most.afterMs),
    requests: fc.integer({ min: 1, max: most.requests }),
  });
/** Leases that grow, a time in which a bucket fills, and more requests than a burst. */
const arbitraryRush = fc
  .record({
    before: fc.array(stepOf({ afterMs: 5, requests: 4 }), { minLength: 10, maxLength: 60 }),
    idleMs: fc.integer({ min: 1000, max: 200_000 }),
    rush: fc.array(stepOf({ afterMs: 3, requests: 100 }), { minLength: 5, maxLength: 15 }),
  })
  .map(({ before, idleMs, rush }) => [...before, { environment: 0, afterMs: idleMs, requests: 1 }, ...rush]);

const arbitraryRun = fc.record({
  skewsMs: fc.oneof(
    fc.array(fc.integer({ min: -SKEW_MS, max: SKEW_MS }), { minLength: 1, maxLength: 5 }),
    fc.array(fc.constant(0), { minLength: 1, maxLength: 5 }),
  ),
  fates: arbitraryFates,
  steps: fc.oneof(fc.array(arbitraryStep, { minLength: 1, maxLength: 80 }), arbitraryRush),
});

type Run = typeof arbitraryRun extends fc.Arbitrary<infer T> ? T : never;

async function decide(limits: PlanLimits, { skewsMs, fates, steps }: Run): Promise<LimitedFleet> {
  const fleet = new LimitedFleet({ limits, skewsMs, fates, startMs: START_MS });
  for (const { environment, afterMs, requests } of steps) {
    await fleet.advance(afterMs);
    if (requests === 0) fleet.crash(environment);
    else await fleet.request(environment, requests);
  }
  await fleet.advance(Infinity);
  return fleet;
}

const allowedOf = (decisions: readonly Decision[]) => decisions.filter(({ outcome }) => outcome.effect === 'allow');
const refusedBy = (decisions: readonly Decision[], code: string) =>
  decisions.filter(({ outcome }) => outcome.effect === 'refuse' && outcome.code === code);

function countBy<T>(items: readonly T[], keyOf: (item: T) => unknown): ReadonlyMap<unknown, number> {
  const counts = new Map<unknown, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}

describe('a quota, for any order of requests, writes and crashes with clocks that differ by up to 10 s', () => {
  const quotas = fc.record({ quota: arbitraryQuota, per: fc.constant('key' as const) });
  const both = fc.record({ quota: arbitraryQuota, throttle: arbitraryThrottle, per: fc.constant('key' as const) });

  test('never allows more than its limit in a window', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(quotas, both), arbitraryRun, async (limits, run) => {
        const fleet = await decide(limits, run);
        const counts = countBy(allowedOf(fleet.decisions), ({ clockMs }) => fleet.windowOf(clockMs));
        for (const [window, count] of counts) {
          expect(count).toBeLessThanOrEqual(fleet.granted(String(window)));
          expect(fleet.granted(String(window))).toBeLessThanOrEqual(limits.quota.limit);
        }
      }),
      RUNS,
    );
  });

  test('never allows a request of a lease twice', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(quotas, both), arbitraryRun, async (limits, run) => {
        const fleet = await decide(limits, run);
        const allowed = allowedOf(fleet.decisions);
        for (const environment of fleet.started) {
          const own = allowed.filter((decision) => decision.environment === environment);
          for (const [window, count] of countBy(own, ({ clockMs }) => fleet.windowOf(clockMs))) {
            expect(count).toBeLessThanOrEqual(environment.taken.get(String(window)) ?? 0);
          }
        }
      }),
      RUNS,
    );
  });

  test('refuses only while its window is granted in whole, so early by the leases that are out or lost', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(quotas, both), arbitraryRun, async (limits, run) => {
        const { decisions } = await decide(limits, run);
        for (const { granted } of refusedBy(decisions, 'QUOTA_EXCEEDED')) expect(granted).toBe(limits.quota.limit);
      }),
      RUNS,
    );
  });
});

describe('a throttle, for any order of requests, writes and crashes with clocks that differ by up to 10 s', () => {
  const throttles = fc.record({ throttle: arbitraryThrottle, per: fc.constant('key' as const) });

  test('never allows more than burst + rate × (T + 1 s + the difference of the clocks) in any T', async () => {
    await fc.assert(
      fc.asyncProperty(throttles, arbitraryRun, async (limits, run) => {
        const { decisions } = await decide(limits, run);
        const { rateLimit, burstLimit } = limits.throttle;
        const differenceMs = Math.max(...run.skewsMs) - Math.min(...run.skewsMs);
        const added = (rateLimit * (ADDED_MS + differenceMs + ROUNDING_MS)) / 1000;
        const times = allowedOf(decisions).map(({ atMs }) => atMs);
        expect(fullestOf(times, rateLimit)).toBeLessThanOrEqual(burstLimit + added);
      }),
      RUNS,
    );
  });

  test('never allows a request of a lease twice', async () => {
    await fc.assert(
      fc.asyncProperty(throttles, arbitraryRun, async (limits, run) => {
        const fleet = await decide(limits, run);
        const counts = countBy(allowedOf(fleet.decisions), ({ environment }) => environment);
        for (const environment of fleet.started) {
          expect(counts.get(environment) ?? 0).toBeLessThanOrEqual(environment.throttleTaken);
        }
      }),
      RUNS,
    );
  });

  test('refuses only if it had fewer left than a lease or the waiting requests within the last 250 ms', async () => {
    await fc.assert(
      fc.asyncProperty(throttles, arbitraryRun, async (limits, run) => {
        const { decisions } = await decide(limits, run);
        for (const { clockMs, spentAtMs } of refusedBy(decisions, 'THROTTLED')) {
          expect(clockMs - spentAtMs).toBeLessThan(REFUSAL_MS);
        }
      }),
      RUNS,
    );
  });
});

test('every request gets an outcome, whatever happens to the writes', async () => {
  const limits = fc.record({ quota: arbitraryQuota, throttle: arbitraryThrottle, per: fc.constant('key' as const) });
  await fc.assert(
    fc.asyncProperty(limits, arbitraryRun, async (planLimits, run) => {
      const fleet = await decide(planLimits, run);
      const requests = run.steps.reduce((sum, step) => sum + step.requests, 0);
      expect([fleet.decisions.length, fleet.unanswered]).toEqual([requests, 0]);
    }),
    RUNS,
  );
});

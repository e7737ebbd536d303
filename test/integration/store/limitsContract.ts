import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  type LimitSubject,
  limitSubjectOf,
  type LimitTaker,
  type PlanLimits,
  THROTTLE_SLACK_MS,
  windowAt,
} from '../../../keys/limits.ts';
import { Limiter } from '../../../lambda/limiter.ts';
import { NOW_MS } from '../../support/keys.ts';

/** A table of limits, and the same with an unreachable engine. */
export interface LimitsUnderTest {
  readonly store: LimitTaker;
  readonly unreachable: LimitTaker;
}

const LIMITS: PlanLimits = {
  throttle: { rateLimit: 10, burstLimit: 5 },
  quota: { limit: 100, period: 'minute' },
  per: 'key',
};
const INTERVAL_MS = 100;
const BURST_MS = 500;

function subjectOf(id: string): LimitSubject {
  const subject = limitSubjectOf({ id, plan: 'free' }, { free: LIMITS });
  if (subject === undefined) throw new Error('the plan has no limits');
  return subject;
}

/** Describes the table of limits, including the fake of `latchkey/testing`. */
export function describeLimits(name: string, open: () => Promise<LimitsUnderTest>): void {
  describe(`${name}: the table of limits`, () => {
    let store: LimitTaker;
    let unreachable: LimitTaker;
    beforeEach(async () => {
      ({ store, unreachable } = await open());
    });
    const subject = subjectOf('one');
    const takeQuota = (count: number, atMs = NOW_MS, taken = subject) =>
      store.takeQuota({ subject: taken, window: windowAt('minute', atMs), count });
    const takeThrottle = (count: number, from: 'continue' | 'restart', nowMs = NOW_MS) =>
      store.takeThrottle({ subject, count, nowMs, from });

    test('grants a quota up to its limit and not beyond', async () => {
      expect(await takeQuota(1)).toBe(1);
      expect(await takeQuota(98)).toBe(99);
      expect(await takeQuota(2)).toBeUndefined();
      expect(await takeQuota(1)).toBe(100);
      expect(await takeQuota(1)).toBeUndefined();
    });

    test('grants the whole quota at once, but no more', async () => {
      expect(await takeQuota(101)).toBeUndefined();
      expect(await takeQuota(100)).toBe(100);
    });

    test('counts each window and each subject separately', async () => {
      await takeQuota(100);
      expect(await takeQuota(1, NOW_MS + 60_000)).toBe(1);
      expect(await takeQuota(1, NOW_MS, subjectOf('two'))).toBe(1);
      expect(await takeQuota(1)).toBeUndefined();
    });

    test('starts a throttle at the environment’s time, with its burst', async () => {
      expect(await takeThrottle(1, 'continue')).toBeUndefined();
      expect(await takeThrottle(2, 'restart')).toBe(NOW_MS + 2 * INTERVAL_MS);
      expect(await takeThrottle(1, 'restart')).toBeUndefined();
      expect(await takeThrottle(3, 'continue')).toBe(NOW_MS + BURST_MS);
      expect(await takeThrottle(1, 'continue')).toBeUndefined();
    });

    test('grants a throttle its rate after the burst', async () => {
      await takeThrottle(5, 'restart');
      expect(await takeThrottle(1, 'continue', NOW_MS + INTERVAL_MS - 1)).toBeUndefined();
      expect(await takeThrottle(1, 'continue', NOW_MS + INTERVAL_MS)).toBe(NOW_MS + 6 * INTERVAL_MS);
      expect(await takeThrottle(1, 'continue', NOW_MS + INTERVAL_MS)).toBeUndefined();
    });

    test('restarts a throttle only if its time is further in the past than the slack', async () => {
      const tatMs = await takeThrottle(1, 'restart');
      const laterMs = NOW_MS + INTERVAL_MS + THROTTLE_SLACK_MS;
      expect(await takeThrottle(1, 'restart', laterMs)).toBeUndefined();
      expect(await takeThrottle(1, 'continue', laterMs + 1)).toBeUndefined();
      expect(await takeThrottle(1, 'restart', laterMs + 1)).toBe(laterMs + 1 + INTERVAL_MS);
      expect(tatMs).toBe(NOW_MS + INTERVAL_MS);
    });

    test('never grants more than the quota to concurrent environments', async () => {
      const fleet = Array.from({ length: 4 }, () => new Limiter({ store, limits: {}, now: () => NOW_MS }));
      const { throttle: _, ...quotaOnly } = LIMITS;
      const limited = { ...subject, limits: quotaOnly };
      const outcomes = await Promise.all(
        fleet.flatMap((limiter) => Array.from({ length: 40 }, async () => limiter.take(limited, NOW_MS))),
      );
      expect(outcomes.filter(({ effect }) => effect === 'unknown')).toEqual([]);
      expect(outcomes.filter(({ effect }) => effect === 'allow')).toHaveLength(100);
    });

    test('rejects with STORE_UNAVAILABLE if the engine is unreachable', async () => {
      const unavailable = { code: 'STORE_UNAVAILABLE' };
      const window = windowAt('minute', NOW_MS);
      await expect(unreachable.takeQuota({ subject, window, count: 1 })).rejects.toMatchObject(unavailable);
      const restart = { subject, count: 1, nowMs: NOW_MS, from: 'restart' } as const;
      await expect(unreachable.takeThrottle(restart)).rejects.toMatchObject(unavailable);
    });
  });
}

import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  limitSubjectOf,
  type LimitSubject,
  type LimitTaker,
  type PlanLimits,
  THROTTLE_SLACK_MS,
  windowAt,
} from '../../../keys/limits.ts';

/** A store of limits, and one that can't be reached. */
export interface LimitsUnderTest {
  readonly store: LimitTaker;
  readonly unreachable: LimitTaker;
}

const NOW_MS = Date.UTC(2030, 0, 15, 12, 30, 30);
const QUOTA = { quota: { limit: 10, period: 'minute' } } as const;
/** One request costs 100 ms, and a burst 500 ms. */
const THROTTLE = { throttle: { rateLimit: 10, burstLimit: 5 } } as const;

let subjects = 0;

/** Returns a subject without any requests. */
function newSubject(limits: Omit<PlanLimits, 'per'>): LimitSubject {
  const subject = limitSubjectOf({ id: `key-${subjects++}`, plan: 'trial' }, { trial: { ...limits, per: 'key' } });
  if (subject === undefined) throw new Error('expected a subject');
  return subject;
}

/** Describes every store of limits, including the fake of `latchkey/testing`. */
export function describeLimits(name: string, open: () => Promise<LimitsUnderTest>): void {
  describe(`${name}: LimitTaker`, () => {
    let under: LimitsUnderTest;
    beforeAll(async () => {
      under = await open();
    });

    const takeQuota = (subject: LimitSubject, count: number, atMs = NOW_MS) =>
      under.store.takeQuota({ subject, window: windowAt('minute', atMs), count });
    const takeThrottle = (subject: LimitSubject, count: number, atMs: number, from: 'continue' | 'restart') =>
      under.store.takeThrottle({ subject, count, nowMs: atMs, from });

    test('grants requests of a quota up to its limit, and not one more', async () => {
      const subject = newSubject(QUOTA);
      expect(await takeQuota(subject, 4)).toBe(4);
      expect(await takeQuota(subject, 7)).toBeUndefined();
      expect(await takeQuota(subject, 6)).toBe(10);
      expect(await takeQuota(subject, 1)).toBeUndefined();
    });

    test('grants no more than the limit to concurrent writes', async () => {
      const subject = newSubject(QUOTA);
      const granted = await Promise.all(Array.from({ length: 15 }, () => takeQuota(subject, 1)));
      expect(granted.filter((each) => each !== undefined).toSorted((a, b) => a - b)).toEqual([
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
      ]);
    });

    test('counts each subject and each window by itself', async () => {
      const subject = newSubject(QUOTA);
      expect(await takeQuota(subject, 10)).toBe(10);
      expect(await takeQuota(newSubject(QUOTA), 1)).toBe(1);
      expect(await takeQuota(subject, 1, NOW_MS + 60_000)).toBe(1);
      expect(await takeQuota(subject, 1)).toBeUndefined();
    });

    test('never grants more than the whole limit at once', async () => {
      expect(await takeQuota(newSubject(QUOTA), 11)).toBeUndefined();
      expect(await takeThrottle(newSubject(THROTTLE), 6, NOW_MS, 'restart')).toBeUndefined();
    });

    test('grants a burst of a throttle, and then a request for each interval', async () => {
      const subject = newSubject(THROTTLE);
      expect(await takeThrottle(subject, 1, NOW_MS, 'continue')).toBeUndefined();
      expect(await takeThrottle(subject, 1, NOW_MS, 'restart')).toBeCloseTo(NOW_MS + 100);
      expect(await takeThrottle(subject, 4, NOW_MS, 'continue')).toBeCloseTo(NOW_MS + 500);
      expect(await takeThrottle(subject, 1, NOW_MS + 99, 'continue')).toBeUndefined();
      expect(await takeThrottle(subject, 1, NOW_MS + 100, 'continue')).toBeCloseTo(NOW_MS + 600);
    });

    test('continues a throttle until it is idle for the slack, and restarts it after that', async () => {
      const subject = newSubject(THROTTLE);
      await takeThrottle(subject, 1, NOW_MS, 'restart');
      const idleMs = NOW_MS + 100 + THROTTLE_SLACK_MS;
      expect(await takeThrottle(subject, 1, idleMs, 'restart')).toBeUndefined();
      expect(await takeThrottle(subject, 1, idleMs, 'continue')).toBeCloseTo(NOW_MS + 200);
      expect(await takeThrottle(subject, 1, idleMs + 101, 'continue')).toBeUndefined();
      expect(await takeThrottle(subject, 1, idleMs + 101, 'restart')).toBeCloseTo(idleMs + 201);
    });

    test('reports an outage as STORE_UNAVAILABLE', async () => {
      const ask = { subject: newSubject(QUOTA), window: windowAt('minute', NOW_MS), count: 1 };
      await expect(under.unreachable.takeQuota(ask)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      const throttled = { subject: newSubject(THROTTLE), count: 1, nowMs: NOW_MS, from: 'restart' } as const;
      await expect(under.unreachable.takeThrottle(throttled)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    });
  });
}

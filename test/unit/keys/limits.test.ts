import { describe, expect, test } from '@jest/globals';
import {
  type LimitPeriod,
  limitSubjectOf,
  type PlanLimits,
  quotaSubject,
  rootIdOf,
  throttleSubject,
  windowAt,
} from '../../../keys/limits.ts';
import { at } from '../../support/keys.ts';

describe('windowAt', () => {
  test.each<[LimitPeriod, string, string, string]>([
    ['minute', '2026-11-30T21:05:59.999Z', '2026-11-30T21:05', '2026-11-30T21:06:00.000Z'],
    ['minute', '2026-11-30T21:06:00.000Z', '2026-11-30T21:06', '2026-11-30T21:07:00.000Z'],
    ['hour', '2026-12-31T23:59:59.999Z', '2026-12-31T23', '2027-01-01T00:00:00.000Z'],
    ['day', '2024-02-29T12:00:00.000Z', '2024-02-29', '2024-03-01T00:00:00.000Z'],
    ['week', '2026-11-29T23:59:59.999Z', '2026-11-23', '2026-11-30T00:00:00.000Z'],
    ['week', '2026-11-30T00:00:00.000Z', '2026-11-30', '2026-12-07T00:00:00.000Z'],
    ['month', '2026-12-31T23:59:59.999Z', '2026-12', '2027-01-01T00:00:00.000Z'],
    ['month', '2024-02-01T00:00:00.000Z', '2024-02', '2024-03-01T00:00:00.000Z'],
  ])('returns the %s of %s in UTC', (period, now, start, end) => {
    const window = windowAt(period, Date.parse(now));
    expect(window).toMatchObject({ start, endsAtMs: Date.parse(end) });
    expect(windowAt(period, window.startsAtMs)).toEqual(window);
    expect(windowAt(period, window.startsAtMs - 1).endsAtMs).toBe(window.startsAtMs);
  });
});

describe('limitSubjectOf', () => {
  const per = (per: PlanLimits['per']) => ({ free: { quota: { limit: 1, period: 'day' as const }, per } });
  const KEY = { id: 'one', plan: 'free', owner: 'acme' };

  test.each<[PlanLimits['per'], object, string]>([
    ['key', {}, 'key/one'],
    ['key', { rootId: 'first' }, 'key/first'],
    ['owner', {}, 'owner/free/acme'],
    ['owner', { owner: undefined }, 'key/one'],
    ['plan', {}, 'plan/free'],
  ])('counts a key of a plan per %s with the fields %p as %s', (kind, fields, who) => {
    expect(limitSubjectOf({ ...KEY, ...fields }, per(kind))).toMatchObject({ plan: 'free', who });
  });

  test.each([['gold'], [undefined], ['constructor'], ['__proto__']])('returns undefined for the plan %p', (plan) => {
    expect(limitSubjectOf({ ...KEY, plan }, per('key'))).toBeUndefined();
  });

  test('forgets refusals from before the later of the issue and the last reset', () => {
    const subject = (fields: object) => limitSubjectOf({ ...KEY, ...fields }, per('key'))?.sinceMs;
    const times = { createdAt: at(1000), limitsResetAt: at(2000) };
    expect(subject(times)).toBe(Date.parse(at(2000)));
    expect(subject({ createdAt: at(1000) })).toBe(Date.parse(at(1000)));
    expect(subject({})).toBe(0);
  });
});

test.each([
  [{ id: 'c', rootId: 'a', rotatedFrom: 'b' }, 'a'],
  [{ id: 'b', rotatedFrom: 'a' }, 'a'],
  [{ id: 'a' }, 'a'],
])('rootIdOf returns the root of %p', (key, root) => {
  expect(rootIdOf(key)).toBe(root);
});

test('the partition key of a quota contains its window, and that of a throttle its plan', () => {
  const window = windowAt('hour', Date.parse('2026-11-30T21:05:00Z'));
  expect(quotaSubject('hour', window, 'key/one')).toBe('quota/hour/2026-11-30T21/key/one');
  expect(throttleSubject('free', 'key/one')).toBe('throttle/free/key/one');
});

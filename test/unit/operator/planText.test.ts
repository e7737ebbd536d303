import { describe, expect, test } from '@jest/globals';
import type { DeployedPlan } from '../../../keys/deployedPlans.ts';
import type { QuotaUse } from '../../../keys/keyLimits.ts';
import { planStateOf } from '../../../operator/planState.ts';
import { durationText, planText } from '../../../operator/planText.ts';
import { at, NOW_MS } from '../../support/keys.ts';

test.each([
  [-1, '0 s'],
  [0, '0 s'],
  [1, '1 s'],
  [59_001, '1 min'],
  [60_000, '1 min'],
  [61_000, '1 min 1 s'],
  [18_720_000, '5 h 12 min'],
  [3_599_000, '59 min 59 s'],
  [86_400_000, '1 d'],
  [86_400_000 * 30 + 3_600_000, '30 d 1 h'],
  [86_400_000 + 60_000, '1 d'],
])('durationText returns the two largest units of %d ms: %s', (ms, expected) => {
  expect(durationText(ms)).toBe(expected);
});

const KEY = { id: 'a', plan: 'free', owner: 'acme' };
const USE: QuotaUse = {
  per: 'key',
  plan: 'free',
  limit: 1000,
  period: 'day',
  used: 188,
  remaining: 812,
  startsAt: at(-12 * 3_600_000),
  resetsAt: at(12 * 3_600_000),
};

/** Returns the text of a key on a plan with these counts. The plan is unknown if it's absent. */
function textOf(plan: DeployedPlan | undefined, quotas: readonly QuotaUse[], key: typeof KEY = KEY) {
  const limits = { id: 'a', quotas, throttles: [] };
  const state = planStateOf(key, { plans: plan && { free: plan }, limits, nowMs: NOW_MS });
  return state === undefined ? undefined : planText(state, NOW_MS);
}

describe('the state of a plan', () => {
  const DAILY: DeployedPlan = { enforce: 'authorizer', per: 'key', quota: { limit: 500, period: 'day' } };

  test("uses the deployment's limit, even if the last request had another limit or plan", () => {
    expect(textOf(DAILY, [{ ...USE, plan: 'pro' }])).toBe('312 of 500 left today, resets in 12 h');
    expect(textOf({ ...DAILY, quota: { limit: 100, period: 'day' } }, [USE])).toBe(
      '0 of 100 left today, resets in 12 h',
    );
  });

  test("ignores counts that don't belong to the deployment's plan", () => {
    expect(
      textOf(DAILY, [
        { ...USE, per: 'owner' },
        { ...USE, period: 'hour' },
      ]),
    ).toBe('500 of 500 left today, resets in 12 h');
  });

  test('counts a key without an owner by itself', () => {
    const { owner: _, ...key } = KEY;
    const plan: DeployedPlan = { ...DAILY, per: 'owner' };
    expect(textOf(plan, [USE], key as typeof KEY)).toBe('312 of 500 left today, resets in 12 h');
    expect(textOf(plan, [USE])).toMatch(/^500 of 500 left today, shared by the owner's keys/);
  });

  test("uses only the counts of the key's plan if the deployment's plans are unknown", () => {
    const week = { ...USE, period: 'week', plan: 'pro' } as const;
    expect(textOf(undefined, [week, USE])).toBe('812 of 1,000 left today, resets in 12 h');
    expect(textOf(undefined, [week])).toBe('not used in this window');
  });

  test("doesn't mistake a name for a property of every object", () => {
    const key = { ...KEY, plan: 'constructor' };
    expect(textOf(DAILY, [], key)).toBe('not a plan of this deployment');
  });
});

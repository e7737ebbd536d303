import type { DeployedPlan } from '../keys/deployedPlans.ts';
import type { QuotaUse } from '../keys/keyLimits.ts';
import type { LimitPeriod, PlanLimits } from '../keys/limits.ts';
import { toEpochMs } from '../keys/timestamp.ts';
import type { PlanState, QuotaState } from './planState.ts';

const THIS: Readonly<Record<LimitPeriod, string>> = {
  minute: 'this minute',
  hour: 'this hour',
  day: 'today',
  week: 'this week',
  month: 'this month',
};

const AN: Readonly<Record<LimitPeriod, string>> = {
  minute: 'a minute',
  hour: 'an hour',
  day: 'a day',
  week: 'a week',
  month: 'a month',
};

const SHARED: Readonly<Record<PlanLimits['per'], string | undefined>> = {
  key: undefined,
  owner: "shared by the owner's keys",
  plan: "shared by the plan's keys",
};

/**
 * Returns what is left of a plan, such as `812 of 1,000 left today, resets in 5 h 12 min`. Returns `undefined` if nothing
 * is known about the plan.
 */
export function planText(state: PlanState, nowMs: number): string | undefined {
  if (state.isDeployed === false) return 'not a plan of this deployment';
  const parts = state.quotas.map((quota) => quotaText(quota, nowMs));
  if (state.throttle !== undefined) parts.push(throttleText(state.throttle));
  if (state.enforce === 'gateway') return [...parts, 'counted by API Gateway'].join('; ');
  if (parts.length > 0) return parts.join('; ');
  if (state.isUnused === true) return 'not used in this window';
  return state.isDeployed === true ? 'no limits' : undefined;
}

function quotaText(quota: QuotaState, nowMs: number): string {
  return [leftText(quota), sharedText(quota), resetText(quota, nowMs)].filter((part) => part !== undefined).join(', ');
}

/** Returns what is left of a quota, such as `812 of 1,000 left today`, or its limit if that's unknown. */
export function leftText(quota: QuotaState): string {
  const { limit, period, remaining } = quota;
  if (remaining === undefined) return limitText(quota);
  return `${numberText(remaining)} of ${numberText(limit)} left ${THIS[period]}`;
}

/** Returns who shares a quota, or `undefined` if the key has its own. */
export function sharedText({ per }: QuotaState): string | undefined {
  return SHARED[per];
}

/** Returns when a quota resets, such as `resets in 5 h 12 min`. Returns `undefined` if that's unknown. */
export function resetText({ resetsAt }: QuotaState, nowMs: number): string | undefined {
  return resetsAt === undefined ? undefined : `resets in ${durationText(toEpochMs(resetsAt) - nowMs)}`;
}

/** Returns a count of requests, such as `188 of 1,000 today`. */
export function usedText({ used, limit, period }: Pick<QuotaUse, 'used' | 'limit' | 'period'>): string {
  return `${numberText(used)} of ${numberText(limit)} ${THIS[period]}`;
}

const EACH: Readonly<Record<PlanLimits['per'], string>> = {
  key: 'for each key',
  owner: 'for each owner',
  plan: 'for all its keys together',
};

/** Returns the limits of a plan, such as `1,000 a day for each key, by the authorizer`. */
export function planLimitsText({ enforce, per, quota, throttle }: DeployedPlan): string {
  const limits = [...(quota ? [limitText(quota)] : []), ...(throttle ? [throttleText(throttle)] : [])];
  const by = enforce === 'gateway' ? 'by API Gateway' : 'by the authorizer';
  return limits.length === 0 ? 'no limits' : `${limits.join(' and ')} ${EACH[per]}, ${by}`;
}

/** Returns the limit of a quota, such as `1,000 a day`. */
export function limitText({ limit, period }: Pick<QuotaState, 'limit' | 'period'>): string {
  return `${numberText(limit)} ${AN[period]}`;
}

/** Returns the limit of a throttle, such as `5 a second in bursts of 10`. */
export function throttleText({ rateLimit, burstLimit }: NonNullable<PlanLimits['throttle']>): string {
  return `${numberText(rateLimit)} a second in bursts of ${numberText(burstLimit)}`;
}

function numberText(count: number): string {
  return count.toLocaleString('en');
}

const UNITS: readonly (readonly [name: string, seconds: number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
];

/** Returns a duration in its two largest units, such as `5 h 12 min`. A part of a second counts as a second. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const first = UNITS.findIndex(([, size]) => seconds >= size);
  if (first === -1) return '0 s';
  const [name = 's', size = 1] = UNITS[first] ?? [];
  const [nextName = '', nextSize = 1] = UNITS[first + 1] ?? [];
  const rest = Math.floor((seconds % size) / nextSize);
  const text = `${Math.floor(seconds / size)} ${name}`;
  return nextName === '' || rest === 0 ? text : `${text} ${rest} ${nextName}`;
}

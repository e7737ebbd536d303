import { type Timestamp, toEpochMs } from './timestamp.ts';

/** The periods of a quota that the authorizer enforces. */
export const LIMIT_PERIODS = ['minute', 'hour', 'day', 'week', 'month'] as const;
/** The period of a quota. Its windows begin in UTC. A week begins on Monday. */
export type LimitPeriod = (typeof LIMIT_PERIODS)[number];

/** The limits of a plan that the authorizer enforces. */
export interface PlanLimits {
  /** The average rate per second, and the largest burst. */
  readonly throttle?: { readonly rateLimit: number; readonly burstLimit: number };
  /** The number of requests in each window of the period. */
  readonly quota?: { readonly limit: number; readonly period: LimitPeriod };
  /** The requests that are counted together: those of one key with its successors, of one owner, or of the plan. */
  readonly per: 'key' | 'owner' | 'plan';
}

/** Plan name → limits. */
export type PlanLimitsByName = Readonly<Record<string, PlanLimits>>;

/** A window of a quota. */
export interface LimitWindow {
  /** The start in UTC, as short as the period allows: `2026-11-30T21:05`, `2026-11-30T21`, `2026-11-30`, `2026-11`. */
  readonly start: string;
  readonly startsAtMs: number;
  /** The first millisecond after the window. */
  readonly endsAtMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** The epoch began on a Thursday, and ISO 8601's weeks begin on Monday. */
const FIRST_MONDAY_MS = 4 * DAY_MS;

/** Returns the period's window at a time in epoch milliseconds. */
export function windowAt(period: LimitPeriod, nowMs: number): LimitWindow {
  switch (period) {
    case 'minute':
      return evenWindow(nowMs, MINUTE_MS, 'YYYY-MM-DDTHH:mm'.length);
    case 'hour':
      return evenWindow(nowMs, HOUR_MS, 'YYYY-MM-DDTHH'.length);
    case 'day':
      return evenWindow(nowMs, DAY_MS, 'YYYY-MM-DD'.length);
    case 'week':
      return evenWindow(nowMs, 7 * DAY_MS, 'YYYY-MM-DD'.length, FIRST_MONDAY_MS);
    case 'month':
      return monthWindow(nowMs);
  }
}

function evenWindow(nowMs: number, lengthMs: number, shown: number, firstMs = 0): LimitWindow {
  const startsAtMs = Math.floor((nowMs - firstMs) / lengthMs) * lengthMs + firstMs;
  return { start: startText(startsAtMs, shown), startsAtMs, endsAtMs: startsAtMs + lengthMs };
}

function monthWindow(nowMs: number): LimitWindow {
  const now = new Date(nowMs);
  const startOf = (months: number) => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months);
  const startsAtMs = startOf(0);
  return { start: startText(startsAtMs, 'YYYY-MM'.length), startsAtMs, endsAtMs: startOf(1) };
}

function startText(startsAtMs: number, shown: number): string {
  return new Date(startsAtMs).toISOString().slice(0, shown);
}

/**
 * The fields of a key that its limits depend on. A record has them, and so does the context that the authorizer gives
 * to an integration.
 */
export interface LimitedFields {
  readonly id: string;
  readonly plan?: string | undefined;
  readonly owner?: string | undefined;
  readonly rootId?: string | undefined;
  readonly rotatedFrom?: string | undefined;
  readonly createdAt?: Timestamp | undefined;
  readonly limitsResetAt?: Timestamp | undefined;
}

/** The requests that are counted together, and their limits. */
export interface LimitSubject {
  /** The plan's name. */
  readonly plan: string;
  readonly limits: PlanLimits;
  /** Distinguishes the subject from every other in one execution environment. */
  readonly name: string;
  /** The last part of the subject of an item: `key/ROOTID`, `owner/PLAN/OWNER` or `plan/PLAN`. */
  readonly who: string;
  /** Refusals and leases from before this time don't count any more. It is in epoch milliseconds. */
  readonly sinceMs: number;
}

/** Returns the subject that a key's requests count against. Returns `undefined` if the key's plan has no limits. */
export function limitSubjectOf(key: LimitedFields, limitsByName: PlanLimitsByName): LimitSubject | undefined {
  const { plan, createdAt, limitsResetAt } = key;
  if (plan === undefined || !Object.hasOwn(limitsByName, plan)) return undefined;
  const limits = limitsByName[plan];
  if (limits === undefined) return undefined;
  const sinceMs = Math.max(...[createdAt, limitsResetAt].map((time) => (time === undefined ? 0 : toEpochMs(time))));
  const who = whoOf(key, plan, limits);
  return { plan, limits, name: `${plan}/${who}`, who, sinceMs };
}

/** A key without an owner counts by itself, because a plan's keys without an owner don't belong together. */
function whoOf(key: LimitedFields, plan: string, { per }: PlanLimits): string {
  if (per === 'plan') return `plan/${plan}`;
  return per === 'owner' && key.owner !== undefined ? `owner/${plan}/${key.owner}` : `key/${rootIdOf(key)}`;
}

/**
 * Returns the id of the first key of a rotation chain, or the key's own id. A successor from before `rootId` existed
 * counts with the key that it replaced.
 */
export function rootIdOf({ id, rootId, rotatedFrom }: Pick<LimitedFields, 'id' | 'rootId' | 'rotatedFrom'>): string {
  return rootId ?? rotatedFrom ?? id;
}

/**
 * Returns the partition key of a quota's item. It contains the window, so a clock that is ahead can't end the window of
 * other execution environments.
 */
export function quotaSubject(period: LimitPeriod, { start }: Pick<LimitWindow, 'start'>, who: string): string {
  return `quota/${period}/${start}/${who}`;
}

/** Returns the partition key of a throttle's item. */
export function throttleSubject(plan: string, who: string): string {
  return `throttle/${plan}/${who}`;
}

/** A number of requests to take from the quota of a subject. */
export interface QuotaAsk {
  readonly subject: LimitSubject;
  readonly window: LimitWindow;
  /** A whole number of 1 or more. */
  readonly count: number;
}

/** A number of requests to take from the throttle of a subject. */
export interface ThrottleAsk {
  readonly subject: LimitSubject;
  /** A whole number of 1 or more. */
  readonly count: number;
  /** The environment's time in epoch milliseconds. */
  readonly nowMs: number;
  /**
   * `continue` adds to the stored theoretical arrival time. `restart` begins at the environment's time. It succeeds only
   * if the stored time is absent, or further in the past than `THROTTLE_SLACK_MS`. `continue` succeeds only if it isn't.
   */
  readonly from: 'continue' | 'restart';
}

/** The two writes of the limiter. */
export interface LimitTaker {
  /** Returns the number that the window has granted now. Returns `undefined` if the quota has too few left. */
  takeQuota(ask: QuotaAsk): Promise<number | undefined>;
  /**
   * Returns the new theoretical arrival time in epoch milliseconds. Returns `undefined` if the throttle has too few
   * left, or if the stored time is on the other side of `THROTTLE_SLACK_MS`.
   */
  takeThrottle(ask: ThrottleAsk): Promise<number | undefined>;
}

/**
 * How far in the past `continue` may begin, in milliseconds. Without it, a subject that uses half of its rate would need
 * two writes for every second request. The burst grows by the rate of this time.
 */
export const THROTTLE_SLACK_MS = 250;
/** Sums of fractions of milliseconds are off by less than this. The last request of a burst must not depend on it. */
const ROUNDING_MS = 0.01;

/** Returns the latest theoretical arrival time from which a throttle grants this count, in epoch milliseconds. */
export function latestTatMs(
  { rateLimit, burstLimit }: NonNullable<PlanLimits['throttle']>,
  { count, nowMs }: Pick<ThrottleAsk, 'count' | 'nowMs'>,
): number {
  return nowMs + ((burstLimit - count) * 1000) / rateLimit + ROUNDING_MS;
}

/** The attribute names of the table of limits. */
export const LIMIT_ATTRIBUTE = {
  subject: 'subject',
  /** Requests granted to execution environments in the window of a quota. */
  granted: 'granted',
  /** The theoretical arrival time of a throttle's next request, in epoch milliseconds (GCRA, ITU-T I.371). */
  tat: 'tat',
  plan: 'plan',
  limit: 'limit',
  period: 'period',
  rateLimit: 'rateLimit',
  burstLimit: 'burstLimit',
  purgeAfter: 'purgeAfter',
} as const;

/**
 * The attribute of a quota's item with the highest share, in percent, that gave an event. Only the function of the
 * events writes it, so it isn't one of the authorizer's attributes.
 */
export const QUOTA_WARNED = 'warned';

export const LIMITS_PARTITION_KEY = LIMIT_ATTRIBUTE.subject;
/** The table's TTL attribute, in epoch seconds. */
export const LIMITS_TTL_ATTRIBUTE = LIMIT_ATTRIBUTE.purgeAfter;
/** The attributes that the authorizer may use in an update. */
export const LIMIT_ATTRIBUTES: readonly string[] = Object.values(LIMIT_ATTRIBUTE);

/** Returns the CreateTable input for the table of limits, for DynamoDB engines without CloudFormation. */
export function createLimitsTableInput(tableName: string) {
  return {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST' as const,
    AttributeDefinitions: [{ AttributeName: LIMITS_PARTITION_KEY, AttributeType: 'S' as const }],
    KeySchema: [{ AttributeName: LIMITS_PARTITION_KEY, KeyType: 'HASH' as const }],
  };
}

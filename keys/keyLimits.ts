import { LatchkeyError } from './errors.ts';
import {
  LIMIT_ATTRIBUTE,
  LIMIT_PERIODS,
  type LimitPeriod,
  quotaSubject,
  rootIdOf,
  throttleSubject,
  windowAt,
} from './limits.ts';
import type { LimitsTable } from './limitsTable.ts';
import type { PublicRecord } from './record.ts';
import type { Item } from './tableCalls.ts';
import { type Timestamp, toTimestamp } from './timestamp.ts';

/** The requests that count together: those of one key with its successors, of one owner, or of all the plan's keys. */
export type CountedTogether = 'key' | 'owner' | 'plan';

/** A count of requests in the current window of a quota. */
export interface QuotaUse {
  /** The requests that count together. */
  readonly per: CountedTogether;
  /** The plan of the last request that was counted. */
  readonly plan: string;
  /** The limit at that request. */
  readonly limit: number;
  /** The period of the quota. */
  readonly period: LimitPeriod;
  /**
   * The requests that the authorizer's execution environments have taken. An environment takes several at once, so it
   * may not have used the last ones yet.
   */
  readonly used: number;
  /** The requests that are left, at least 0. */
  readonly remaining: number;
  /** The start of the window. */
  readonly startsAt: Timestamp;
  /** The end of the window, when the count begins again. */
  readonly resetsAt: Timestamp;
}

/** The rate of requests of a throttle. */
export interface ThrottleUse {
  /** The requests that count together. */
  readonly per: CountedTogether;
  /** The average rate per second. */
  readonly rateLimit: number;
  /** The largest burst. */
  readonly burstLimit: number;
  /** The requests that are left of the burst. */
  readonly remaining: number;
}

/** What is left of a key's plan. It's empty if the plan's limits weren't used in the current windows. */
export interface KeyLimits {
  /** The id of the key. */
  readonly id: string;
  /** The key's plan. It's absent for a key without a plan. */
  readonly plan?: string | undefined;
  /** The counts of the plan's quota: usually one, and none if the quota wasn't used in its current window. */
  readonly quotas: readonly QuotaUse[];
  /** The rates of the plan's throttle: usually one, and none if the throttle wasn't used within a day. */
  readonly throttles: readonly ThrottleUse[];
}

/** The fields of a record that determine its counts. */
export type LimitedKey = Pick<PublicRecord, 'id' | 'plan' | 'owner' | 'rootId' | 'rotatedFrom'>;

/** One item that may count a key's requests. */
export interface Candidate {
  readonly subject: string;
  readonly per: CountedTogether;
  /** The period of a quota. Absent for a throttle. */
  readonly period?: LimitPeriod;
}

/**
 * Returns the items that may count a key's requests at a time in epoch milliseconds. The definition of its plan, which
 * isn't known here, determines which of them exist.
 */
export function candidatesOf(key: LimitedKey, nowMs: number): readonly Candidate[] {
  const { plan, owner } = key;
  if (plan === undefined) return [];
  const whos: readonly (readonly [CountedTogether, string])[] = [
    ['key', `key/${rootIdOf(key)}`],
    ...(owner === undefined ? [] : [['owner', `owner/${plan}/${owner}`] as const]),
    ['plan', `plan/${plan}`],
  ];
  const quotas = whos.flatMap(([per, who]) =>
    LIMIT_PERIODS.map((period) => ({ subject: quotaSubject(period, windowAt(period, nowMs), who), per, period })),
  );
  return [...quotas, ...whos.map(([per, who]) => ({ subject: throttleSubject(plan, who), per }))];
}

/**
 * Reads what is left of a key's plan. The read is eventually consistent.
 *
 * @throws LatchkeyError `STORE_UNAVAILABLE`; `RECORD_CORRUPT` for an unreadable count
 */
export async function readLimits(key: LimitedKey, table: LimitsTable, nowMs: number): Promise<KeyLimits> {
  const { id, plan } = key;
  const candidates = candidatesOf(key, nowMs);
  const items = await table.read(
    candidates.map(({ subject }) => subject),
    false,
  );
  const found = candidates.flatMap((candidate) => {
    const item = items.get(candidate.subject);
    return item === undefined ? [] : [{ ...candidate, item }];
  });
  return {
    id,
    plan,
    quotas: found.flatMap(({ per, period, item }) =>
      period === undefined ? [] : [parseQuota(item, { id, per, period, nowMs })],
    ),
    throttles: found.flatMap(({ per, period, item }) =>
      period === undefined ? [parseThrottle(item, { id, per, nowMs })] : [],
    ),
  };
}

interface ItemContext {
  /** The id of the key, for errors. */
  readonly id: string;
  readonly per: CountedTogether;
  readonly nowMs: number;
}

/**
 * Parses the item of a quota.
 *
 * @throws LatchkeyError `RECORD_CORRUPT`
 */
export function parseQuota(item: Item, { id, per, period, nowMs }: ItemContext & { period: LimitPeriod }): QuotaUse {
  const used = readNumber(item, LIMIT_ATTRIBUTE.granted, id);
  const limit = readNumber(item, LIMIT_ATTRIBUTE.limit, id);
  const { startsAtMs, endsAtMs } = windowAt(period, nowMs);
  return {
    per,
    plan: String(item[LIMIT_ATTRIBUTE.plan]),
    limit,
    period,
    used,
    remaining: Math.max(0, limit - used),
    startsAt: toTimestamp(startsAtMs),
    resetsAt: toTimestamp(endsAtMs),
  };
}

function parseThrottle(item: Item, { id, per, nowMs }: ItemContext): ThrottleUse {
  const rateLimit = readNumber(item, LIMIT_ATTRIBUTE.rateLimit, id);
  const burstLimit = readNumber(item, LIMIT_ATTRIBUTE.burstLimit, id);
  // A reset removes the attribute.
  const tatMs = item[LIMIT_ATTRIBUTE.tat] === undefined ? nowMs : readNumber(item, LIMIT_ATTRIBUTE.tat, id);
  const taken = (Math.max(0, tatMs - nowMs) * rateLimit) / 1000;
  return { per, rateLimit, burstLimit, remaining: Math.max(0, Math.floor(burstLimit - taken)) };
}

function readNumber(item: Item, name: string, keyId: string): number {
  const value = item[name];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new LatchkeyError('RECORD_CORRUPT', `a count of key ${keyId} has an unreadable ${name}`, { keyId });
}

import { toEpochMs, type Timestamp } from './timestamp.ts';

/** What of a record is read here. */
export interface DatedRecord {
  readonly expiresAt?: Timestamp;
  readonly lastUsedAt?: Timestamp;
}

/** What of a record is compared with the clock, in epoch milliseconds. */
export interface RecordTimes {
  /** `Infinity` where the key does not expire. */
  readonly expiresAtMs: number;
  /** `-Infinity` where the key was never used. */
  readonly lastUsedAtMs: number;
}

/**
 * How far clocks are expected to differ, in milliseconds. A time of the past that is further ahead is a mistake: of a clock, of
 * an import, of whoever wrote the item by hand.
 */
export const CLOCK_SKEW_MS = 60_000;

/** Whether a time in epoch milliseconds can't have passed yet, as far as clocks agree. */
export function isAhead(timeMs: number, nowMs: number): boolean {
  return timeMs > nowMs + CLOCK_SKEW_MS;
}

/**
 * When the key was last used, in epoch milliseconds; `-Infinity` if never. A last use that is ahead of the clock counts as none:
 * else nothing would note a use until that time has come.
 */
export function lastUsedMs(record: DatedRecord, nowMs: number): number {
  const { lastUsedAtMs } = timesOf(record);
  return isAhead(lastUsedAtMs, nowMs) ? -Infinity : lastUsedAtMs;
}

/** As long as somebody holds the record: reading a date takes longer than the rest of a decision's comparisons together. */
const TIMES = new WeakMap<DatedRecord, RecordTimes>();

/** The record's times, read once for a record. */
export function timesOf(record: DatedRecord): RecordTimes {
  const known = TIMES.get(record);
  if (known !== undefined) return known;
  const { expiresAt, lastUsedAt } = record;
  const times = {
    expiresAtMs: expiresAt === undefined ? Infinity : toEpochMs(expiresAt),
    lastUsedAtMs: lastUsedAt === undefined ? -Infinity : toEpochMs(lastUsedAt),
  };
  TIMES.set(record, times);
  return times;
}

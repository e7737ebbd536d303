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

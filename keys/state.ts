import type { KeyRecord } from './record.ts';
import { type Timestamp, toEpochMs } from './timestamp.ts';

/** The state of a key. The authorizer accepts only active keys. */
export type KeyState = 'active' | 'revoked' | 'expired' | 'disabled';

/**
 * Returns the key's state at a time in epoch milliseconds. Revoked takes precedence over expired, and expired over
 * disabled.
 */
export function keyState(record: Pick<KeyRecord, 'revokedAt' | 'expiresAt' | 'disabledAt'>, nowMs: number): KeyState {
  return keyStateAt(record, timesOf(record).expiresAtMs, nowMs);
}

/**
 * Returns the key's state at a time in epoch milliseconds. The record's expiry is already parsed, also in epoch
 * milliseconds.
 */
export function keyStateAt(
  record: Pick<KeyRecord, 'revokedAt' | 'disabledAt'>,
  expiresAtMs: number,
  nowMs: number,
): KeyState {
  if (record.revokedAt !== undefined) return 'revoked';
  if (expiresAtMs <= nowMs) return 'expired';
  if (record.disabledAt !== undefined) return 'disabled';
  return 'active';
}

/** The times in a record, in the stored form. */
export interface DatedRecord {
  readonly expiresAt?: Timestamp;
  readonly lastUsedAt?: Timestamp;
}

/** The times in a record, in epoch milliseconds. */
export interface RecordTimes {
  /** `Infinity` if the key never expires. */
  readonly expiresAtMs: number;
  /** `-Infinity` if the key was never used. */
  readonly lastUsedAtMs: number;
}

/**
 * The tolerated difference between clocks, in milliseconds. A past time that is further ahead indicates an error in a
 * clock, an import or a manual edit.
 */
export const CLOCK_SKEW_MS = 60_000;

/** Returns whether a time in epoch milliseconds is in the future, beyond the tolerated clock difference. */
export function isAhead(timeMs: number, nowMs: number): boolean {
  return timeMs > nowMs + CLOCK_SKEW_MS;
}

/**
 * Returns the time of the last use in epoch milliseconds. Returns `-Infinity` if the key was never used, or if the
 * stored time is ahead of the clock.
 */
export function lastUsedMs(record: DatedRecord, nowMs: number): number {
  return pastUseMs(timesOf(record).lastUsedAtMs, nowMs);
}

/**
 * Returns the last use, or `-Infinity` if it's ahead of the clock. Otherwise, the authorizer wouldn't record a use
 * until that time.
 */
export function pastUseMs(lastUsedAtMs: number, nowMs: number): number {
  return isAhead(lastUsedAtMs, nowMs) ? -Infinity : lastUsedAtMs;
}

/** Parses the record's times. */
export function timesOf({ expiresAt, lastUsedAt }: DatedRecord): RecordTimes {
  return {
    expiresAtMs: expiresAt === undefined ? Infinity : toEpochMs(expiresAt),
    lastUsedAtMs: lastUsedAt === undefined ? -Infinity : toEpochMs(lastUsedAt),
  };
}

type UseOf = Pick<KeyRecord, 'lastUsedAt'>;

/**
 * Returns whether a key was never used. The key's age doesn't matter. A last use more than a minute ahead of the clock
 * doesn't count.
 */
export function isNeverUsed(record: UseOf, nowMs: number): boolean {
  return lastUsedMs(record, nowMs) === -Infinity;
}

/** Returns whether a key was used, but not within the last `ms` milliseconds. */
export function isUnusedFor(record: UseOf, ms: number, nowMs: number): boolean {
  const usedMs = lastUsedMs(record, nowMs);
  return usedMs !== -Infinity && usedMs <= nowMs - ms;
}

/** Returns whether a key will expire within the next `ms` milliseconds. */
export function isExpiringWithin({ expiresAt }: Pick<KeyRecord, 'expiresAt'>, ms: number, nowMs: number): boolean {
  if (expiresAt === undefined) return false;
  const expiresMs = toEpochMs(expiresAt);
  return expiresMs > nowMs && expiresMs <= nowMs + ms;
}

import type { KeyRecord } from './record.ts';
import { type Timestamp, toEpochMs } from './timestamp.ts';

/** The state of a key. Only an active key is accepted. */
export type KeyState = 'active' | 'revoked' | 'expired' | 'disabled';

/** Returns the key's state at a time in epoch milliseconds. Of several states it returns revoked before expired before disabled. */
export function keyState(record: Pick<KeyRecord, 'revokedAt' | 'expiresAt' | 'disabledAt'>, nowMs: number): KeyState {
  return keyStateAt(record, timesOf(record).expiresAtMs, nowMs);
}

/** Returns the same for a record whose expiry is already read, in epoch milliseconds. */
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
 * How far clocks may differ, in milliseconds. A time that should be past and is further ahead is an error of a clock, an import or
 * a manual edit.
 */
export const CLOCK_SKEW_MS = 60_000;

/** Returns whether a time in epoch milliseconds is in the future, even if clocks differ. */
export function isAhead(timeMs: number, nowMs: number): boolean {
  return timeMs > nowMs + CLOCK_SKEW_MS;
}

/** Returns when the key was last used, in epoch milliseconds; `-Infinity` if never, or if the stored time is ahead of the clock. */
export function lastUsedMs(record: DatedRecord, nowMs: number): number {
  return pastUseMs(timesOf(record).lastUsedAtMs, nowMs);
}

/** Returns the last use, or `-Infinity` if it is ahead of the clock: otherwise no use would be recorded until that time. */
export function pastUseMs(lastUsedAtMs: number, nowMs: number): number {
  return isAhead(lastUsedAtMs, nowMs) ? -Infinity : lastUsedAtMs;
}

/** Reads the record's times. */
export function timesOf({ expiresAt, lastUsedAt }: DatedRecord): RecordTimes {
  return {
    expiresAtMs: expiresAt === undefined ? Infinity : toEpochMs(expiresAt),
    lastUsedAtMs: lastUsedAt === undefined ? -Infinity : toEpochMs(lastUsedAt),
  };
}

type UseOf = Pick<KeyRecord, 'lastUsedAt'>;

/** Returns whether a key was never used, however new it is. A last use more than a minute ahead of the clock doesn't count. */
export function isNeverUsed(record: UseOf, nowMs: number): boolean {
  return lastUsedMs(record, nowMs) === -Infinity;
}

/** Returns whether a key was used, but not in the last `ms` milliseconds. */
export function isUnusedFor(record: UseOf, ms: number, nowMs: number): boolean {
  return !isNeverUsed(record, nowMs) && lastUsedMs(record, nowMs) <= nowMs - ms;
}

/** Returns whether a key will expire within the next `ms` milliseconds. */
export function isExpiringWithin({ expiresAt }: Pick<KeyRecord, 'expiresAt'>, ms: number, nowMs: number): boolean {
  if (expiresAt === undefined) return false;
  const expiresMs = toEpochMs(expiresAt);
  return expiresMs > nowMs && expiresMs <= nowMs + ms;
}

/** A record, or an entry to import. */
interface ShownKey {
  readonly keyPrefix?: string | null | undefined;
}

/** The accepted keys of a deployment with `acceptForeignKeys`. Any other deployment states its key prefix. */
export const ANY_KEYS = 'any';

/** The shown part of every key of Latchkey: its prefix and its first 8 random characters. */
const SHOWN_PREFIX = /^([a-z][a-z0-9]{0,14}_)[0-9A-Za-z]{8}$/;

/**
 * Returns whether a key is certainly from another system: its record has no prefix, or one that no key of Latchkey has. If
 * `acceptedKeys` is a prefix, a key with another prefix is also foreign. A foreign key can look like one of Latchkey, so `false`
 * proves nothing.
 */
export function isForeign({ keyPrefix }: ShownKey, acceptedKeys?: string): boolean {
  const [, prefix] = SHOWN_PREFIX.exec(keyPrefix ?? '') ?? [];
  if (prefix === undefined) return true;
  return acceptedKeys !== undefined && acceptedKeys !== ANY_KEYS && prefix !== acceptedKeys;
}

/** Returns whether the deployment certainly rejects a key as foreign. `acceptedKeys` is `undefined` for an unknown deployment. */
export function isRefusedAsForeign(record: ShownKey, acceptedKeys: string | undefined): boolean {
  return acceptedKeys !== undefined && acceptedKeys !== ANY_KEYS && isForeign(record, acceptedKeys);
}

/** The message about one key that the deployment rejects as foreign. */
export const REFUSED_AS_FOREIGN = 'refused, because it was issued elsewhere: the deployment needs acceptForeignKeys';

/** The message about several keys that the deployment rejects as foreign. */
export const FOREIGN_ADVICE = 'they were issued elsewhere, and the deployment needs acceptForeignKeys to accept them';

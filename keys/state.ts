import type { KeyRecord } from './record.ts';
import { type Timestamp, toEpochMs } from './timestamp.ts';

/** Whether a key is accepted, and if not, why. */
export type KeyState = 'active' | 'revoked' | 'expired' | 'disabled';

/**
 * Returns the key's state at a time in epoch milliseconds. Of several states it returns revoked before expired before disabled.
 * Pass `times` if you have already read them from the record.
 */
export function keyState(
  record: Pick<KeyRecord, 'revokedAt' | 'expiresAt' | 'disabledAt'>,
  nowMs: number,
  times: Pick<RecordTimes, 'expiresAtMs'> = timesOf(record),
): KeyState {
  if (record.revokedAt !== undefined) return 'revoked';
  if (times.expiresAtMs <= nowMs) return 'expired';
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
 * How far clocks are expected to differ, in milliseconds. A time of the past that is further ahead is a mistake: of a clock, of
 * an import, of whoever wrote the item by hand.
 */
export const CLOCK_SKEW_MS = 60_000;

/** Whether a time in epoch milliseconds can't have passed yet, as far as clocks agree. */
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

/** Whether a key was never used, however new it is. A last use more than a minute ahead of the clock counts as never. */
export function isNeverUsed(record: UseOf, nowMs: number): boolean {
  return lastUsedMs(record, nowMs) === -Infinity;
}

/** Whether a key was used, but not since this many milliseconds ago. */
export function isUnusedFor(record: UseOf, ms: number, nowMs: number): boolean {
  return !isNeverUsed(record, nowMs) && lastUsedMs(record, nowMs) <= nowMs - ms;
}

/** Whether a key that has not expired does so within this many milliseconds. */
export function isExpiringWithin({ expiresAt }: Pick<KeyRecord, 'expiresAt'>, ms: number, nowMs: number): boolean {
  if (expiresAt === undefined) return false;
  const expiresMs = toEpochMs(expiresAt);
  return expiresMs > nowMs && expiresMs <= nowMs + ms;
}

/** A record, or an entry to import. */
interface ShownKey {
  readonly keyPrefix?: string | null | undefined;
}

/** What a deployment with `acceptForeignKeys` states that it accepts. Any other one states its key prefix. */
export const ANY_KEYS = 'any';

/** The prefix and the first 8 random characters, as every key issued by Latchkey shows them. */
const SHOWN_PREFIX = /^([a-z][a-z0-9]{0,14}_)[0-9A-Za-z]{8}$/;

/**
 * Whether a key certainly was issued elsewhere: its record shows no prefix, or one that no key issued by Latchkey has; if
 * `acceptedKeys` is a prefix, also any other prefix. A key from elsewhere can look like one of Latchkey's, so that `false` is
 * no proof.
 */
export function isForeign({ keyPrefix }: ShownKey, acceptedKeys?: string): boolean {
  const [, prefix] = SHOWN_PREFIX.exec(keyPrefix ?? '') ?? [];
  if (prefix === undefined) return true;
  return acceptedKeys !== undefined && acceptedKeys !== ANY_KEYS && prefix !== acceptedKeys;
}

/** Whether the deployment certainly refuses a key as one issued elsewhere. `undefined` stands for an unknown deployment. */
export function isRefusedAsForeign(record: ShownKey, acceptedKeys: string | undefined): boolean {
  return acceptedKeys !== undefined && acceptedKeys !== ANY_KEYS && isForeign(record, acceptedKeys);
}

/** The same in words, for one key. */
export const REFUSED_AS_FOREIGN = 'refused, because it was issued elsewhere: the deployment needs acceptForeignKeys';

/** The same in words, for several keys. */
export const FOREIGN_ADVICE = 'they were issued elsewhere, and the deployment needs acceptForeignKeys to accept them';

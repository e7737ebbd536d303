import type { KeyRecord } from './record.ts';
import { lastUsedMs } from './recordTimes.ts';
import { toEpochMs } from './timestamp.ts';

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

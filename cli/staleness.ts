import type { KeyRecord } from '../keys/record.ts';
import { toEpochMs } from '../keys/timestamp.ts';

type UseOf = Pick<KeyRecord, 'lastUsedAt'>;

/** Whether a key was never used, however new it is. */
export function isNeverUsed({ lastUsedAt }: UseOf): boolean {
  return lastUsedAt === undefined;
}

/** Whether a key was used, but not since this many milliseconds ago. */
export function isUnusedFor({ lastUsedAt }: UseOf, ms: number, nowMs: number): boolean {
  return lastUsedAt !== undefined && toEpochMs(lastUsedAt) <= nowMs - ms;
}

/** Whether a key that has not expired does so within this many milliseconds. */
export function isExpiringWithin({ expiresAt }: Pick<KeyRecord, 'expiresAt'>, ms: number, nowMs: number): boolean {
  if (expiresAt === undefined) return false;
  const expiresMs = toEpochMs(expiresAt);
  return expiresMs > nowMs && expiresMs <= nowMs + ms;
}

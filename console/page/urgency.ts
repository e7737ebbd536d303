import { keyState } from '../../keys/state.ts';
import { toEpochMs } from '../../keys/timestamp.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import { DAY_MS, EXPIRING_DAYS } from './attention.ts';
import { lastUsedBand } from './keyList.ts';

/**
 * Returns the urgency of an active key's expiry, which is also its class: `warning` within 7 days, `urgent` within 24
 * hours. Keys in other states don't have an urgent expiry.
 */
export function expiryUrgency(record: ConsoleKey, nowMs: number): '' | 'warning' | 'urgent' {
  if (record.expiresAt === undefined || keyState(record, nowMs) !== 'active') return '';
  const days = (toEpochMs(record.expiresAt) - nowMs) / DAY_MS;
  if (days > EXPIRING_DAYS) return '';
  return days > 1 ? 'warning' : 'urgent';
}

/** Returns whether a key was used within the last 24 hours. */
export function isUsedToday(record: ConsoleKey, nowMs: number): boolean {
  return lastUsedBand(record, nowMs) === 'day';
}

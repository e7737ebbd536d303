import { type DatedRecord, isExpiringWithin, keyState, lastUsedMs } from '../keys/state.ts';
import type { PublicRecord } from '../keys/record.ts';

export const DAY_MS = 86_400_000;
/** Number of days before an expiry from which a key needs attention. */
export const EXPIRING_DAYS = 7;

type Dated = Pick<PublicRecord, 'expiresAt' | 'revokedAt' | 'disabledAt'>;

/**
 * Returns the urgency of an active key's expiry, which is also its class: `warning` within 7 days, `urgent` within 24
 * hours. Keys in other states don't have an urgent expiry.
 */
export function expiryUrgency(record: Dated, nowMs: number): '' | 'warning' | 'urgent' {
  if (keyState(record, nowMs) !== 'active' || !isExpiringWithin(record, EXPIRING_DAYS * DAY_MS, nowMs)) return '';
  return isExpiringWithin(record, DAY_MS, nowMs) ? 'urgent' : 'warning';
}

/** The time since a key's last use, in bands. */
export type UseBand = 'day' | 'week' | 'month' | 'quarter' | 'older' | 'never';

/** The bands with their maximum ages in days, the most recent band first. */
const BANDS: readonly (readonly [band: UseBand, days: number])[] = [
  ['day', 1],
  ['week', 7],
  ['month', 30],
  ['quarter', 90],
  ['older', Infinity],
];

/** Returns the band of a key's last use. `day` means within 24 hours. */
export function lastUsedBand(key: DatedRecord, nowMs: number): UseBand {
  const usedMs = lastUsedMs(key, nowMs);
  if (usedMs === -Infinity) return 'never';
  const days = (nowMs - usedMs) / DAY_MS;
  return BANDS.find(([, most]) => days <= most)?.[0] ?? 'older';
}

/** Returns whether a key was used within the last 24 hours. */
export function isUsedToday(record: DatedRecord, nowMs: number): boolean {
  return lastUsedBand(record, nowMs) === 'day';
}

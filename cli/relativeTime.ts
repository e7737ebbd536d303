import { toEpochMs, type Timestamp } from '../keys/timestamp.ts';

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * 86_400_000],
  ['month', 30 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];
const FORMAT = new Intl.RelativeTimeFormat('en', { numeric: 'always' });

/** A time as people say it: `3 days ago`, `in 2 months`, in the largest unit that fits, rounded. */
export function relativeTime(timestamp: Timestamp, nowMs: number): string {
  const distanceMs = toEpochMs(timestamp) - nowMs;
  const [unit, unitMs] = UNITS.find(([, unitMs]) => Math.abs(distanceMs) >= unitMs) ?? [];
  if (unit === undefined || unitMs === undefined) return distanceMs > 0 ? 'in less than a minute' : 'just now';
  return FORMAT.format(Math.round(distanceMs / unitMs), unit);
}

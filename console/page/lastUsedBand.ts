import { lastUsedMs, type DatedRecord } from '../../keys/recordTimes.ts';
import { DAY_MS } from './keyList.ts';

/** How long ago a key was used last. */
export type UseBand = 'day' | 'week' | 'month' | 'quarter' | 'older' | 'never';

/** From the hottest on, each with its longest time. */
const BANDS: readonly (readonly [band: UseBand, days: number])[] = [
  ['day', 1],
  ['week', 7],
  ['month', 30],
  ['quarter', 90],
  ['older', Infinity],
];

/** For people. */
export const BAND_NAMES: Readonly<Record<UseBand, string>> = {
  day: 'today',
  week: '7 days',
  month: '30 days',
  quarter: '90 days',
  older: 'older',
  never: 'never',
};

/** The band of a key's last use: `day` is within 24 hours. */
export function lastUsedBand(key: DatedRecord, nowMs: number): UseBand {
  const usedMs = lastUsedMs(key, nowMs);
  if (usedMs === -Infinity) return 'never';
  const days = (nowMs - usedMs) / DAY_MS;
  return BANDS.find(([, most]) => days <= most)?.[0] ?? 'older';
}

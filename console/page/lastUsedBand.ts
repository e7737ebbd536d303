import { toEpochMs, type Timestamp } from '../../keys/timestamp.ts';
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

/** The band of a last use: `day` is within 24 hours. */
export function lastUsedBand(lastUsedAt: Timestamp | undefined, nowMs: number): UseBand {
  if (lastUsedAt === undefined) return 'never';
  const days = (nowMs - toEpochMs(lastUsedAt)) / DAY_MS;
  return BANDS.find(([, most]) => days <= most)?.[0] ?? 'older';
}

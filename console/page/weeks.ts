import { toEpochMs, type Timestamp } from '../../keys/timestamp.ts';
import type { ConsoleKey } from './consoleKey.ts';

/** One week of a chart, in epoch milliseconds. It ends where the next week starts. */
export interface Week {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The number of weeks in a chart. */
const CHART_WEEKS = 12;

/** Returns the current week and the next ones. A week starts on Monday at midnight, local time. */
export function weeksAhead(nowMs: number): readonly Week[] {
  return Array.from({ length: CHART_WEEKS }, (_, index) => weekAt(nowMs, index));
}

/** Returns the last weeks up to the current one, oldest first. */
export function weeksBack(nowMs: number): readonly Week[] {
  return Array.from({ length: CHART_WEEKS }, (_, index) => weekAt(nowMs, index + 1 - CHART_WEEKS));
}

/** Returns the week that is `distance` weeks after the current one. A week with a clock change isn't 168 hours long. */
function weekAt(nowMs: number, distance: number): Week {
  const startOf = (weeks: number) => {
    const day = new Date(nowMs);
    day.setHours(0, 0, 0, 0);
    day.setDate(day.getDate() - ((day.getDay() + 6) % 7) + 7 * weeks);
    return day.getTime();
  };
  return { fromMs: startOf(distance), untilMs: startOf(distance + 1) };
}

/** Returns the number of times in each week. Ignores missing times and times outside the weeks. */
export function countByWeek(times: readonly (Timestamp | undefined)[], weeks: readonly Week[]): readonly number[] {
  const counts = weeks.map(() => 0);
  for (const time of times) {
    if (time === undefined) continue;
    const ms = toEpochMs(time);
    const at = weeks.findIndex(({ fromMs, untilMs }) => ms >= fromMs && ms < untilMs);
    if (at >= 0) counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

/** The expiries of the active keys. */
export interface Expiries {
  readonly byWeek: readonly number[];
  /** The number of keys that expire after the last week. */
  readonly later: number;
  /** The number of keys that never expire. */
  readonly never: number;
}

/** Counts the expiries of active keys from now on. */
export function countExpiries(active: readonly ConsoleKey[], weeks: readonly Week[]): Expiries {
  const times = active.map(({ expiresAt }) => expiresAt);
  const endMs = weeks.at(-1)?.untilMs ?? 0;
  return {
    byWeek: countByWeek(times, weeks),
    later: times.filter((time) => time !== undefined && toEpochMs(time) >= endMs).length,
    never: times.filter((time) => time === undefined).length,
  };
}

const DAY_FORMAT = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' });

/** Returns the first day of a week: `Nov 30`. */
export function weekName({ fromMs }: Week): string {
  return DAY_FORMAT.format(fromMs);
}

import { LatchkeyError } from './errors.ts';
import { show } from './fields.ts';
import { readTime, TIME_EXPECTED, toEpochMs } from './timestamp.ts';

/** The length of a row of a usage report. */
export type UsagePeriod = 'hour' | 'day' | 'month';

/** The lengths of a row, as worded in error messages. */
export const USAGE_PERIODS: readonly UsagePeriod[] = ['hour', 'day', 'month'];

/** The number of rows of a report without `since`. */
const DEFAULT_ROWS: Readonly<Record<UsagePeriod, number>> = { hour: 24, day: 30, month: 12 };
/** Maximum number of rows. It's more than the hours for which the table keeps usage by default. */
const MAX_ROWS = 10_000;

/** The span of a usage report. See `UsageOptions`. */
export interface UsageSpan {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly by?: UsagePeriod | undefined;
}

/** The hours, days or months of a report, oldest first. */
export interface UsagePeriods {
  readonly by: UsagePeriod;
  /** The first millisecond of each period. */
  readonly starts: readonly number[];
  /** The first millisecond after the last period. */
  readonly endMs: number;
}

/**
 * Returns the periods of a span. The first period contains `since`. The last one contains the millisecond before
 * `until`, or the current time if `until` is in the future.
 *
 * @throws LatchkeyError `INPUT_INVALID`, with the name of the option, its value and the expected value
 */
export function usagePeriods({ since, until, by = 'day' }: UsageSpan, nowMs: number): UsagePeriods {
  if (!USAGE_PERIODS.includes(by)) throw invalid('by', `one of ${USAGE_PERIODS.join(', ')}`, by);
  // The current period counts, even in its first millisecond.
  const lastMs = until === undefined ? nowMs : Math.min(nowMs, readMs('until', until, 'end') - 1);
  const last = startOf(lastMs, by);
  const endMs = nextStart(last, by);
  if (since !== undefined && readMs('since', since, 'start') > lastMs) {
    throw invalid('since', lastMs === nowMs ? 'a time in the past' : 'a time before the end', since);
  }
  const first = since === undefined ? undefined : startOf(readMs('since', since, 'start'), by);
  const starts = [last];
  for (let start = last; first === undefined ? starts.length < DEFAULT_ROWS[by] : start > first;) {
    start = startOf(start - 1, by);
    starts.push(start);
    if (starts.length > MAX_ROWS) throw invalid('since', `at most ${MAX_ROWS} rows of one ${by}`, since);
  }
  return { by, starts: starts.toReversed(), endMs };
}

/** Returns the first millisecond of the period that contains a time. Periods are in UTC. */
export function startOf(epochMs: number, by: UsagePeriod): number {
  const time = new Date(epochMs);
  if (by === 'hour') return time.setUTCMinutes(0, 0, 0);
  if (by === 'month') time.setUTCDate(1);
  return time.setUTCHours(0, 0, 0, 0);
}

function nextStart(startMs: number, by: UsagePeriod): number {
  const time = new Date(startMs);
  if (by === 'month') return time.setUTCMonth(time.getUTCMonth() + 1);
  return by === 'day' ? time.setUTCDate(time.getUTCDate() + 1) : time.setUTCHours(time.getUTCHours() + 1);
}

function readMs(name: string, text: string, dateAs: 'start' | 'end'): number {
  const time = readTime(text, { dateAs });
  if (time === undefined) throw invalid(name, TIME_EXPECTED, text);
  // A date as an end includes its last millisecond.
  return toEpochMs(time) + (dateAs === 'end' && time.endsWith('23:59:59.999Z') ? 1 : 0);
}

function invalid(name: string, expected: string, got: unknown): LatchkeyError {
  return new LatchkeyError('INPUT_INVALID', `${name}: expected ${expected}, got ${show(got)}`);
}

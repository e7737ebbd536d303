import { isZeroTime } from '../../keys/importedKey.ts';
import { readTime, type Timestamp, toTimestamp } from '../../keys/timestamp.ts';

/** The unit of a number that means a time since 1970. */
export type EpochUnit = 'seconds' | 'milliseconds';

/**
 * Numbers of seconds below this are before the year 5138. Numbers of milliseconds from this on are after March 1973. No
 * number is in both ranges, so one in the wrong unit is an error instead of a wrong time.
 */
const FIRST_MILLISECONDS = 1e11;
const END_MS = Date.UTC(10_000, 0);
const NUMBER = /^\d{1,16}(?:\.\d+)?$/;

/**
 * Parses a time of another system: a number in the unit, or ISO 8601 in UTC unless it has a zone. Returns `undefined`
 * for a time in another form or unit, and `null` for a zero time, which means "no time".
 */
export function readSourceTime(
  value: unknown,
  unit: EpochUnit | undefined,
  dateAs: 'start' | 'end' = 'start',
): Timestamp | null | undefined {
  if (isZeroTime(value)) return null;
  if (!isEpochNumber(value))
    return typeof value === 'string' ? readTime(value.trim(), { dateAs, zone: 'UTC' }) : undefined;
  const count = Number(value);
  if (unit === undefined || count >= FIRST_MILLISECONDS !== (unit === 'milliseconds')) return undefined;
  const epochMs = unit === 'seconds' ? count * 1000 : count;
  return epochMs >= 0 && epochMs < END_MS ? toTimestamp(Math.floor(epochMs)) : undefined;
}

/** Returns whether the value is a number that counts from 1970. Zero isn't, because it means "no time". */
export function isEpochNumber(value: unknown): boolean {
  if (isZeroTime(value)) return false;
  return typeof value === 'number' || (typeof value === 'string' && NUMBER.test(value.trim()));
}

/** Returns the expected form of a time, as worded in error messages. */
export function sourceTimeExpected(unit: EpochUnit | undefined): string {
  const iso = 'a time in ISO 8601, such as 2030-01-31T12:00:00Z';
  return unit === undefined ? iso : `a number of ${unit} since 1970, or ${iso}`;
}

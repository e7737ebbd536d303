import { InvalidArgumentError } from 'commander';
import { readTime, toTimestamp, type Timestamp } from '../keys/timestamp.ts';
import { spanMs } from './span.ts';

/** For `--help`. */
export const EXPIRY_HELP =
  'when it expires: 30m, 12h, 90d, 2w or 1y from now (minutes, hours, days, weeks, years of 365 days); a date such as 2030-01-31, which is the end of that day in UTC; or a time in ISO 8601 with its zone, such as 2030-01-31T12:00:00Z';

const EXPIRY_WANTED = 'Wanted such as 12h, 90d, 1y, 2030-01-31 (the end of that day in UTC) or 2030-01-31T12:00:00Z.';

/**
 * Reads `--expires`: a span from now, a date, whose end in UTC is meant, or a time with its zone. Whether the time is to come
 * is for the registry to check.
 *
 * @throws InvalidArgumentError of Commander
 */
export function parseExpiry(text: string, nowMs: number): Timestamp {
  const ms = spanMs(text);
  if (ms !== undefined && nowMs + ms < Date.UTC(10_000, 0)) return toTimestamp(nowMs + ms);
  const time = readTime(text, { dateAs: 'end' });
  if (time !== undefined) return time;
  const lacksZone = readTime(text, { zone: 'UTC' }) !== undefined;
  throw new InvalidArgumentError(
    lacksZone ? 'It has no zone: append Z for UTC, or an offset such as +01:00.' : EXPIRY_WANTED,
  );
}

import { InvalidArgumentError } from 'commander';
import { toTimestamp } from '../keys/timestamp.ts';

/** Milliseconds of each unit that a span of time may be given in. */
export const UNIT_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  y: 365 * 86_400_000,
};

/** For `--help`. */
export const EXPIRY_HELP =
  'when it expires: 30m, 12h, 90d, 2w or 1y from now (minutes, hours, days, weeks, years of 365 days), or a time in ISO 8601 with its zone, such as 2030-01-31T12:00:00Z';

/**
 * Reads `--expires`: a count of minutes, hours, days, weeks or years from now, or a time, which is left as it is for
 * `checkNewKey` to judge.
 *
 * @throws InvalidArgumentError of Commander
 */
export function parseExpiry(text: string, nowMs: number): string {
  if (/^\d{4}-\d{2}-\d{2}T/.test(text)) return text;
  const [, count, unit = ''] = /^([1-9]\d{0,6})([mhdwy])$/.exec(text) ?? [];
  const expiresMs = nowMs + Number(count) * (UNIT_MS[unit] ?? Number.NaN);
  if (expiresMs < Date.UTC(10_000, 0)) return toTimestamp(expiresMs);
  throw new InvalidArgumentError('Wanted such as 12h, 90d, 1y or 2030-01-31T12:00:00Z.');
}

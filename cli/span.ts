import { InvalidArgumentError } from 'commander';

/** A span of time as somebody gave it, and in milliseconds. */
export interface Span {
  readonly text: string;
  readonly ms: number;
}

/** Milliseconds of each unit that a span of time may be given in. */
const UNIT_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  y: 365 * 86_400_000,
};
const MAX_MS = 1000 * 365 * 86_400_000;

/**
 * Reads a span such as `90d`: a count of minutes, hours, days, weeks or years of 365 days.
 *
 * @throws InvalidArgumentError of Commander
 */
export function parseSpan(text: string): Span {
  const ms = spanMs(text);
  if (ms !== undefined && ms <= MAX_MS) return { text, ms };
  throw new InvalidArgumentError('Wanted such as 12h, 90d, 4w or 1y.');
}

/** Returns the milliseconds of a span such as `90d`, or `undefined` if the text is not one. */
export function spanMs(text: string): number | undefined {
  const [, count, unit = ''] = /^([1-9]\d{0,6})([mhdwy])$/.exec(text) ?? [];
  const ms = Number(count) * (UNIT_MS[unit] ?? Number.NaN);
  return Number.isNaN(ms) ? undefined : ms;
}

import { InvalidArgumentError } from 'commander';
import { UNIT_MS } from './expiry.ts';

/** A span of time as somebody gave it, and in milliseconds. */
export interface Span {
  readonly text: string;
  readonly ms: number;
}

/**
 * Reads a span such as `90d`: a count of minutes, hours, days, weeks or years of 365 days.
 *
 * @throws InvalidArgumentError of Commander
 */
export function parseSpan(text: string): Span {
  const [, count, unit = ''] = /^([1-9]\d{0,6})([mhdwy])$/.exec(text) ?? [];
  const ms = Number(count) * (UNIT_MS[unit] ?? Number.NaN);
  if (ms <= MAX_MS) return { text, ms };
  throw new InvalidArgumentError('Wanted such as 12h, 90d, 4w or 1y.');
}

const MAX_MS = 1000 * 365 * 86_400_000;

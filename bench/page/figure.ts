import { spreadOf } from '../statistics.ts';

/** Three digits, as the page shows a measured number: `0.0123`, `1.23`, `45.6`, `78 900`. */
export function figure(value: number): string {
  if (value === 0) return '0';
  const short = Number(value.toPrecision(3));
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(short))));
  return decimals > 0 ? short.toFixed(decimals) : wholeFigure(short);
}

/** A count with all of its digits: `75 123`. */
export function wholeFigure(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ' ');
}

/** A median with its least and its most. */
export function spreadFigure(values: readonly number[]): string {
  const { median, min, max } = spreadOf(values);
  return values.length === 1 ? figure(median) : `${figure(median)} (${figure(min)}–${figure(max)})`;
}

import { spreadOf, type Spread } from '../statistics.ts';
import type { Group } from '../results.ts';
import { figure } from './figure.ts';

const BAR_WIDTH = 380;
const VALUE_WIDTH = 90;
const CHARACTER_WIDTH = 7;
const BAR_HEIGHT = 18;
const ROW_HEIGHT = 28;
const TOP = 48;
/** From this ratio of the largest to the smallest on, bars of a linear scale could not be seen. */
const LOGARITHMIC_FROM = 50;

const STYLE = `<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 }
.scale { fill: #59636e }
.bar { fill: #8c959f }
.ours { fill: #1a7f37 }
.spread { stroke: #1f2328; stroke-width: 1.5; fill: none }
</style>`;

/** A bar for the median of each case, with a line from its least to its most. The same results always give the same file. */
export function barChart(title: string, { unit, rounds }: Group): string {
  const rows = Object.entries(rounds).map(([name, values]) => ({ name, ...spreadOf(values) }));
  const left = 30 + CHARACTER_WIDTH * Math.max(...rows.map(({ name }) => name.length));
  const { x, isLogarithmic } = scaleOf(rows, left);
  const width = left + BAR_WIDTH + VALUE_WIDTH;
  const height = TOP + rows.length * ROW_HEIGHT + 8;
  const scale = `${unit}, median; the line goes from the least to the most${isLogarithmic ? '; logarithmic scale' : ''}`;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}">`,
    STYLE,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text class="title" x="10" y="18">${escape(title)}</text>`,
    `<text class="scale" x="10" y="36">${escape(scale)}</text>`,
    ...rows.flatMap((row, at) => barOf(row, { left, y: TOP + at * ROW_HEIGHT, x })),
    '</svg>',
  ];
  return `${lines.join('\n')}\n`;
}

interface Row extends Spread {
  readonly name: string;
}

/** Where a value is from left to right. */
type Scale = (value: number) => number;

function scaleOf(rows: readonly Row[], left: number): { readonly x: Scale; readonly isLogarithmic: boolean } {
  const most = Math.max(...rows.map(({ max }) => max));
  const least = Math.min(...rows.map(({ min }) => min));
  const isLogarithmic = least > 0 && most / least >= LOGARITHMIC_FROM;
  // The smallest bar of a logarithmic scale begins at half its value, for it could not begin at 0.
  const share: Scale = isLogarithmic
    ? (value) => Math.log(value / (least / 2)) / Math.log(most / (least / 2))
    : (value) => value / most;
  return { x: (value) => tenths(left + BAR_WIDTH * share(value)), isLogarithmic };
}

interface Place {
  /** Where bars begin. */
  readonly left: number;
  readonly y: number;
  readonly x: Scale;
}

function barOf({ name, median, min, max }: Row, { left, y, x }: Place): readonly string[] {
  const middle = y + BAR_HEIGHT / 2;
  const kind = /^(Latchkey|ours|the whole handler)|\(ours\)/.test(name) ? 'ours' : 'bar';
  const width = tenths(x(median) - left);
  return [
    `<text x="${left - 10}" y="${middle + 4}" text-anchor="end">${escape(name)}</text>`,
    `<rect class="${kind}" x="${left}" y="${y}" width="${width}" height="${BAR_HEIGHT}"/>`,
    `<path class="spread" d="M${x(min)} ${middle}H${x(max)}"/>`,
    `<text x="${tenths(x(max) + 8)}" y="${middle + 4}">${figure(median)}</text>`,
  ];
}

function tenths(value: number): number {
  return Number(value.toFixed(1));
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

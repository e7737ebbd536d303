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
/** What Latchkey's own cases are called. */
const OURS = /^(Latchkey|ours|the whole handler|allowed|malformed|unknown)|\(ours\)/;

const STYLE = `<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 }
.scale { fill: #59636e }
.bar { fill: #8c959f }
.ours { fill: #1a7f37 }
.decade { stroke: #d0d7de }
.lead { stroke: #d0d7de; stroke-dasharray: 2 3 }
.spread { stroke: #1f2328; stroke-width: 1.5; fill: none }
</style>`;

/**
 * The median of each case, the smallest first, with a line from its least to its most: a bar from 0, or a dot on a logarithmic scale,
 * which has no 0 to begin at. The same results always give the same file.
 */
export function barChart(title: string, { unit, rounds }: Group): string {
  const rows = rowsOf(rounds);
  const left = 30 + CHARACTER_WIDTH * Math.max(...rows.map(({ name }) => name.length));
  const scale = scaleOf(rows, left);
  const bottom = TOP + rows.length * ROW_HEIGHT;
  const height = bottom + (scale.decades.length > 0 ? 22 : 8);
  const colours = new Set(rows.map(({ isOurs }) => isOurs)).size > 1 ? '; green is Latchkey' : '';
  const logarithmic = scale.decades.length > 0 ? '; logarithmic scale' : '';
  const words = `${unit}, median; the line goes from the least to the most${colours}${logarithmic}`;
  const width = Math.max(left + BAR_WIDTH + VALUE_WIDTH, 20 + CHARACTER_WIDTH * words.length);
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}">`,
    STYLE,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text class="title" x="10" y="18">${escape(title)}</text>`,
    `<text class="scale" x="10" y="36">${escape(words)}</text>`,
    ...scale.decades.flatMap((value) => decadeLine(value, scale.x(value), bottom)),
    ...rows.flatMap((row, at) => markOf(row, { left, y: TOP + at * ROW_HEIGHT, scale })),
    '</svg>',
  ];
  return `${lines.join('\n')}\n`;
}

interface Row extends Spread {
  readonly name: string;
  readonly isOurs: boolean;
}

function rowsOf(rounds: Group['rounds']): readonly Row[] {
  return Object.entries(rounds)
    .map(([name, values]) => ({ name, isOurs: OURS.test(name), ...spreadOf(values) }))
    .toSorted((left, right) => left.median - right.median);
}

interface Scale {
  /** Where a value is from left to right. */
  readonly x: (value: number) => number;
  /** The powers of ten of a logarithmic scale; none of a linear one. */
  readonly decades: readonly number[];
}

function scaleOf(rows: readonly Row[], left: number): Scale {
  const most = Math.max(...rows.map(({ max }) => max));
  const least = Math.min(...rows.map(({ min }) => min));
  if (least <= 0 || most / least < LOGARITHMIC_FROM) {
    return { x: (value) => tenths(left + (BAR_WIDTH * value) / most), decades: [] };
  }
  const first = Math.floor(Math.log10(least));
  const last = Math.ceil(Math.log10(most));
  const share = (value: number) => (Math.log10(value) - first) / (last - first);
  return {
    x: (value) => tenths(left + BAR_WIDTH * share(value)),
    decades: Array.from({ length: last - first + 1 }, (_, at) => 10 ** (first + at)),
  };
}

function decadeLine(value: number, x: number, bottom: number): readonly string[] {
  const words = value.toLocaleString('en-US', { maximumSignificantDigits: 1 }).replaceAll(',', ' ');
  return [
    `<path class="decade" d="M${x} ${TOP - 4}V${bottom}"/>`,
    `<text class="scale" x="${x}" y="${bottom + 14}" text-anchor="middle">${words}</text>`,
  ];
}

interface Place {
  /** Where bars begin. */
  readonly left: number;
  readonly y: number;
  readonly scale: Scale;
}

function markOf({ name, isOurs, median, min, max }: Row, { left, y, scale }: Place): readonly string[] {
  const middle = y + BAR_HEIGHT / 2;
  const kind = isOurs ? 'ours' : 'bar';
  const at = scale.x(median);
  const mark =
    scale.decades.length > 0
      ? [
          `<path class="lead" d="M${left} ${middle}H${at}"/>`,
          `<circle class="${kind}" cx="${at}" cy="${middle}" r="6"/>`,
        ]
      : [`<rect class="${kind}" x="${left}" y="${y}" width="${tenths(at - left)}" height="${BAR_HEIGHT}"/>`];
  return [
    `<text x="${left - 10}" y="${middle + 4}" text-anchor="end">${escape(name)}</text>`,
    ...mark,
    `<path class="spread" d="M${scale.x(min)} ${middle}H${scale.x(max)}"/>`,
    `<text x="${tenths(scale.x(max) + 10)}" y="${middle + 4}">${figure(median)}</text>`,
  ];
}

function tenths(value: number): number {
  return Number(value.toFixed(1));
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

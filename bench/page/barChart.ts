import { spreadOf } from '../statistics.ts';
import type { Group } from '../results.ts';
import { figure } from './figure.ts';

const WIDTH = 760;
const LABEL_WIDTH = 300;
const VALUE_WIDTH = 90;
const BAR_HEIGHT = 18;
const ROW_HEIGHT = 28;
const TOP = 44;
/** From this ratio of the largest to the smallest on, bars of a linear scale could not be seen. */
const LOGARITHMIC_FROM = 50;

/** A bar for the median of each case, with a line from its least to its most. The same results always give the same file. */
export function barChart(title: string, { unit, rounds }: Group): string {
  const rows = Object.entries(rounds).map(([name, values]) => ({ name, ...spreadOf(values) }));
  const most = Math.max(...rows.map(({ max }) => max));
  const least = Math.min(...rows.map(({ min }) => min));
  const isLogarithmic = least > 0 && most / least >= LOGARITHMIC_FROM;
  const room = WIDTH - LABEL_WIDTH - VALUE_WIDTH;
  const from = isLogarithmic ? Math.log10(least / 2) : 0;
  const to = isLogarithmic ? Math.log10(most) : most;
  const x = (value: number) =>
    round(LABEL_WIDTH + (room * ((isLogarithmic ? Math.log10(value) : value) - from)) / (to - from));
  const bars = rows.flatMap(({ name, median, min, max }, row) => {
    const y = TOP + row * ROW_HEIGHT;
    const middle = y + BAR_HEIGHT / 2;
    const isOurs = name.startsWith('Latchkey');
    return [
      `<text x="${LABEL_WIDTH - 10}" y="${middle + 4}" text-anchor="end">${escape(name)}</text>`,
      `<rect class="${isOurs ? 'ours' : 'bar'}" x="${LABEL_WIDTH}" y="${y}" width="${round(x(median) - LABEL_WIDTH)}" height="${BAR_HEIGHT}"/>`,
      `<path class="spread" d="M${x(min)} ${middle}H${x(max)}"/>`,
      `<text x="${x(max) + 8}" y="${middle + 4}">${figure(median)}</text>`,
    ];
  });
  const height = TOP + rows.length * ROW_HEIGHT + 8;
  const scale = `${unit}, median; the line goes from the least to the most${isLogarithmic ? '; logarithmic scale' : ''}`;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(title)}">`,
    '<style>',
    'text { font: 13px system-ui, sans-serif; fill: #1f2328 } .title { font-weight: 600 } .scale { fill: #59636e }',
    '.bar { fill: #8c959f } .ours { fill: #1a7f37 } .spread { stroke: #1f2328; stroke-width: 1.5; fill: none }',
    '</style>',
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text class="title" x="10" y="18">${escape(title)}</text>`,
    `<text class="scale" x="10" y="35">${escape(scale)}</text>`,
    ...bars,
    '</svg>',
  ].join('\n')}\n`;
}

function round(value: number): number {
  return Number(value.toFixed(1));
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

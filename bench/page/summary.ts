import type { PartResult } from '../results.ts';
import { spreadFigure } from './figure.ts';

/** What the command prints of a part that it has run. */
export function summaryOf({ groups, counts = {}, leftOut = {} }: PartResult): string {
  const measured = Object.entries(groups).flatMap(([name, { unit, rounds }]) => [
    `${name}, ${unit}, median (min–max)`,
    ...Object.entries(rounds).map(([name, values]) => `  ${name}: ${spreadFigure(values)}`),
  ]);
  const counted = Object.entries(counts).map(([name, count]) => `${name}: ${count}`);
  const missing = Object.entries(leftOut).map(([name, why]) => `left out: ${name}: ${why}`);
  return `${[...measured, ...counted, ...missing].join('\n')}\n`;
}

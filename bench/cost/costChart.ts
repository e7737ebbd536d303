import type { CostCase } from './cost.ts';
import type { CostPerMillion } from './costPerMillion.ts';

type Part = Exclude<keyof CostPerMillion, 'total' | 'totalWithoutLogs'>;

/** What a bar is made of, from left to right, with its words and its colour. */
const PARTS = [
  ['lambdaRequests', 'Lambda requests', '#57606a'],
  ['lambdaDuration', 'Lambda duration', '#8c959f'],
  ['lambdaColdStarts', 'cold starts', '#d0d7de'],
  ['reads', 'reads', '#0969da'],
  ['writes', 'writes', '#bc4c00'],
  ['logs', 'logs', '#8250df'],
] as const satisfies readonly (readonly [Part, string, string])[];

const LEFT = 210;
const BAR_WIDTH = 500;
const CHARACTER_WIDTH = 7;
const ROW_HEIGHT = 30;
const TOP = 70;

/** A bar for each case, of what a million requests cost. The same results always give the same file. */
export function costChart(cases: readonly CostCase[]): string {
  const most = Math.max(...cases.map(({ costPerMillion }) => costPerMillion.total));
  const height = TOP + cases.length * ROW_HEIGHT + 10;
  const title = 'US dollars per million requests: 100 keys, 2 environments, 1M requests a day';
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + BAR_WIDTH + 70} ${height}" role="img" aria-label="${title}">`,
    '<style>text { font: 13px system-ui, sans-serif; fill: #1f2328 } .title { font-weight: 600 }</style>',
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text class="title" x="10" y="20">${title}</text>`,
    ...PARTS.flatMap((_, index) => legend(index)),
    ...cases.flatMap((one, index) => barOf(one, TOP + index * ROW_HEIGHT, BAR_WIDTH / most)),
    '</svg>',
  ];
  return `${lines.join('\n')}\n`;
}

/** As far from the left as the words before it take. */
function legend(index: number): readonly string[] {
  const [, words, colour] = PARTS[index] ?? PARTS[0];
  const x = PARTS.slice(0, index).reduce((sum, [, before]) => sum + 40 + before.length * CHARACTER_WIDTH, 10);
  return [
    `<rect x="${x}" y="36" width="12" height="12" fill="${colour}"/>`,
    `<text x="${x + 17}" y="47">${words}</text>`,
  ];
}

function barOf({ name, costPerMillion }: CostCase, y: number, perDollar: number): readonly string[] {
  let x = LEFT;
  const parts = PARTS.map(([part, , colour]) => {
    const width = costPerMillion[part] * perDollar;
    const rect = `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="18" fill="${colour}"/>`;
    x += width;
    return rect;
  });
  return [
    `<text x="${LEFT - 8}" y="${y + 14}" text-anchor="end">${name.replaceAll('&', '&amp;')}</text>`,
    ...parts,
    `<text x="${(x + 6).toFixed(1)}" y="${y + 14}">$${costPerMillion.total.toFixed(4)}</text>`,
  ];
}

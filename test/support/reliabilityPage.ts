import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PAGE = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url));

/** `docs/reliability.md`, whole. */
export const RELIABILITY_PAGE = readFileSync(PAGE, 'utf8');

/** The columns of its table of faults, from the second on. */
export type ApiType = 'a read' | 'a last-used write' | 'priming' | 'a command' | 'the registry';

/** The table under a heading of the page, row by row: each cell by its column. */
export function tableUnder(heading: string): readonly Readonly<Record<string, string>>[] {
  const [, section = ''] = RELIABILITY_PAGE.split(`\n## ${heading}\n`);
  const lines = section.split('\n## ')[0]?.split('\n') ?? [];
  const [head = [], , ...rows] = lines.filter((line) => line.startsWith('|')).map(cellsOf);
  return rows.map((cells) => Object.fromEntries(head.map((column, at) => [column, cells[at] ?? ''])));
}

/** What the page says that a surface makes of each fault: its words by the fault's. */
export function answersOf(apiType: ApiType): ReadonlyMap<string, string> {
  return new Map(tableUnder('Faults').map((row) => [row['DynamoDB'] ?? '', row[apiType] ?? '']));
}

function cellsOf(line: string): readonly string[] {
  const cells = line.split('|').slice(1, -1);
  return cells.map((cell) => cell.trim());
}

import { pairedRatio, spread, type Rounds } from './harness.ts';

/**
 * Default number of rounds for each part, in the order in which a whole run measures the parts. `limits` ignores it,
 * because its simulations depend only on a seed.
 */
export const PARTS = { cold: 15, warm: 15, peers: 15, cost: 9, limits: 1 } as const;

export type PartName = keyof typeof PARTS;

/** Options of a part. */
export interface PartOptions {
  readonly rounds: number;
  /** Directory of Lambda's runtime client. The measurements under that client are skipped if it is absent. */
  readonly runtimeClient: string | undefined;
}

/** Interleaved cases with one unit. */
export interface Group {
  readonly title: string;
  readonly unit: string;
  /** The case that the others are compared with. They are shown as multiples of it. */
  readonly base?: string;
  readonly rounds: Rounds;
}

/** A table of computed or counted values. */
export interface Table {
  readonly title: string;
  /** The column heads, separated by `|`. A column whose head begins with `>` is aligned to the right. */
  readonly heads: string;
  readonly rows: readonly (readonly string[])[];
}

/** The measurements of a part. */
export interface Measured {
  readonly groups?: readonly Group[];
  readonly tables?: readonly Table[];
  /** Skipped measurements, with the reason for each. */
  readonly leftOut?: readonly string[];
}

/** The measurements of a part, with the circumstances of the run. */
export interface PartResult extends Measured {
  readonly measuredAt: string;
  readonly machine: string;
  readonly packages: Readonly<Record<string, string>>;
}

/** Formats the result of a part as Markdown. */
export function formatResult(name: PartName, result: PartResult): string {
  const { groups = [], tables = [], leftOut = [], measuredAt, machine, packages } = result;
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  return [
    `## ${name}`,
    [measuredAt.slice(0, 10), machine, ...versions].join('; '),
    ...leftOut.map((line) => `Left out: ${line}`),
    ...groups.map(groupTable).map(formatTable),
    ...tables.map(formatTable),
  ].join('\n\n');
}

function groupTable({ title, unit, base, rounds }: Group): Table {
  const baseValues = base === undefined ? undefined : rounds[base];
  const cases = Object.entries(rounds).map(([name, values]) => ({ name, values, ...spread(values) }));
  return {
    title: `${title} (${Math.max(...cases.map(({ values }) => values.length))} rounds)`,
    heads: `case|${baseValues ? `>× ${base}|` : ''}>median, ${unit}|>min|>max`,
    rows: cases
      .toSorted((a, b) => a.median - b.median)
      .map(({ name, values, median, min, max }) => {
        const ratios = baseValues ? [pairedRatio(values, baseValues)] : [];
        return [name, ...[...ratios, median, min, max].map(figure)];
      }),
  };
}

/** Formats a number with three significant digits. */
export function figure(value: number): string {
  return value.toLocaleString('en-US', { minimumSignificantDigits: 3, maximumSignificantDigits: 3 });
}

function formatTable({ title, heads, rows }: Table): string {
  const columns = heads.split('|').map((head, column) => {
    const name = head.replace('>', '');
    const width = Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0));
    const isRight = head.startsWith('>');
    return { name, rule: `${'-'.repeat(width - 1)}${isRight ? ':' : '-'}`, width, isRight };
  });
  const line = (row: readonly string[]) => {
    const cells = columns.map(({ width, isRight }, column) => {
      const cell = row[column] ?? '';
      return isRight ? cell.padStart(width) : cell.padEnd(width);
    });
    return `| ${cells.join(' | ')} |`;
  };
  const head = [columns.map(({ name }) => name), columns.map(({ rule }) => rule)];
  return [`### ${title}`, '', ...[...head, ...rows].map(line)].join('\n');
}

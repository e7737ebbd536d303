import Table from 'cli-table3';
import { printable } from '../keys/printable.ts';
import type { KeyRecord } from '../keys/record.ts';
import { isRefused as isRefusedKey } from '../keys/acceptedKeys.ts';
import { keyState } from '../keys/state.ts';
import { type Timestamp, toEpochMs } from '../keys/timestamp.ts';
import { shortDistance } from '../operator/notices.ts';
import { type Colors, createPlainColors } from '../operator/colors.ts';
import { colorState } from './stateColor.ts';
import { cut, textWidth } from './wrap.ts';

/** The state of an active key that the deployment rejects. */
const REFUSED = 'active, refused';
const COLUMNS = ['id', 'label', 'prefix', 'owner', 'plan', 'state', 'created', 'last used', 'expires'] as const;
type Column = (typeof COLUMNS)[number];
type Cells = Readonly<Record<Column, string>>;

export interface TableOptions {
  /**
   * The width of the terminal in columns. Ids are shortened if the table is too wide. Columns are omitted if it's still
   * too wide.
   */
  readonly width?: number;
  /**
   * The keys that the deployment accepts, if known. The state of an active key that it rejects is `active, refused`.
   */
  readonly acceptedKeys?: string | undefined;
  /** The colours of the terminal. The table is plain if omitted. */
  readonly colors?: Colors;
}

/**
 * Returns records as a table for people. Times are distances from now, such as `3d`. Long strings are shortened, and
 * the label keeps the most room. The table has a plan column only if a key has a plan.
 */
export function recordTable(
  records: readonly KeyRecord[],
  nowMs: number,
  { width = Infinity, acceptedKeys, colors = createPlainColors() }: TableOptions = {},
): string {
  const rows = records.map((record) => toRow(record, nowMs, acceptedKeys));
  const idLength = findUniqueLength(rows.map(({ id }) => id));
  const shortRows = rows.map((row) => ({ ...row, id: row.id.slice(0, idLength) }));
  const hasPlans = rows.some(({ plan }) => plan !== '');
  for (const layout of LAYOUTS) {
    const columns = COLUMNS.filter((column) => !layout.omitted.includes(column) && (column !== 'plan' || hasPlans));
    const shown = layout.hasFullIds === true ? rows : shortRows;
    const widths = fitWidths(shown, { columns, width, isTight: layout.isTight === true, isLast: layout === LAST });
    if (widths === undefined) continue;
    return layOut({ rows: shown, columns, widths }, (cell, column, index) =>
      paint(cell, column, { record: records[index], nowMs, colors }),
    );
  }
  return '';
}

interface Layout {
  readonly omitted: readonly Column[];
  readonly hasFullIds?: boolean;
  /** `true` if strings may become very short. */
  readonly isTight?: boolean;
}

const LEAST: readonly Column[] = ['created', 'prefix', 'plan'];
const LAST: Layout = { omitted: [...LEAST, 'owner', 'last used', 'expires'], isTight: true };
/** In order of preference. The first layout that fits is used, otherwise the last one. */
const LAYOUTS: readonly Layout[] = [
  { omitted: [], hasFullIds: true },
  { omitted: [] },
  { omitted: ['created'] },
  { omitted: ['created', 'prefix'] },
  { omitted: LEAST },
  { omitted: LEAST, isTight: true },
  { omitted: [...LEAST, 'owner'], isTight: true },
  { omitted: [...LEAST, 'owner', 'last used'], isTight: true },
  LAST,
];

function toRow(record: KeyRecord, nowMs: number, acceptedKeys: string | undefined): Cells {
  const row = toCells(record, nowMs, (timestamp) =>
    timestamp === undefined ? 'never' : shortDistance(timestamp, nowMs),
  );
  const { lastUsedAt, expiresAt } = record;
  const isRefused = row.state === 'active' && isRefusedKey(record, acceptedKeys);
  return {
    ...row,
    ...(isRefused ? { state: REFUSED } : {}),
    // A last use is in the past and an expiry in the future, unless the cell says otherwise.
    ...(lastUsedAt !== undefined && toEpochMs(lastUsedAt) > nowMs ? { 'last used': `in ${row['last used']}` } : {}),
    ...(expiresAt !== undefined && toEpochMs(expiresAt) <= nowMs ? { expires: `${row.expires} ago` } : {}),
  };
}

/** Returns a record's cells with escaped strings. `time` formats its times. */
export function toCells(record: KeyRecord, nowMs: number, time: (timestamp?: Timestamp) => string): Cells {
  const { id, label, keyPrefix = '', owner = '', plan = '', createdAt, lastUsedAt, expiresAt } = record;
  return {
    id: printable(id),
    label: printable(label),
    prefix: printable(keyPrefix),
    owner: printable(owner),
    state: keyState(record, nowMs),
    created: time(createdAt),
    'last used': time(lastUsedAt),
    expires: time(expiresAt),
    // The plan comes last, because older programs rely on the positions of the other fields.
    plan: printable(plan),
  };
}

const MIN_ID = 8;

/** Returns the shortest length at which the ids are still unique. Other commands accept an id of this length. */
export function findUniqueLength(ids: readonly string[]): number {
  const distinct = new Set(ids).size;
  let length = MIN_ID;
  while (length < 36 && new Set(ids.map((id) => id.slice(0, length))).size < distinct) length++;
  return length;
}

const GAP = '  ';
type Widths = Readonly<Partial<Record<Column, number>>>;

/** The widths to which columns grow, in this order. The label gets the most room. */
const GROWTH: readonly (readonly [column: Column, width: number])[] = [
  ['label', 24],
  ['owner', 14],
  ['plan', 10],
  ['prefix', 13],
  ['label', 60],
  ['owner', 32],
  ['plan', 32],
  ['prefix', 32],
];
/** The number of steps that a table takes before it omits a column, unless it's tight. */
const COMFORTABLE = 4;
const TIGHT: Widths = { label: 12, owner: 6 };

interface Room {
  readonly columns: readonly Column[];
  readonly width: number;
  readonly isTight: boolean;
  /** `true` if there is no narrower table. */
  readonly isLast: boolean;
}

/** Returns the width of each column that may be shortened, or `undefined` if the table doesn't fit. */
function fitWidths(rows: readonly Cells[], { columns, width, isTight, isLast }: Room): Widths | undefined {
  const natural = Object.fromEntries(
    columns.map((column) => [column, Math.max(...[column, ...rows.map((row) => row[column])].map(textWidth))]),
  );
  const widths: Partial<Record<Column, number>> = {};
  const growth = GROWTH.filter(([column]) => columns.includes(column));
  const least = isTight ? (Object.entries(TIGHT) as [Column, number][]) : growth.slice(0, COMFORTABLE);
  const steps = [...least, ...growth].map(([column, most]) => [column, Math.min(most, natural[column] ?? 0)] as const);
  const fixed = columns.filter((column) => !growth.some(([flexible]) => flexible === column));
  let spare = fixed.reduce((rest, column) => rest - (natural[column] ?? 0), width - GAP.length * (columns.length - 1));
  for (const [at, [column, most]] of steps.entries()) {
    const wanted = most - (widths[column] ?? 0);
    if (at < least.length && wanted > spare && !isLast) return undefined;
    const added = Math.max(0, Math.min(wanted, spare));
    widths[column] = (widths[column] ?? 0) + added;
    spare -= added;
  }
  return widths;
}

interface Sized {
  readonly rows: readonly Cells[];
  readonly columns: readonly Column[];
  readonly widths: Widths;
}

type Paint = (cell: string, column: Column, index: number) => string;

const NO_LINES = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
    .concat(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'])
    .map((name) => [name, '']),
);

function layOut({ rows, columns, widths }: Sized, paint: Paint): string {
  const table = new Table({
    head: columns.map((column) => paint(column.toUpperCase(), column, -1)),
    chars: { ...NO_LINES, middle: GAP },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  const toCell = (row: Cells, column: Column) => cut(row[column], widths[column] ?? Infinity);
  table.push(...rows.map((row, index) => columns.map((column) => paint(toCell(row, column), column, index))));
  const lines = table.toString().split('\n');
  return lines.map((line) => line.trimEnd()).join('\n');
}

interface PaintContext {
  /** The record of the row, or `undefined` for the header. */
  readonly record: KeyRecord | undefined;
  readonly nowMs: number;
  readonly colors: Colors;
}

function paint(cell: string, column: Column, { record, nowMs, colors }: PaintContext): string {
  if (record === undefined) return colors.bold(cell);
  if (column === 'state') return cell === REFUSED ? colors.red(cell) : colorState(record, nowMs, colors);
  return ['id', 'created', 'last used', 'expires'].includes(column) ? colors.dim(cell) : cell;
}

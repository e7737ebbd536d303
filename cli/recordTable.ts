import Table from 'cli-table3';
import { isRefusedAsForeign } from '../keys/acceptedKeys.ts';
import { keyState } from '../keys/keyState.ts';
import type { KeyRecord } from '../keys/record.ts';
import type { Timestamp } from '../keys/timestamp.ts';
import { printable } from '../keys/printable.ts';
import { relativeTime } from './relativeTime.ts';

const COLUMNS = ['id', 'label', 'prefix', 'owner', 'plan', 'state', 'created', 'last used', 'expires'] as const;
type Column = (typeof COLUMNS)[number];
type Cells = Readonly<Record<Column, string>>;

/** How a table is laid out: which columns, how wide a text may be, and whether ids are shortened. */
interface Layout {
  readonly columns: readonly Column[];
  readonly maxText: number;
  readonly hasShortIds: boolean;
}

const WIDE: Layout = { columns: COLUMNS, maxText: 32, hasShortIds: false };
const NARROW = COLUMNS.filter((column) => column !== 'created');
const NARROWER = NARROW.filter((column) => column !== 'prefix');
const NARROWEST = NARROWER.filter((column) => column !== 'plan');
/** The first that fits is taken; the last has to. */
const LAYOUTS: readonly Layout[] = [
  WIDE,
  { ...WIDE, hasShortIds: true },
  { columns: COLUMNS, maxText: 20, hasShortIds: true },
  { columns: NARROW, maxText: 20, hasShortIds: true },
  { columns: NARROWER, maxText: 20, hasShortIds: true },
  { columns: NARROWEST, maxText: 20, hasShortIds: true },
  { columns: NARROWEST, maxText: 13, hasShortIds: true },
  { columns: NARROWEST, maxText: 9, hasShortIds: true },
];
const MIN_ID = 8;
const NO_LINES = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
    .concat(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'])
    .map((name) => [name, '']),
);

export interface TableOptions {
  /** Columns of the terminal. Where they are too few, ids are cut to what tells them apart, then columns are left out. */
  readonly width?: number;
  /** What the deployment accepts, if it is known: an active key that it refuses reads `active, refused`. */
  readonly acceptedKeys?: string | undefined;
}

/**
 * Records as a table for people: times as they say them, long texts cut. Where no key is on a plan, there is no column for
 * it.
 */
export function recordTable(
  records: readonly KeyRecord[],
  nowMs: number,
  { width = Infinity, acceptedKeys }: TableOptions = {},
): string {
  const time = (timestamp?: Timestamp) => (timestamp === undefined ? 'never' : relativeTime(timestamp, nowMs));
  const rows = records.map((record) => {
    const row = cells(record, nowMs, time);
    const isRefused = row.state === 'active' && isRefusedAsForeign(record, acceptedKeys);
    return isRefused ? { ...row, state: 'active, refused' } : row;
  });
  let table = '';
  for (const layout of LAYOUTS) {
    table = tableOf(rows, layout);
    if (widthOf(table) <= width) break;
  }
  return table;
}

/** Records as lines of fields parted by tabs, for other programs: times in full, an absent field empty, the plan last. */
export function recordLines(records: readonly KeyRecord[], nowMs: number): string {
  return records.map((record) => Object.values(cells(record, nowMs, inFull)).join('\t')).join('\n');
}

function inFull(timestamp?: Timestamp): string {
  return timestamp ?? '';
}

function cells(record: KeyRecord, nowMs: number, time: (timestamp?: Timestamp) => string): Cells {
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
    // Programs find the others where they were before there were plans.
    plan: printable(plan),
  };
}

function tableOf(rows: readonly Cells[], { columns: wanted, maxText, hasShortIds }: Layout): string {
  const hasPlans = rows.some(({ plan }) => plan !== '');
  const columns = wanted.filter((column) => column !== 'plan' || hasPlans);
  const table = new Table({
    head: columns.map((name) => name.toUpperCase()),
    chars: { ...NO_LINES, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  const idLength = hasShortIds ? tellingLength(rows.map(({ id }) => id)) : Infinity;
  const shorten = (row: Cells): Cells => ({
    ...row,
    id: row.id.slice(0, idLength),
    label: cut(row.label, maxText),
    prefix: cut(row.prefix, maxText),
    owner: cut(row.owner, maxText),
    plan: cut(row.plan, maxText),
  });
  table.push(...rows.map(shorten).map((row) => columns.map((column) => row[column])));
  const lines = table.toString().split('\n');
  return lines.map((line) => line.trimEnd()).join('\n');
}

/** How many characters tell the ids apart: other commands take so many for the whole. */
function tellingLength(ids: readonly string[]): number {
  const distinct = new Set(ids).size;
  let length = MIN_ID;
  while (length < 36 && new Set(ids.map((id) => id.slice(0, length))).size < distinct) length++;
  return length;
}

function cut(text: string, maxLength: number): string {
  const characters = Array.from(text);
  return characters.length <= maxLength ? text : `${characters.slice(0, maxLength - 1).join('')}…`;
}

function widthOf(table: string): number {
  return Math.max(...table.split('\n').map((line) => Array.from(line).length));
}

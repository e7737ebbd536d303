import Table from 'cli-table3';
import { printable } from '../keys/printable.ts';
import { type KeyRecord, publicRecord } from '../keys/record.ts';
import { isRefusedAsForeign, keyState, REFUSED_AS_FOREIGN } from '../keys/state.ts';
import { type Timestamp, toTimestamp } from '../keys/timestamp.ts';
import { relativeTime } from '../operator/notices.ts';
import { csvRows } from './importExport/csv.ts';
import { type Output, wrap } from './output.ts';

/** Returns one record as JSON. Use it for commands about one key. */
export function recordJson(record: KeyRecord): string {
  return JSON.stringify({ record: publicRecord(record) });
}

export interface RecordFieldsDeps {
  readonly output: Pick<Output, 'isTerminal' | 'columns'>;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Returns a record for people, with one line for each field. Wraps long values on a terminal. The state of an
 * active key shows whether the deployment rejects it because of `acceptedKeys`.
 */
export function recordFields(record: KeyRecord, { output, now }: RecordFieldsDeps, acceptedKeys?: string): string {
  const columns = output.isTerminal ? output.columns : Number.POSITIVE_INFINITY;
  const fields = getFields(record, now(), acceptedKeys).filter(([, value]) => value !== undefined);
  const nameWidth = Math.max(...fields.map(([name]) => name.length)) + 2;
  return fields
    .map(([name, value = '']) => {
      const lines = wrap(printable(value), columns - nameWidth);
      return `${`${name}:`.padEnd(nameWidth)}${lines.join(`\n${' '.repeat(nameWidth)}`)}`;
    })
    .join('\n');
}

function getFields(
  record: KeyRecord,
  nowMs: number,
  acceptedKeys: string | undefined,
): readonly (readonly [name: string, value: string | undefined])[] {
  const time = (timestamp: Timestamp | undefined) =>
    timestamp === undefined ? undefined : `${relativeTime(timestamp, nowMs)} (${timestamp})`;
  const { metadata, purgeAfter } = record;
  return [
    ['id', record.id],
    ['label', record.label],
    ['prefix', record.keyPrefix],
    ['owner', record.owner],
    ['state', stateText(record, nowMs, acceptedKeys)],
    ['scopes', scopesText(record.scopes)],
    ['plan', record.plan],
    ['metadata', metadata && JSON.stringify(metadata)],
    ['created', time(record.createdAt)],
    ['created by', record.createdBy],
    ['last used', time(record.lastUsedAt) ?? 'never'],
    ['expires', time(record.expiresAt) ?? 'never'],
    ['disabled', time(record.disabledAt)],
    ['disabled by', record.disabledBy],
    ['revoked', time(record.revokedAt)],
    ['revoked by', record.revokedBy],
    ['reason', record.revokedReason],
    ['rotated from', record.rotatedFrom],
    ['rotated to', record.rotatedTo],
    ['record kept', purgeAfter === undefined ? undefined : `until ${toDay(purgeAfter)}`],
  ];
}

function stateText(record: KeyRecord, nowMs: number, acceptedKeys: string | undefined): string {
  const state = keyState(record, nowMs);
  return state === 'active' && isRefusedAsForeign(record, acceptedKeys) ? `active, but ${REFUSED_AS_FOREIGN}` : state;
}

function scopesText(scopes: readonly string[] | undefined): string {
  if (scopes === undefined) return 'everything';
  return scopes.length === 0 ? 'nothing' : scopes.join(' ');
}

const FIRST_MS = Date.parse('0000-01-01T00:00:00Z');
const LAST_MS = Date.parse('9999-12-31T00:00:00Z');

/** Limits the year to 9999. The table keeps a key that expires late in 9999 into the year 10000. */
function toDay(epochSeconds: number): string {
  return toTimestamp(Math.min(Math.max(epochSeconds * 1000, FIRST_MS), LAST_MS)).slice(0, 10);
}

/** The format of a list, which is written page by page. */
export interface ListFormat {
  readonly begin: string;
  readonly page: (records: readonly KeyRecord[], context: PageContext) => string;
  readonly end: (cursor: string | null) => string;
}

export interface PageContext {
  readonly isFirst: boolean;
  /** The keys that the deployment accepts, if known. Only the table for people uses it. */
  readonly acceptedKeys: string | undefined;
}

export interface ListFormatOptions {
  readonly json?: boolean;
  readonly csv?: boolean;
}

const CSV_COLUMNS = [
  ...(['id', 'label', 'keyPrefix', 'owner', 'state', 'scopes', 'plan', 'metadata'] as const),
  ...(['createdAt', 'createdBy'] as const),
  ...(['lastUsedAt', 'expiresAt', 'disabledAt', 'disabledBy', 'revokedAt', 'revokedBy', 'revokedReason'] as const),
  ...(['rotatedFrom', 'rotatedTo'] as const),
];

/**
 * Returns the format for the options: JSON, CSV or the default. The default is a table on a terminal, and tab-separated
 * fields elsewhere.
 */
export function listFormat({ json, csv }: ListFormatOptions, output: Output, nowMs: number): ListFormat {
  if (json) return JSON_DOCUMENT;
  if (csv) return { begin: csvRows([CSV_COLUMNS]), page: (records) => csvPage(records, nowMs), end: () => '' };
  const page = output.isTerminal
    ? (records: readonly KeyRecord[], { acceptedKeys }: PageContext) =>
        `${recordTable(records, nowMs, { width: output.columns, acceptedKeys })}\n`
    : (records: readonly KeyRecord[]) => `${recordLines(records, nowMs)}\n`;
  return { begin: '', page, end: () => '' };
}

const JSON_DOCUMENT: ListFormat = {
  begin: '{"records":[',
  page: (records, { isFirst }) =>
    `${isFirst ? '' : ','}${records.map((record) => JSON.stringify(publicRecord(record))).join(',')}`,
  end: (cursor) => `],"cursor":${JSON.stringify(cursor)}}\n`,
};

function csvPage(records: readonly KeyRecord[], nowMs: number): string {
  return csvRows(
    records.map((record) =>
      CSV_COLUMNS.map((column) => (column === 'state' ? keyState(record, nowMs) : record[column])),
    ),
  );
}

const COLUMNS = ['id', 'label', 'prefix', 'owner', 'plan', 'state', 'created', 'last used', 'expires'] as const;
type Column = (typeof COLUMNS)[number];
type Cells = Readonly<Record<Column, string>>;

/** The columns of a table, the maximum width of a string, and whether ids are shortened. */
interface Layout {
  readonly columns: readonly Column[];
  readonly maxText: number;
  readonly hasShortIds: boolean;
}

const WIDE: Layout = { columns: COLUMNS, maxText: 32, hasShortIds: false };
const NARROW = COLUMNS.filter((column) => column !== 'created');
const NARROWER = NARROW.filter((column) => column !== 'prefix');
const NARROWEST = NARROWER.filter((column) => column !== 'plan');
/** In order of preference. The first layout that fits is used, otherwise the last one. */
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
}

/**
 * Returns records as a table for people. Times are relative, and long strings are shortened. The table has a plan
 * column only if a key has a plan.
 */
export function recordTable(
  records: readonly KeyRecord[],
  nowMs: number,
  { width = Infinity, acceptedKeys }: TableOptions = {},
): string {
  const time = (timestamp?: Timestamp) => (timestamp === undefined ? 'never' : relativeTime(timestamp, nowMs));
  const rows = records.map((record) => {
    const row = toCells(record, nowMs, time);
    const isRefused = row.state === 'active' && isRefusedAsForeign(record, acceptedKeys);
    return isRefused ? { ...row, state: 'active, refused' } : row;
  });
  let table = '';
  for (const layout of LAYOUTS) {
    table = layOut(rows, layout);
    if (measureWidth(table) <= width) break;
  }
  return table;
}

/** Returns records as lines of tab-separated fields for programs. Times are complete, and an absent field is empty. */
export function recordLines(records: readonly KeyRecord[], nowMs: number): string {
  return records.map((record) => Object.values(toCells(record, nowMs, toFullTime)).join('\t')).join('\n');
}

function toFullTime(timestamp?: Timestamp): string {
  return timestamp ?? '';
}

function toCells(record: KeyRecord, nowMs: number, time: (timestamp?: Timestamp) => string): Cells {
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
const NO_LINES = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
    .concat(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'])
    .map((name) => [name, '']),
);

function layOut(rows: readonly Cells[], { columns: possible, maxText, hasShortIds }: Layout): string {
  const hasPlans = rows.some(({ plan }) => plan !== '');
  const columns = possible.filter((column) => column !== 'plan' || hasPlans);
  const table = new Table({
    head: columns.map((name) => name.toUpperCase()),
    chars: { ...NO_LINES, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  const idLength = hasShortIds ? findUniqueLength(rows.map(({ id }) => id)) : Infinity;
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

/** Returns the shortest length at which the ids are still unique. Other commands accept an id of this length. */
function findUniqueLength(ids: readonly string[]): number {
  const distinct = new Set(ids).size;
  let length = MIN_ID;
  while (length < 36 && new Set(ids.map((id) => id.slice(0, length))).size < distinct) length++;
  return length;
}

function cut(text: string, maxLength: number): string {
  const characters = Array.from(text);
  return characters.length <= maxLength ? text : `${characters.slice(0, maxLength - 1).join('')}…`;
}

function measureWidth(table: string): number {
  return Math.max(...table.split('\n').map((line) => Array.from(line).length));
}

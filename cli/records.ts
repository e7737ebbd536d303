import Table from 'cli-table3';
import { printable } from '../keys/printable.ts';
import { type KeyRecord, publicRecord } from '../keys/record.ts';
import { isRefusedAsForeign, keyState, REFUSED_AS_FOREIGN } from '../keys/state.ts';
import { type Timestamp, toTimestamp } from '../keys/timestamp.ts';
import { relativeTime } from '../operator/notices.ts';
import { csvRows } from './importExport/csv.ts';
import { type Output, wrap } from './output.ts';

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

export interface RecordFieldsDeps {
  readonly output: Pick<Output, 'isTerminal' | 'columns'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * All that is known of a key for people, a line for each field that it has. On a terminal, a line that is too long for
 * it goes on under its value. If the deployment's `acceptedKeys` are given, an active key that it refuses is said to be refused.
 */
export function recordFields(record: KeyRecord, { output, now }: RecordFieldsDeps, acceptedKeys?: string): string {
  const columns = output.isTerminal ? output.columns : Number.POSITIVE_INFINITY;
  const fields = fieldsOf(record, now(), acceptedKeys).filter(([, value]) => value !== undefined);
  const nameWidth = Math.max(...fields.map(([name]) => name.length)) + 2;
  return fields
    .map(([name, value = '']) => {
      const lines = wrap(printable(value), columns - nameWidth);
      return `${`${name}:`.padEnd(nameWidth)}${lines.join(`\n${' '.repeat(nameWidth)}`)}`;
    })
    .join('\n');
}

function fieldsOf(
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
    ['record kept', purgeAfter === undefined ? undefined : `until ${dayOf(purgeAfter)}`],
  ];
}

const FIRST_MS = Date.parse('0000-01-01T00:00:00Z');
const LAST_MS = Date.parse('9999-12-31T00:00:00Z');

/** Of epoch seconds, the day, or the last that can be told: what expires late in 9999 is kept into a year of five digits. */
function dayOf(epochSeconds: number): string {
  return toTimestamp(Math.min(Math.max(epochSeconds * 1000, FIRST_MS), LAST_MS)).slice(0, 10);
}

function stateText(record: KeyRecord, nowMs: number, acceptedKeys: string | undefined): string {
  const state = keyState(record, nowMs);
  return state === 'active' && isRefusedAsForeign(record, acceptedKeys) ? `active, but ${REFUSED_AS_FOREIGN}` : state;
}

function scopesText(scopes: readonly string[] | undefined): string {
  if (scopes === undefined) return 'everything';
  return scopes.length === 0 ? 'nothing' : scopes.join(' ');
}

/** How a list is written, page by page. */
export interface ListFormat {
  readonly begin: string;
  readonly page: (records: readonly KeyRecord[], context: PageContext) => string;
  readonly end: (cursor: string | null) => string;
}

/** What a page needs to know beside its records. */
export interface PageContext {
  readonly isFirst: boolean;
  /** What the deployment accepts, if it is known. Only the table for people shows it. */
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

/** One JSON document or CSV where asked for; a table for people and fields parted by tabs for programs where not. */
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

/** What people are told of which key it is: its id and its label. */
export function keyName({ id, label }: KeyRecord): string {
  return `${printable(id)}, ${printable(JSON.stringify(label))}`;
}

/** One line of a chart. */
export interface Bar {
  readonly name: string;
  readonly count: number;
}

const MARK = '#';

/** Counts with a bar for each, no line wider than `width`. The longest bar of `scale` fills it; what is there is seen. */
export function barChart(
  bars: readonly Bar[],
  { width, scale }: { readonly width: number; readonly scale: number },
): string {
  const nameWidth = Math.max(...bars.map(({ name }) => name.length));
  const countWidth = Math.max(...bars.map(({ count }) => String(count).length), String(scale).length);
  const room = Math.max(1, width - nameWidth - countWidth - 4);
  const lines = bars.map(({ name, count }) => {
    const length = count === 0 ? 0 : Math.max(1, Math.round((count / scale) * room));
    return `${name.padEnd(nameWidth)}  ${String(count).padStart(countWidth)}  ${MARK.repeat(length)}`.trimEnd();
  });
  return lines.join('\n');
}

/** What a command about one key prints for programs. */
export function recordJson(record: KeyRecord): string {
  return JSON.stringify({ record: publicRecord(record) });
}

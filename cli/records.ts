import { printable } from '../keys/printable.ts';
import { type KeyRecord, publicRecord } from '../keys/record.ts';
import { isRefused, REFUSED } from '../keys/acceptedKeys.ts';
import { keyState } from '../keys/state.ts';
import { type Timestamp, toTimestamp } from '../keys/timestamp.ts';
import { relativeTime } from '../operator/notices.ts';
import { csvRows } from './importExport/csvRows.ts';
import type { Colors } from '../operator/colors.ts';
import type { Output, PrintOptions } from './output.ts';
import { recordTable, toCells } from './recordTable.ts';
import { colorState } from './stateColor.ts';
import { type Field, layOutFields } from './wrap.ts';

/** Returns one record as JSON. Use it for commands about one key. */
export function recordJson(record: KeyRecord): string {
  return JSON.stringify({ record: publicRecord(record) });
}

export interface RecordFieldsDeps {
  readonly output: Pick<Output, 'isTerminal' | 'columns' | 'colors'>;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
}

/** What is known about a key apart from its record. */
export interface Deployment {
  /** The keys that the deployment accepts. The state of an active key shows whether the deployment rejects it. */
  readonly acceptedKeys?: string | undefined;
  /** The key's plan with what is left of it, escaped and perhaps coloured. The default is the record's plan. */
  readonly plan?: string | undefined;
}

/** Returns a record for people, with one line for each field. Wraps long values on a terminal. */
export function recordFields(
  record: KeyRecord,
  { output, now }: RecordFieldsDeps,
  deployment: Deployment = {},
): string {
  const fields = getFields(record, { nowMs: now(), colors: output.colors, ...deployment });
  const shown = fields.flatMap(([name, value]): Field[] => (value === undefined ? [] : [[name, value]]));
  return layOutFields(shown, output.isTerminal ? output.columns : Infinity);
}

interface FieldsContext extends Deployment {
  readonly nowMs: number;
  readonly colors: Colors;
}

function getFields(
  record: KeyRecord,
  { nowMs, colors, acceptedKeys, plan = text(record.plan) }: FieldsContext,
): readonly (readonly [name: string, value: string | undefined])[] {
  const id = (value: string | undefined) => (value === undefined ? undefined : colors.dim(printable(value)));
  const time = (timestamp: Timestamp | undefined) =>
    timestamp === undefined ? undefined : `${relativeTime(timestamp, nowMs)} ${colors.dim(`(${timestamp})`)}`;
  const { metadata, purgeAfter } = record;
  return [
    ['id', id(record.id)],
    ['label', text(record.label)],
    ['prefix', text(record.keyPrefix)],
    ['owner', text(record.owner)],
    ['state', stateText(record, { nowMs, colors, acceptedKeys })],
    ['scopes', text(scopesText(record.scopes))],
    ['plan', plan],
    ['IP addresses', text(record.allowedIps && rangesText(record.allowedIps))],
    ['metadata', text(metadata && JSON.stringify(metadata))],
    ['created', time(record.createdAt)],
    ['created by', text(record.createdBy)],
    ['changed', time(record.changedAt)],
    ['changed by', text(record.changedBy)],
    ['last used', time(record.lastUsedAt) ?? 'never'],
    ['quota reset', time(record.limitsResetAt)],
    ['expires', time(record.expiresAt) ?? 'never'],
    ['disabled', time(record.disabledAt)],
    ['disabled by', text(record.disabledBy)],
    ['revoked', time(record.revokedAt)],
    ['revoked by', text(record.revokedBy)],
    ['reason', text(record.revokedReason)],
    ['rotated from', id(record.rotatedFrom)],
    ['rotated to', id(record.rotatedTo)],
    ['record kept', purgeAfter === undefined ? undefined : `until ${toDay(purgeAfter)}`],
  ];
}

function text(value: string | undefined): string | undefined {
  return value === undefined ? undefined : printable(value);
}

function stateText(record: KeyRecord, { nowMs, colors, acceptedKeys }: FieldsContext): string {
  const state = colorState(record, nowMs, colors);
  const isActive = keyState(record, nowMs) === 'active';
  return isActive && isRefused(record, acceptedKeys) ? `${state}, but ${REFUSED}` : state;
}

function scopesText(scopes: readonly string[] | undefined): string {
  if (scopes === undefined) return 'everything';
  return scopes.length === 0 ? 'nothing' : scopes.join(' ');
}

function rangesText(ranges: readonly string[]): string {
  return ranges.length === 0 ? 'none: the key works from nowhere' : ranges.join(' ');
}

const FIRST_MS = Date.parse('0000-01-01T00:00:00Z');
const LAST_MS = Date.parse('9999-12-31T00:00:00Z');

/** Limits the year to 9999. The table keeps a key that expires late in 9999 into the year 10000. */
function toDay(epochSeconds: number): string {
  return toTimestamp(Math.min(Math.max(epochSeconds * 1000, FIRST_MS), LAST_MS)).slice(0, 10);
}

/** The format of a list, which is written page by page. Pass it to `Output.print` with each page. */
export interface ListFormat extends PrintOptions {
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
  ...(['rotatedFrom', 'rotatedTo', 'allowedIps'] as const),
];

/**
 * Returns the format for the options: JSON, CSV or the default. The default is a table on a terminal, and tab-separated
 * fields elsewhere.
 */
export function listFormat({ json, csv }: ListFormatOptions, output: Output, nowMs: number): ListFormat {
  if (json) return JSON_DOCUMENT;
  if (csv) return { begin: csvRows([CSV_COLUMNS]), page: (records) => csvPage(records, nowMs), end: () => '' };
  if (!output.isTerminal) {
    return { begin: '', page: (records) => `${recordLines(records, nowMs)}\n`, end: () => '' };
  }
  const { columns: width, colors } = output;
  const page = (records: readonly KeyRecord[], { acceptedKeys }: PageContext) =>
    `${recordTable(records, nowMs, { width, acceptedKeys, colors })}\n`;
  return { begin: '', page, end: () => '', isColored: true };
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

/** Returns records as lines of tab-separated fields for programs. Times are complete, and an absent field is empty. */
export function recordLines(records: readonly KeyRecord[], nowMs: number): string {
  return records.map((record) => Object.values(toCells(record, nowMs, toFullTime)).join('\t')).join('\n');
}

function toFullTime(timestamp?: Timestamp): string {
  return timestamp ?? '';
}

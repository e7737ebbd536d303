import Table from 'cli-table3';
import { keyState, type KeyRecord } from '../keys/record.ts';
import type { Timestamp } from '../keys/timestamp.ts';
import { printable } from './printable.ts';
import { relativeTime } from './relativeTime.ts';

const COLUMNS = ['id', 'label', 'prefix', 'owner', 'state', 'created', 'last used', 'expires'];
const MAX_CELL = 32;
const NO_LINES = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
    .concat(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'])
    .map((name) => [name, '']),
);

/** Records as a table for people: times as they say them, long texts cut, the oldest key first. */
export function recordTable(records: readonly KeyRecord[], nowMs: number): string {
  const table = new Table({
    head: COLUMNS.map((name) => name.toUpperCase()),
    chars: { ...NO_LINES, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  const time = (timestamp?: Timestamp) => (timestamp === undefined ? 'never' : relativeTime(timestamp, nowMs));
  const oldestFirst = records.toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  table.push(...oldestFirst.map((record) => cells(record, nowMs, time).map(cut)));
  return table.toString().replaceAll(/ +$/gm, '');
}

/** Records as lines of fields parted by tabs, for other programs: times in full, an absent field empty. */
export function recordLines(records: readonly KeyRecord[], nowMs: number): string {
  return records.map((record) => cells(record, nowMs, (timestamp) => timestamp ?? '').join('\t')).join('\n');
}

/** In the order of `COLUMNS`. */
function cells(record: KeyRecord, nowMs: number, time: (timestamp?: Timestamp) => string): string[] {
  const { id, label, keyPrefix = '', owner = '', createdAt, lastUsedAt, expiresAt } = record;
  const texts = [id, label, keyPrefix, owner].map(printable);
  return [...texts, keyState(record, nowMs), time(createdAt), time(lastUsedAt), time(expiresAt)];
}

/** The id is never cut: it is what other commands take. */
function cut(text: string, column: number): string {
  const characters = Array.from(text);
  if (column === 0 || characters.length <= MAX_CELL) return text;
  return `${characters.slice(0, MAX_CELL - 1).join('')}…`;
}

import { isRefusedAsForeign, REFUSED_AS_FOREIGN } from '../keys/acceptedKeys.ts';
import { keyState } from '../keys/keyState.ts';
import type { KeyRecord } from '../keys/record.ts';
import { toTimestamp, type Timestamp } from '../keys/timestamp.ts';
import type { Output } from './output.ts';
import { printable } from '../keys/printable.ts';
import { relativeTime } from './relativeTime.ts';
import { wrap } from './wrap.ts';

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

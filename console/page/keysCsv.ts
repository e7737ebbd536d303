import { guardCell } from '../../operator/csvCell.ts';
import { keyState } from '../../keys/state.ts';
import type { ConsoleKey } from './consoleKey.ts';

const COLUMNS = [
  'id',
  'label',
  'owner',
  'state',
  'keyPrefix',
  'scopes',
  'plan',
  'createdAt',
  'createdBy',
  'lastUsedAt',
  'expiresAt',
  'revokedAt',
  'revokedReason',
  'metadata',
  'allowedIps',
] as const satisfies readonly (keyof ConsoleKey | 'state')[];

/**
 * Returns the keys as CSV (RFC 4180), with their states at `nowMs` in epoch milliseconds. Escapes cells that a
 * spreadsheet would run as a formula.
 */
export function keysCsv(keys: readonly ConsoleKey[], nowMs: number): string {
  const valueOf = (key: ConsoleKey, name: (typeof COLUMNS)[number]) =>
    name === 'state' ? keyState(key, nowMs) : key[name];
  const lines = keys.map((key) => COLUMNS.map((name) => cell(toText(valueOf(key, name)))).join(','));
  return `${[COLUMNS.join(','), ...lines].join('\r\n')}\r\n`;
}

function toText(value: ConsoleKey[Exclude<(typeof COLUMNS)[number], 'state'>]): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.join(' ') : JSON.stringify(value);
}

function cell(text: string): string {
  const guarded = guardCell(text);
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

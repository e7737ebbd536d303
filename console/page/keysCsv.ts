import { guardCell } from '../../cli/transfer/csvCell.ts';
import type { ConsoleKey } from '../server/keyRoutes.ts';

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
] as const satisfies readonly (keyof ConsoleKey)[];

/** The keys as CSV (RFC 4180) for spreadsheets, with no cell that one would run as a formula. */
export function keysCsv(keys: readonly ConsoleKey[]): string {
  const lines = keys.map((key) => COLUMNS.map((name) => cell(textOf(key[name]))).join(','));
  return `${[COLUMNS.join(','), ...lines].join('\r\n')}\r\n`;
}

function textOf(value: ConsoleKey[(typeof COLUMNS)[number]]): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.join(' ') : JSON.stringify(value);
}

function cell(text: string): string {
  const guarded = guardCell(text);
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

import { type Timestamp, toTimestamp } from '../../keys/timestamp.ts';
import type { EntryFields } from './readEntry.ts';

const TRUE = new Set(['true', 't', 'yes', 'y', 'on', '1']);
const FALSE = new Set(['false', 'f', 'no', 'n', 'off', '0']);

/** Parses a boolean of JSON, a database or a spreadsheet. Returns `undefined` for other values. */
export function readBoolean(value: unknown): boolean | undefined {
  const word = String(value).trim().toLowerCase();
  if (typeof value === 'object') return undefined;
  if (TRUE.has(word)) return true;
  return FALSE.has(word) ? false : undefined;
}

/** Returns the fields of a key that is disabled from the import on. Other systems don't store when or by whom. */
export function disabledIf(isDisabled: boolean, nowMs: number): Pick<EntryFields, 'disabledAt'> {
  return isDisabled ? { disabledAt: toTimestamp(nowMs) } : {};
}

const STATUS_WORDS: Readonly<Record<string, readonly string[]>> = {
  active: ['active', 'enabled', 'live', 'valid', 'ok', 'approved'],
  disabled: ['disabled', 'inactive', 'suspended', 'paused', 'blocked', 'locked'],
  revoked: ['revoked', 'deleted', 'cancelled', 'canceled', 'terminated'],
  expired: ['expired'],
};

/** The words that `readStatus` knows, as worded in error messages. */
export const STATUS_EXPECTED = `a boolean or one of ${Object.values(STATUS_WORDS).flat().join(', ')}`;

/**
 * Parses a key's status. Returns the fields of its state, with the time of the import, or `undefined` for an unknown
 * word. A boolean means whether the key is active.
 */
export function readStatus(value: unknown, nowMs: number): EntryFields | undefined {
  const isActive = readBoolean(value);
  if (isActive !== undefined) return disabledIf(!isActive, nowMs);
  const word = String(value).trim().toLowerCase();
  const state = Object.keys(STATUS_WORDS).find((name) => STATUS_WORDS[name]?.includes(word));
  const now: Timestamp = toTimestamp(nowMs);
  switch (state) {
    case 'active':
      return {};
    case 'disabled':
      return { disabledAt: now };
    case 'revoked':
      return { revokedAt: now };
    case 'expired':
      return { expiresAt: now };
    default:
      return undefined;
  }
}

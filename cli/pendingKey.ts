import { isDeepStrictEqual } from 'node:util';
import type { NewKey } from '../keys/newKey.ts';
import { parseRecord, type KeyRecord } from '../keys/record.ts';
import type { IssuedKey } from '../keys/registry.ts';
import { hashSecret, parseSecret } from '../keys/secret.ts';
import { CliError } from './cliError.ts';
import type { KeptKey } from './secretsFile.ts';

export interface PendingKeyDeps {
  /** Of every record that the table holds. */
  readonly storedIds: ReadonlySet<string>;
  /** What is still to be issued. */
  readonly due: readonly NewKey[];
}

/**
 * The key that an interrupted run had kept but, as far as the table tells, not stored: the last one of the file, or none.
 * To store that very key, and no new one in its place, neither loses a secret nor issues a label twice.
 *
 * @throws CliError `FILE_UNUSABLE` where the file tells of other keys that the table lacks, or of a key that is not due:
 * it belongs to another table, or to another seed
 */
export function pendingKey(kept: readonly KeptKey[], { storedIds, due }: PendingKeyDeps): IssuedKey | undefined {
  const missing = kept.filter(({ record }) => !storedIds.has(record.id));
  const [key] = missing;
  if (key === undefined) return undefined;
  const last = kept.at(-1);
  if (missing.length > 1 || key !== last) {
    throw refused(`${missing.length} of its keys are not in this table; is it another table's?`);
  }
  const issued = toIssued(key);
  if (issued === undefined) throw refused('its last line cannot be read');
  const asked = due.find(({ label }) => label === issued.record.label);
  if (asked !== undefined && isAsAsked(issued.record, asked)) return issued;
  const label = JSON.stringify(issued.record.label);
  throw refused(`its last key, for ${label}, is not in this table, nor what the seed asks for; take that line out`);
}

function toIssued({ key, record }: KeptKey): IssuedKey | undefined {
  const secret = parseSecret(key, { prefix: '', acceptForeignKeys: true });
  if (secret === undefined) return undefined;
  try {
    return { secret, record: parseRecord({ ...record, keyHash: hashSecret(secret) }) };
  } catch {
    return undefined;
  }
}

function isAsAsked(record: KeyRecord, { label, owner, scopes, plan, expiresAt, metadata }: NewKey): boolean {
  const { label: l, owner: o, scopes: s, plan: p, expiresAt: e, metadata: m } = record;
  return isDeepStrictEqual([l, o, s, p, e, m], [label, owner, scopes, plan, expiresAt, metadata]);
}

function refused(why: string): CliError {
  return new CliError('FILE_UNUSABLE', `--out: the file cannot be gone on with: ${why}`);
}

import { isDeepStrictEqual } from 'node:util';
import type { NewKey } from '../keys/fields.ts';
import { type KeyRecord, parseRecord } from '../keys/record.ts';
import type { IssuedKey, KeyRegistry } from '../keys/registry.ts';
import { ANY_KEY, hashSecret, parseSecret } from '../keys/secret.ts';
import { CliError } from '../operator/errors.ts';
import type { Output } from './output.ts';
import type { KeptKey } from './privateFile.ts';

/** The plan of a `seed` run. */
export interface SeedPlan {
  /** The first key to store. An interrupted run wrote it to the file, but may not have stored it. */
  readonly pending: IssuedKey | undefined;
  /** The entries that require a new key. */
  readonly fresh: readonly NewKey[];
  /** The labels to skip. */
  readonly skipped: readonly string[];
  /** The labels that get another key, because the run doesn't skip existing labels. */
  readonly repeated: readonly string[];
}

export interface SeedPlanOptions {
  readonly skipExisting?: boolean;
}

/** The labels and ids in the table before the run. */
interface ExistingKeys {
  readonly labels: ReadonlySet<string>;
  readonly ids: ReadonlySet<string>;
}

/**
 * Plans a run for the entries of a seed file. `kept` contains the keys in the file of `--out`, in order.
 *
 * @throws CliError `FILE_UNUSABLE` if the file belongs to another table or another seed
 */
export function planSeed(
  newKeys: readonly NewKey[],
  { labels, ids }: ExistingKeys,
  kept: readonly KeptKey[],
  { skipExisting = false }: SeedPlanOptions,
): SeedPlan {
  const existing = newKeys.flatMap(({ label }) => (labels.has(label) ? [label] : []));
  const due = skipExisting ? newKeys.filter(({ label }) => !labels.has(label)) : newKeys;
  const pending = findPendingKey(kept, { storedIds: ids, due });
  return {
    pending,
    fresh: due.filter(({ label }) => label !== pending?.record.label),
    skipped: skipExisting ? existing : [],
    repeated: skipExisting ? [] : existing,
  };
}

/**
 * Reads the labels and ids in the table. The read is strongly consistent if `seed` skips existing labels, because it
 * must then include the last key of an interrupted run.
 */
export async function readExistingKeys(
  registry: KeyRegistry,
  output: Output,
  { skipExisting = false }: SeedPlanOptions,
): Promise<ExistingKeys> {
  const labels = new Set<string>();
  const ids = new Set<string>();
  for await (const { records, corrupt } of registry.pages({ consistentRead: skipExisting })) {
    for (const { label, id } of records) {
      labels.add(label);
      ids.add(id);
    }
    for (const { message, keyId } of corrupt) {
      output.note(`warning: ${message}; its label is unknown`);
      if (keyId !== undefined) ids.add(keyId);
    }
  }
  return { labels, ids };
}

interface PendingKeyDeps {
  /** The id of every record in the table. */
  readonly storedIds: ReadonlySet<string>;
  /** The entries that still require a key. */
  readonly due: readonly NewKey[];
}

/**
 * Returns the last key of the file if the table lacks it. An interrupted run wrote it to the file, but didn't store it.
 * `seed` then stores this key instead of a new one. The secret isn't lost, and the label isn't issued twice.
 *
 * @throws CliError `FILE_UNUSABLE` if the file belongs to another table or another seed file. The table then lacks
 * other keys of the file, or the last key isn't due
 */
export function findPendingKey(kept: readonly KeptKey[], { storedIds, due }: PendingKeyDeps): IssuedKey | undefined {
  const missing = kept.filter(({ record }) => !storedIds.has(record.id));
  const [key] = missing;
  if (key === undefined) return undefined;
  if (missing.length > 1 || key !== kept.at(-1)) {
    throw unusable(`${missing.length} of its keys are not in this table; it may belong to another table`);
  }
  const issued = toIssuedKey(key);
  if (issued === undefined) throw unusable('its last line cannot be read');
  const entry = due.find(({ label }) => label === issued.record.label);
  if (entry !== undefined && hasSameFields(entry, issued.record)) return issued;
  const label = JSON.stringify(issued.record.label);
  throw unusable(`its last key, for ${label}, is neither in this table nor in the seed; remove that line`);
}

function toIssuedKey({ key, record }: KeptKey): IssuedKey | undefined {
  const secret = parseSecret(key, ANY_KEY);
  if (secret === undefined) return undefined;
  try {
    return { secret, record: parseRecord({ ...record, keyHash: hashSecret(secret) }) };
  } catch {
    return undefined;
  }
}

function hasSameFields({ label, owner, scopes, plan, expiresAt, metadata }: NewKey, record: KeyRecord): boolean {
  const { label: l, owner: o, scopes: s, plan: p, expiresAt: e, metadata: m } = record;
  return isDeepStrictEqual([l, o, s, p, e, m], [label, owner, scopes, plan, expiresAt, metadata]);
}

function unusable(why: string): CliError {
  return new CliError('FILE_UNUSABLE', `--out: cannot resume this file: ${why}`);
}

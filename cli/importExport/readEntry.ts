import { isZeroTime } from '../../keys/importedKey.ts';
import { ALLOWED_IPS_EXPECTED } from '../../keys/ipRanges.ts';
import { isJsonObject, type JsonObject } from '../../keys/json.ts';
import { readVersion } from '../../keys/record.ts';
import type { ImportedKey } from '../../keys/registry.ts';
import { SCOPES_EXPECTED, splitScopes } from '../../keys/scope.ts';
import type { KeyHash } from '../../keys/secret.ts';
import { readTime, TIME_EXPECTED, type Timestamp, toTimestamp } from '../../keys/timestamp.ts';
import { parseJson } from '../options.ts';
import { KEY_HASH_EXPECTED, readKeyHash, whyNotSha256 } from './keyHash.ts';
import { showSettingName } from './notAKey.ts';
import { isObject, NOT_AN_OBJECT } from './row.ts';

/**
 * One entry of a file: a key or the problem with it. The problem never repeats a value of the entry. `keyHash` is the
 * hash of a rejected key, if the entry contains a readable hash.
 */
export type ReadEntry = {
  /** The line, or the number of the entry in a JSON document. Both count from 1. */
  readonly position: number;
} & ({ readonly entry: ImportedKey } | { readonly problem: string; readonly keyHash?: KeyHash });

/** The file's values for one key, by the names in `FIELD_NAMES`. */
export type EntryFields = Readonly<Partial<Record<FieldName, unknown>>>;

export type FieldName = keyof ImportedKey;

interface Reader {
  readonly expected: string;
  /** Returns the value in its stored form, or `undefined` if it isn't valid. */
  readonly read: (value: unknown, name: FieldName) => unknown;
  /** Returns what an invalid value is instead, if that is known. */
  readonly whyNot?: (value: unknown) => string | undefined;
}

const TEXT: Reader = { expected: 'a text', read: (value) => (typeof value === 'string' ? value : undefined) };
const TIME: Reader = {
  expected: `${TIME_EXPECTED}; a time without a zone is read as UTC`,
  // The registry interprets a zero time, because its meaning depends on the other fields.
  read: (value, name) => (isZeroTime(value) ? ZERO_TIME : readForeignTime(value, name)),
};
const ZERO_TIME = toTimestamp(0);

const READERS: Readonly<Record<FieldName, Reader>> = {
  keyHash: { expected: KEY_HASH_EXPECTED, read: readKeyHash, whyNot: whyNotSha256 },
  id: TEXT,
  label: TEXT,
  keyPrefix: TEXT,
  owner: TEXT,
  scopes: { expected: `${SCOPES_EXPECTED}, or one text with spaces or commas between the scopes`, read: readTexts },
  plan: TEXT,
  metadata: { expected: 'a JSON object', read: readMetadata },
  createdAt: TIME,
  createdBy: TEXT,
  lastUsedAt: TIME,
  expiresAt: TIME,
  disabledAt: TIME,
  disabledBy: TEXT,
  revokedAt: TIME,
  revokedBy: TEXT,
  revokedReason: TEXT,
  rotatedFrom: TEXT,
  rotatedTo: TEXT,
  rootId: TEXT,
  // Another system's version has another meaning. It's ignored if it isn't a number of changes.
  version: { expected: 'a whole number', read: readForeignVersion },
  allowedIps: { expected: `${ALLOWED_IPS_EXPECTED}, or one text with spaces or commas between them`, read: readTexts },
};

/** Every field that an entry may have, in the order of `export`. */
export const FIELD_NAMES = Object.keys(READERS) as readonly FieldName[];

const BY_PLAIN_NAME = new Map(FIELD_NAMES.map((name) => [plainName(name), name]));
const REQUIRED: ReadonlySet<FieldName> = new Set(['keyHash', 'label']);

/**
 * Parses the fields of one entry. An empty or null value counts as absent.
 *
 * @param showField Returns the name of a field in messages, which is the name that the file gives it
 */
export function readEntry(
  position: number,
  fields: EntryFields,
  showField: (name: FieldName) => string = (name) => name,
): ReadEntry {
  const entry: Partial<Record<FieldName, unknown>> = {};
  const problems: string[] = [];
  for (const name of FIELD_NAMES) {
    const value = fields[name];
    const isAbsent = value === undefined || value === null || value === '';
    if (isAbsent && REQUIRED.has(name)) problems.push(`${showField(name)} is missing`);
    if (isAbsent) continue;
    const { read, expected, whyNot } = READERS[name];
    entry[name] = read(value, name);
    if (entry[name] !== undefined) continue;
    const other = whyNot?.(value);
    problems.push(`${showField(name)}: ${other === undefined ? '' : `${other}; `}expected ${expected}`);
  }
  if (isRawKey(fields)) problems.push(`${showField('keyHash')}: ${RAW_AS_HASH}`);
  return problems.length > 0
    ? toProblem(position, problems, readKeyHash(fields.keyHash))
    : { position, entry: entry as unknown as ImportedKey };
}

const RAW_AS_HASH = `expected ${KEY_HASH_EXPECTED}, got a raw key, because it begins with the shown part of the key`;
/** A hash begins with 6 given characters by chance only once in 16 million. */
const MIN_TELLING_PREFIX = 6;

/** Returns whether the hash is a raw key that looks like a hash, such as 43 random characters. */
function isRawKey({ keyHash, keyPrefix }: EntryFields): boolean {
  const shown = typeof keyPrefix === 'string' ? keyPrefix.trim() : '';
  return shown.length >= MIN_TELLING_PREFIX && typeof keyHash === 'string' && keyHash.trim().startsWith(shown);
}

/**
 * Parses a JSON value as an entry. It's an object with the fields in `FIELD_NAMES`, in camel case or snake case.
 * `complete` may add fields before the check.
 */
export function readJsonEntry(
  position: number,
  value: unknown,
  complete: (fields: EntryFields) => EntryFields = (fields) => fields,
): ReadEntry {
  if (!isObject(value)) return { position, problem: NOT_AN_OBJECT };
  const fields: Partial<Record<FieldName, unknown>> = {};
  const problems: string[] = [];
  for (const [name, field] of Object.entries(value)) {
    const known = toFieldName(name);
    if (known === undefined && !isNotImported(name)) problems.push(`unknown field ${showName(name)}`);
    else if (known !== undefined && known in fields) problems.push(`${known} is given twice`);
    else if (known !== undefined) fields[known] = field;
  }
  return problems.length > 0
    ? toProblem(position, problems, readKeyHash(fields.keyHash))
    : readEntry(position, complete(fields));
}

/** Adds problems that were found before the fields were read. */
export function withProblems(read: ReadEntry, problems: readonly string[]): ReadEntry {
  if (problems.length === 0) return read;
  const all = 'problem' in read ? [...problems, read.problem] : problems;
  const keyHash = 'entry' in read ? readKeyHash(read.entry.keyHash) : read.keyHash;
  return toProblem(read.position, all, keyHash);
}

function toProblem(position: number, problems: readonly string[], keyHash: KeyHash | undefined): ReadEntry {
  return { position, problem: problems.join('; '), ...(keyHash === undefined ? {} : { keyHash }) };
}

/**
 * Returns the field for the name of a column or a JSON field. The spellings `keyHash`, `key_hash` and `Key Hash` mean
 * the same field.
 */
export function toFieldName(name: string): FieldName | undefined {
  return BY_PLAIN_NAME.get(plainName(name));
}

/** Normalizes the spelling of a name: `keyHash`, `key_hash` and `Key Hash` become `keyhash`. */
export function plainName(name: string): string {
  return name.replaceAll(/[\s_-]/g, '').toLowerCase();
}

/** The fields of a record that belong to its table. The last change of an imported record is its import. */
const NOT_IMPORTED: ReadonlySet<string> = new Set([
  'purgeafter',
  'changedat',
  'changedby',
  'importedby',
  'limitsresetat',
]);

/** Returns whether the import ignores the field of an export, because the new table has its own value. */
export function isNotImported(name: string): boolean {
  return NOT_IMPORTED.has(plainName(name));
}

/** Returns the name of a field or a column for a message. Returns only the length of a name that may be a key. */
export function showName(name: string): string {
  const shown = showSettingName(name);
  return shown === name ? JSON.stringify(name) : shown;
}

/** Parses a time from another program. A time without a zone is in UTC. */
function readForeignTime(value: unknown, name: FieldName): Timestamp | undefined {
  const text = typeof value === 'string' ? value.trim() : value;
  return readTime(text, { dateAs: name === 'expiresAt' ? 'end' : 'start', zone: 'UTC' });
}

/** Parses scopes or IP ranges. The registry checks whether they are valid. */
function readTexts(value: unknown): readonly string[] | undefined {
  const list = typeof value === 'string' ? splitScopes(value) : value;
  return Array.isArray(list) && list.every((entry) => typeof entry === 'string') ? list : undefined;
}

function readForeignVersion(value: unknown): number | null {
  return readVersion(typeof value === 'string' ? Number(value.trim()) : value) ?? null;
}

function readMetadata(value: unknown): JsonObject | undefined {
  const object = typeof value === 'string' ? parseJson(value) : value;
  return isJsonObject(object) ? object : undefined;
}

import { isZeroTime } from '../../keys/importedKey.ts';
import { isJsonObject, type JsonObject } from '../../keys/json.ts';
import { readVersion } from '../../keys/record.ts';
import type { ImportedKey } from '../../keys/registry.ts';
import { SCOPES_EXPECTED, splitScopes } from '../../keys/scope.ts';
import { type KeyHash, parseKeyHash } from '../../keys/secret.ts';
import { readTime, TIME_EXPECTED, type Timestamp, toTimestamp } from '../../keys/timestamp.ts';
import { parseJson } from '../options.ts';

/**
 * What one line of a file came to: a key, or what is wrong with it. A problem never repeats what the line holds; the hash is that
 * of the key that cannot be imported, if the line has a readable one.
 */
export type ImportLine = { readonly line: number } & (
  { readonly entry: ImportedKey } | { readonly problem: string; readonly keyHash?: KeyHash }
);

/** What a file says of one key, under the names of `FIELD_NAMES`. */
export type EntryFields = Readonly<Partial<Record<FieldName, unknown>>>;

export type FieldName = keyof ImportedKey;

interface Reader {
  readonly wanted: string;
  readonly read: (value: unknown, name: FieldName) => unknown;
}

const TEXT: Reader = { wanted: 'a text', read: (value) => (typeof value === 'string' ? value : undefined) };
const TIME: Reader = {
  wanted: `${TIME_EXPECTED}; a time without a zone is read as UTC`,
  // A zero time stays one, for the registry to decide what it means beside the other fields.
  read: (value, name) => (isZeroTime(value) ? ZERO_TIME : readForeignTime(value, name)),
};
const ZERO_TIME = toTimestamp(0);

const READERS: Readonly<Record<FieldName, Reader>> = {
  keyHash: { wanted: 'the SHA-256 of the key as 64 hex characters', read: readHash },
  id: TEXT,
  label: TEXT,
  keyPrefix: TEXT,
  owner: TEXT,
  scopes: { wanted: `${SCOPES_EXPECTED}, or one text with spaces or commas between the scopes`, read: readScopes },
  plan: TEXT,
  metadata: { wanted: 'a JSON object', read: readMetadata },
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
  // Another system's version means something else: it's ignored if it isn't a number of changes.
  version: { wanted: 'a whole number', read: readForeignVersion },
};

/** Every field that an entry may have, in the order in which they are written. */
export const FIELD_NAMES = Object.keys(READERS) as readonly FieldName[];

const BY_PLAIN_NAME = new Map(FIELD_NAMES.map((name) => [plainName(name), name]));
const REQUIRED: ReadonlySet<FieldName> = new Set(['keyHash', 'label']);
const MAX_SHOWN_NAME = 20;

/** The field that a column or a JSON name stands for: `keyHash`, `key_hash` and `Key Hash` are one. */
export function fieldNamed(name: string): FieldName | undefined {
  return BY_PLAIN_NAME.get(plainName(name));
}

/** Whether the field follows from others, so that it is neither written nor read. */
export function isDerived(name: string): boolean {
  return plainName(name) === 'purgeafter';
}

/** A name that is no field's, for a message; one so long that it may be a key is only counted. */
export function showName(name: string): string {
  return name.length > MAX_SHOWN_NAME ? `a name of ${name.length} characters` : JSON.stringify(name);
}

/** The JSON value as a line: an object with the fields of an entry, under either spelling, which may then be completed. */
export function objectLine(
  line: number,
  value: unknown,
  complete: (fields: EntryFields) => EntryFields = (fields) => fields,
): ImportLine {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { line, problem: 'wanted one JSON object' };
  }
  const fields: Partial<Record<FieldName, unknown>> = {};
  const problems: string[] = [];
  for (const [name, field] of Object.entries(value)) {
    const known = fieldNamed(name);
    if (known === undefined && !isDerived(name)) problems.push(`${showName(name)} is no field of a key`);
    else if (known !== undefined && known in fields) problems.push(`${known} is given twice`);
    else if (known !== undefined) fields[known] = field;
  }
  return problems.length > 0
    ? problemLine(line, problems, readHash(fields.keyHash))
    : entryLine(line, complete(fields));
}

/** The fields as a line. What is empty or null counts as absent. */
export function entryLine(line: number, fields: EntryFields): ImportLine {
  const entry: Partial<Record<FieldName, unknown>> = {};
  const problems: string[] = [];
  for (const name of FIELD_NAMES) {
    const value = fields[name];
    const isAbsent = value === undefined || value === null || value === '';
    if (isAbsent && REQUIRED.has(name)) problems.push(`${name} is missing`);
    if (isAbsent) continue;
    const { read, wanted } = READERS[name];
    entry[name] = read(value, name);
    if (entry[name] === undefined) problems.push(`${name}: wanted ${wanted}`);
  }
  return problems.length > 0
    ? problemLine(line, problems, readHash(fields.keyHash))
    : { line, entry: entry as unknown as ImportedKey };
}

function problemLine(line: number, problems: readonly string[], keyHash: KeyHash | undefined): ImportLine {
  return { line, problem: problems.join('; '), ...(keyHash === undefined ? {} : { keyHash }) };
}

/** The name without what spellings differ in: `keyHash`, `key_hash` and `Key Hash` are `keyhash`. */
export function plainName(name: string): string {
  return name.replaceAll(/[\s_-]/g, '').toLowerCase();
}

/** As tables and tools write a hash: with spaces around, as PostgreSQL's bytea, or with the name of the algorithm before it. */
function readHash(value: unknown): KeyHash | undefined {
  if (typeof value !== 'string') return undefined;
  return parseKeyHash(
    value
      .trim()
      .toLowerCase()
      .replace(/^(?:\\x|0x|sha-?256:)/, ''),
  );
}

/** Programs elsewhere write times without a zone, by a clock that is set to UTC. */
function readForeignTime(value: unknown, name: FieldName): Timestamp | undefined {
  const text = typeof value === 'string' ? value.trim() : value;
  return readTime(text, { dateAs: name === 'expiresAt' ? 'end' : 'start', zone: 'UTC' });
}

/** Whether they are scopes is for the registry to check. */
function readScopes(value: unknown): readonly string[] | undefined {
  const list = typeof value === 'string' ? splitScopes(value) : value;
  return Array.isArray(list) && list.every((scope) => typeof scope === 'string') ? list : undefined;
}

function readForeignVersion(value: unknown): number | null {
  return readVersion(typeof value === 'string' ? Number(value.trim()) : value) ?? null;
}

function readMetadata(value: unknown): JsonObject | undefined {
  const object = typeof value === 'string' ? parseJson(value) : value;
  return isJsonObject(object) ? object : undefined;
}

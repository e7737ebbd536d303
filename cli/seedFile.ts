import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { LatchkeyError } from '../keys/errors.ts';
import { checkNewKey, type NewKey, show } from '../keys/fields.ts';
import { type KeyRecord, parseRecord } from '../keys/record.ts';
import type { IssuedKey } from '../keys/registry.ts';
import { splitScopes } from '../keys/scope.ts';
import { hashSecret, parseSecret } from '../keys/secret.ts';
import { CliError } from '../operator/errors.ts';
import { parseJson } from './options.ts';
import type { KeptKey } from './privateFile.ts';

/** The name that stands for standard input. */
export const STDIN = '-';

const FIELDS: readonly string[] = [
  'label',
  'owner',
  'scopes',
  'plan',
  'expiresAt',
  'metadata',
] satisfies (keyof NewKey)[];
const MAX_PROBLEMS = 20;

/** An entry as it stands in the file, before anything is known about it. */
interface RawEntry {
  /** For messages: `line 3` of JSON Lines, `entry 3` of an array. */
  readonly place: string;
  /** `undefined` where it is no JSON. */
  readonly value: unknown;
}

/**
 * Reads a seed file, or standard input.
 *
 * @throws CliError `FILE_UNUSABLE`; `SEED_INVALID` where it is not UTF-8
 */
export async function readSeedFile(file: string, stdin: AsyncIterable<Uint8Array>): Promise<string> {
  const bytes = await (file === STDIN ? readAll(stdin) : readFile(file)).catch((cause: NodeJS.ErrnoException) => {
    throw new CliError('FILE_UNUSABLE', `cannot read ${nameOf(file)}: ${cause.code ?? cause.name}`, { cause });
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CliError('SEED_INVALID', `${nameOf(file)} is not UTF-8 text`, { cause });
  }
}

/**
 * The keys that a seed file asks for: a JSON array, or JSON Lines, of objects with the fields of `NewKey`.
 *
 * @throws CliError `SEED_INVALID`, listing for each entry what is wrong; the text itself is told only where it is the
 * value of a known field, for the file could be one that holds secrets
 */
export function parseSeed(text: string, file: string, nowMs: number): readonly NewKey[] {
  const problems: string[] = [];
  const firstPlaces = new Map<string, string>();
  const newKeys = entriesOf(text, file).flatMap(({ place, value }) => {
    const checked = checkEntry(value, nowMs);
    if (typeof checked === 'string') {
      problems.push(`${place}: ${checked}`);
      return [];
    }
    const firstPlace = firstPlaces.get(checked.label);
    if (firstPlace === undefined) firstPlaces.set(checked.label, place);
    else problems.push(`${place}: label: got ${show(checked.label)} as on ${firstPlace}, wanted another`);
    return [checked];
  });
  if (problems.length > 0) throw invalid(file, problems);
  return newKeys;
}

async function readAll(stdin: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stdin) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function entriesOf(text: string, file: string): readonly RawEntry[] {
  if (!text.trimStart().startsWith('[')) return linesOf(text);
  const entries = parseJson(text);
  if (!Array.isArray(entries)) throw invalid(file, ['it begins as a JSON array, but is no JSON']);
  return entries.map((value, at) => ({ place: `entry ${at + 1}`, value }));
}

function linesOf(text: string): readonly RawEntry[] {
  return text.split(/\r?\n/).flatMap((line, at) => {
    return line.trim() === '' ? [] : [{ place: `line ${at + 1}`, value: parseJson(line) }];
  });
}

/** The entry's fields, or what is wrong with them. */
function checkEntry(value: unknown, nowMs: number): NewKey | string {
  if (value === undefined) return 'got no JSON, wanted one JSON object on the line, or a JSON array as the whole file';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'wanted a JSON object';
  const unknown = Object.keys(value).filter((name) => !FIELDS.includes(name));
  if (unknown.length > 0) {
    return unknown
      .map((name) => `${JSON.stringify(name)}: got an unknown field, wanted ${FIELDS.join(', ')}`)
      .join('; ');
  }
  try {
    return checkNewKey({ ...value, ...scopesIn(value) }, nowMs);
  } catch (error) {
    if (error instanceof LatchkeyError && error.code === 'INPUT_INVALID') return error.message;
    throw error;
  }
}

/** Scopes that the entry has as one text. One that names none is left for the check to refuse. */
function scopesIn({ scopes }: { readonly scopes?: unknown }): Pick<NewKey, 'scopes'> {
  const list = typeof scopes === 'string' ? splitScopes(scopes) : [];
  return list.length === 0 ? {} : { scopes: list };
}

function invalid(file: string, problems: readonly string[]): CliError {
  const rest = problems.length > MAX_PROBLEMS ? [`and ${problems.length - MAX_PROBLEMS} more`] : [];
  const details = [...problems.slice(0, MAX_PROBLEMS), ...rest];
  return new CliError('SEED_INVALID', `${nameOf(file)} cannot be used, and no key was issued:`, { details });
}

function nameOf(file: string): string {
  return file === STDIN ? 'standard input' : file;
}

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

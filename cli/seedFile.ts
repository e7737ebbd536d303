import { readFile } from 'node:fs/promises';
import { LatchkeyError } from '../keys/errors.ts';
import { checkNewKey, type NewKey } from '../keys/newKey.ts';
import { CliError } from './cliError.ts';
import { splitScopes } from '../keys/scope.ts';
import { parseJson } from './parseJson.ts';

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
    else problems.push(`${place}: label: got ${JSON.stringify(checked.label)} as on ${firstPlace}, wanted another`);
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

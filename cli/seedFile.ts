import { readFile } from 'node:fs/promises';
import { LatchkeyError } from '../keys/errors.ts';
import { checkNewKey, type NewKey, show } from '../keys/fields.ts';
import { splitScopes } from '../keys/scope.ts';
import { EDITABLE_FIELDS } from '../keys/table.ts';
import { CliError } from '../operator/errors.ts';
import { fileProblem } from './fileProblem.ts';
import { parseJson } from './options.ts';
import { STDIN } from './textSource.ts';

/**
 * Reads a seed file, or standard input for `-`.
 *
 * @throws CliError `FILE_UNUSABLE`; `SEED_INVALID` if it isn't UTF-8 text
 */
export async function readSeedFile(file: string, stdin: AsyncIterable<Uint8Array>): Promise<string> {
  const bytes = await (file === STDIN ? readAll(stdin) : readFile(file)).catch((cause: NodeJS.ErrnoException) => {
    throw new CliError('FILE_UNUSABLE', fileProblem(showFile(file), cause, 'read'), { cause });
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CliError('SEED_INVALID', `${showFile(file)} isn't UTF-8 text`, { cause });
  }
}

async function readAll(stdin: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stdin) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** An entry of the file before the check. */
interface RawEntry {
  /** The position in messages: `line 3` in JSON Lines, `entry 3` in an array. */
  readonly place: string;
  /** The parsed value, or `undefined` for invalid JSON. */
  readonly value: unknown;
}

/**
 * Parses a seed file. It's a JSON array or JSON Lines of objects with the fields of `NewKey`.
 *
 * @throws CliError `SEED_INVALID`, with the problem of each invalid entry. The message repeats only values of known
 * fields, because the file may contain secrets by mistake
 */
export function parseSeed(text: string, file: string, nowMs: number): readonly NewKey[] {
  const problems: string[] = [];
  const firstPlaces = new Map<string, string>();
  const newKeys = splitEntries(text, file).flatMap(({ place, value }) => {
    const checked = checkEntry(value, nowMs);
    if (typeof checked === 'string') {
      problems.push(`${place}: ${checked}`);
      return [];
    }
    const { label } = checked;
    const firstPlace = firstPlaces.get(label);
    if (firstPlace === undefined) firstPlaces.set(label, place);
    else problems.push(`${place}: label: expected a unique label, got ${show(label)} as on ${firstPlace}`);
    return [checked];
  });
  if (problems.length > 0) throw invalid(file, problems);
  return newKeys;
}

function splitEntries(text: string, file: string): readonly RawEntry[] {
  if (!text.trimStart().startsWith('[')) return splitLines(text);
  const entries = parseJson(text);
  if (!Array.isArray(entries)) throw invalid(file, ["it starts like a JSON array, but isn't valid JSON"]);
  return entries.map((value, index) => ({ place: `entry ${index + 1}`, value }));
}

function splitLines(text: string): readonly RawEntry[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    return line.trim() === '' ? [] : [{ place: `line ${index + 1}`, value: parseJson(line) }];
  });
}

const FIELDS: readonly string[] = EDITABLE_FIELDS;

/** Returns the entry's fields or the problem with them. */
function checkEntry(value: unknown, nowMs: number): NewKey | string {
  if (value === undefined) {
    return 'expected one JSON object on the line, or a JSON array as the whole file, got invalid JSON';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'expected a JSON object';
  const unknown = Object.keys(value).filter((name) => !FIELDS.includes(name));
  if (unknown.length > 0) {
    return unknown
      .map((name) => `expected the fields ${FIELDS.join(', ')}, got the unknown field ${JSON.stringify(name)}`)
      .join('; ');
  }
  try {
    return checkNewKey({ ...value, ...readScopes(value) }, nowMs);
  } catch (error) {
    if (error instanceof LatchkeyError && error.code === 'INPUT_INVALID') return error.message;
    throw error;
  }
}

/** Splits scopes in a single string. `checkNewKey` rejects a string without a scope. */
function readScopes({ scopes }: { readonly scopes?: unknown }): Pick<NewKey, 'scopes'> {
  const list = typeof scopes === 'string' ? splitScopes(scopes) : [];
  return list.length === 0 ? {} : { scopes: list };
}

const MAX_PROBLEMS = 20;

function invalid(file: string, problems: readonly string[]): CliError {
  const rest = problems.length > MAX_PROBLEMS ? [`and ${problems.length - MAX_PROBLEMS} more`] : [];
  const details = [...problems.slice(0, MAX_PROBLEMS), ...rest];
  return new CliError('SEED_INVALID', `cannot use ${showFile(file)}, and issued no key:`, { details });
}

function showFile(file: string): string {
  return file === STDIN ? 'standard input' : file;
}

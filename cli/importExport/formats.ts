import type { ImportedKey } from '../../keys/registry.ts';
import { isKeyPrefix } from '../../keys/keyPrefix.ts';
import { ANY_KEY, hashSecret, type KeySecret, parseSecret, getShownPrefix } from '../../keys/secret.ts';
import { CliError } from '../../operator/errors.ts';
import { parseJson } from '../options.ts';
import { textLines } from '../textSource.ts';
import { estimateBits, getShownPart, isWords, MIN_STRENGTH_BITS, showSettingName, whyNotAKey } from './notAKey.ts';
import { type EntryFields, toFieldName, type ReadEntry, readJsonEntry } from './readEntry.ts';

/** The formats that `import` reads. */
export const IMPORT_FORMATS = ['json', 'csv', 'jsonl', 'env'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** A description of each format in messages. */
export const FORMAT_MEANING: Readonly<Record<ImportFormat, string>> = {
  json: 'a JSON document with a list "api_keys"',
  csv: 'a header row, then a row for each key',
  jsonl: 'a JSON object for each key',
  env: 'NAME=key lines',
};

/** The unit of an entry's position: a line of the file, or a list entry in a JSON document. */
export type PositionUnit = 'line' | 'entry';

export function getPositionUnit(format: ImportFormat | undefined): PositionUnit {
  return format === 'json' ? 'entry' : 'line';
}

/**
 * Matches a string from which `detectFormat` can detect the format. It contains one whole line that isn't blank, a
 * comment or `sep=`.
 */
export const DECISIVE_LINE = /^(?!"?sep=."?\r?\n)[^\S\n]*[^\s#].*\n/im;

/**
 * Detects the format from the start of a text. Returns `undefined` if the text has only blank lines and comments.
 *
 * @throws CliError `USAGE_INVALID` if the start fits several formats, or doesn't fit any
 */
export function detectFormat(head: string): ImportFormat | undefined {
  const lines = head.split(/\r?\n/);
  const decisive = lines.find((line) => line.trim() !== '' && !line.trim().startsWith('#'));
  if (decisive === undefined) return undefined;
  // This comes before `trim`, because the separator may be a tab.
  if (readSeparator(decisive) !== undefined) return 'csv';
  const first = decisive.trim();
  const format = first.startsWith('{') || first.startsWith('[') ? detectJson(first) : detectLines(first);
  if (format !== undefined) return format;
  throw new CliError('USAGE_INVALID', `cannot detect the file format; pass --format ${IMPORT_FORMATS.join('|')}`);
}

/** Returns the separator from a line such as `sep=;`. Excel reads and writes such a line before the header row. */
export function readSeparator(line: string): string | undefined {
  return /^\ufeff?"?sep=([^"\r])"?\r?$/i.exec(line)?.[1];
}

function detectJson(first: string): ImportFormat | undefined {
  const value = parseJson(first);
  // The JSON continues on later lines, so this isn't JSON Lines. An INI file can also start with `[`, such
  // as `[section]`.
  if (value === undefined) return /^\{(?:\s*"|$)|^\[(?:\s*\{|$)/.test(first) ? 'json' : undefined;
  if (Array.isArray(value)) return 'json';
  if (hasName(value, (name) => toFieldName(name) === 'keyHash')) return 'jsonl';
  return hasName(value, (name) => name === LIST_NAME) ? 'json' : undefined;
}

function hasName(value: unknown, isMatch: (name: string) => boolean): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).some(isMatch);
}

function detectLines(first: string): ImportFormat | undefined {
  if (first.split(/[,;\t]/).some((cell) => toFieldName(cell.replaceAll('"', '')) === 'keyHash')) return 'csv';
  const [start = '', name] = /^(?:export\s+)?([A-Za-z_][\w.-]*)\s*=/.exec(first) ?? [];
  if (name === undefined) return undefined;
  // A line of Base64 ends with one or two `=`.
  const isBase64 = /^=?$/.test(first.slice(start.length)) && showSettingName(name) !== name;
  return isBase64 ? undefined : 'env';
}

/** The maximum length of a JSON document in characters. The import reads the whole document into memory. */
const MAX_DOCUMENT_LENGTH = 64 * 1024 * 1024;
const LIST_NAME = 'api_keys';

/**
 * Reads a JSON document that is a list, or that has a list `api_keys` at its top level. SoulSync's configuration is
 * such a document. Ignores the rest of the document. Positions count the entries of the list.
 *
 * @throws CliError `IMPORT_INVALID`
 */
export async function* readJsonDocument(chunks: AsyncIterable<string>): AsyncGenerator<ReadEntry> {
  let text = '';
  for await (const chunk of chunks) {
    text += chunk;
    if (text.length > MAX_DOCUMENT_LENGTH) throw invalid('it is larger than 64 MiB; use JSON Lines or CSV instead');
  }
  const document = parseJson(text);
  if (document === undefined) throw invalid("it isn't a single JSON document");
  const entries = Array.isArray(document) ? document : (document as Record<string, unknown> | null)?.[LIST_NAME];
  if (!Array.isArray(entries)) throw invalid(`it has no list "${LIST_NAME}" at its top level`);
  for (const [index, entry] of entries.entries()) yield readJsonEntry(index + 1, entry, withLabel);
}

/** Replaces an empty label with the key's prefix or id. SoulSync's page also shows the prefix instead. */
function withLabel(fields: EntryFields): EntryFields {
  return { ...fields, label: fields.label || fields.keyPrefix || fields.id };
}

function invalid(why: string): CliError {
  return new CliError('IMPORT_INVALID', `cannot read the file as a JSON document: ${why}`);
}

/** The maximum length of a line in characters. It's far more than a key with all its fields requires. */
const MAX_JSON_LINE = 64 * 1024;

/** Reads JSON Lines with hashes, in the format of `export`. */
export async function* readJsonLines(chunks: AsyncIterable<string>): AsyncGenerator<ReadEntry> {
  for await (const { line, text } of textLines(chunks, MAX_JSON_LINE)) {
    if (text === undefined) yield { position: line, problem: `the line is longer than ${MAX_JSON_LINE} characters` };
    else if (text.trim() !== '') yield readJsonEntry(line, parseJson(text));
  }
}

interface EnvOptions {
  /** Accepts weak keys, which attackers can guess. */
  readonly allowWeak: boolean;
}

const MAX_ENV_LINE = 4096;
const BLANK = /^\s*(?:#.*)?$/;

/**
 * Reads raw keys from an `.env` file of comments and lines `NAME=key`, with or without quotes and `export`. Hashes each
 * key immediately. The name becomes the label. Only `keyPrefix` and the hash of the key leave this function. Rejects a
 * value that isn't a key, such as a URL. The problem contains the name and the reason.
 */
export async function* readEnv(chunks: AsyncIterable<string>, options: EnvOptions): AsyncGenerator<ReadEntry> {
  for await (const { line, text } of textLines(chunks, MAX_ENV_LINE)) {
    if (text !== undefined && BLANK.test(text)) continue;
    const read =
      text === undefined ? `the line is longer than ${MAX_ENV_LINE} characters` : readAssignment(text, options);
    yield { position: line, ...(typeof read === 'string' ? { problem: read } : { entry: read }) };
  }
}

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=(.*)$/;

/** Returns the entry or the problem with it. */
function readAssignment(text: string, options: EnvOptions): ImportedKey | string {
  const [, name, rest = ''] = ASSIGNMENT.exec(text) ?? [];
  // A Base64 key can end with `=`.
  if (name === undefined || rest.trim() === '=') return 'expected NAME=key';
  if (isIssued(name)) return 'expected NAME=key, got a key as the name';
  const read = readValue(name, rest, options);
  return typeof read === 'string' ? `${showSettingName(name)}: ${read}` : read;
}

/**
 * The syntax that is common to shells and dotenv parsers. Some of them expand `$`, `\` and a backtick outside single
 * quotes.
 */
const VALUE = /^(?:\s*(?:'([^']*)'|"([^"$`\\]*)"|([^\s'"#$`\\]+)))?\s*(?:\s#.*)?$/;
const UNREADABLE = 'expected NAME=key; if a shell would expand a character of the key, use single quotes';

function readValue(name: string, rest: string, { allowWeak }: EnvOptions): ImportedKey | string {
  const [isValue, ...values] = VALUE.exec(rest) ?? [];
  if (isValue === undefined) return whyNotAKey(name, unquote(rest)) ?? UNREADABLE;
  const value = values.find((candidate) => candidate !== undefined) ?? '';
  const secret = parseSecret(value, ANY_KEY);
  if (secret !== undefined && isIssued(secret)) return toEntry(name, secret, getShownPrefix(secret, getPrefix(secret)));
  const problem = whyNotAKey(name, value);
  if (problem !== undefined) return problem;
  if (secret === undefined) return 'expected a key of 16 to 1024 visible ASCII characters without a comma';
  const weakness = allowWeak ? undefined : whyWeak(secret);
  return weakness ?? toEntry(name, secret, getShownPart(secret));
}

function unquote(text: string): string {
  return /^(["'])(.*)\1$/.exec(text.trim())?.[2] ?? text.trim();
}

function whyWeak(secret: KeySecret): string | undefined {
  const bits = estimateBits(secret);
  if (bits < MIN_STRENGTH_BITS) {
    return `the key is weak: expected ${MIN_STRENGTH_BITS} bits, got about ${bits} bits by its length and alphabet; ${ALLOW}`;
  }
  return isWords(secret) ? `the key is weak: it consists of words and isn't random; ${ALLOW}` : undefined;
}

const ALLOW = 'pass --allow-weak to import it';

function toEntry(label: string, secret: KeySecret, keyPrefix: string | undefined): ImportedKey {
  return { keyHash: hashSecret(secret), label, ...(keyPrefix === undefined ? {} : { keyPrefix }) };
}

/** Returns whether Latchkey issued the key, with any prefix. Such a key has 256 random bits. */
function isIssued(text: string): boolean {
  const prefix = getPrefix(text);
  return isKeyPrefix(prefix) && parseSecret(text, { prefixes: [prefix] }) !== undefined;
}

/** The number of characters after the prefix of a key that Latchkey issued. */
const REST_LENGTH = 49;

function getPrefix(text: string): string {
  return text.slice(0, Math.max(0, text.length - REST_LENGTH));
}

import type { ImportedKey } from '../../keys/registry.ts';
import { hashSecret, isKeyPrefix, type KeySecret, parseSecret, getShownPrefix } from '../../keys/secret.ts';
import { CliError } from '../../operator/errors.ts';
import { parseJson } from '../options.ts';
import { type EntryFields, fieldNamed, type ImportLine, objectLine } from './importLine.ts';
import { estimatedBits, isWords, MIN_STRENGTH_BITS, shownPartOf, showSettingName, whyNotAKey } from './notAKey.ts';

/** What `import` reads. */
export const IMPORT_FORMATS = ['soulsync', 'csv', 'jsonl', 'env'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** What each format is, for people. */
export const FORMAT_MEANING: Readonly<Record<ImportFormat, string>> = {
  soulsync: 'a JSON document with a list "api_keys"',
  csv: 'a header row, then a row for each key',
  jsonl: 'a JSON object for each key',
  env: 'NAME=key lines',
};

/**
 * Returns the format of a text by how it begins, or `undefined` if it has nothing but blank lines and comments.
 *
 * @throws CliError `USAGE_INVALID` if several formats begin so, or none
 */
export function detectFormat(head: string): ImportFormat | undefined {
  const lines = head.split(/\r?\n/);
  const told = lines.find((line) => line.trim() !== '' && !line.trim().startsWith('#'));
  if (told === undefined) return undefined;
  // The separator may be a tab.
  if (separatorOf(told) !== undefined) return 'csv';
  const first = told.trim();
  const format = first.startsWith('{') || first.startsWith('[') ? jsonFormat(first) : lineFormat(first);
  if (format !== undefined) return format;
  throw new CliError('USAGE_INVALID', `cannot detect the file format; pass --format ${IMPORT_FORMATS.join('|')}`);
}

function jsonFormat(first: string): ImportFormat | undefined {
  const value = parseJson(first);
  // The document goes on, so it does not hold one object a line. An INI file begins with `[section]`.
  if (value === undefined) return /^\{(?:\s*"|$)|^\[(?:\s*\{|$)/.test(first) ? 'soulsync' : undefined;
  if (Array.isArray(value)) return 'soulsync';
  if (hasField(value, (name) => fieldNamed(name) === 'keyHash')) return 'jsonl';
  return hasField(value, (name) => name === 'api_keys') ? 'soulsync' : undefined;
}

function lineFormat(first: string): ImportFormat | undefined {
  if (first.split(/[,;\t]/).some((cell) => fieldNamed(cell.replaceAll('"', '')) === 'keyHash')) return 'csv';
  const [start = '', name] = /^(?:export\s+)?([A-Za-z_][\w.-]*)\s*=/.exec(first) ?? [];
  if (name === undefined) return undefined;
  // A line of base64 ends with one `=` or two.
  const isBase64 = /^=?$/.test(first.slice(start.length)) && showSettingName(name) !== name;
  return isBase64 ? undefined : 'env';
}

/** The separator that a line `sep=;` sets, as Excel reads and writes it before the header row. */
export function separatorOf(line: string): string | undefined {
  return /^\ufeff?"?sep=([^"\r])"?\r?$/i.exec(line)?.[1];
}

function hasField(value: unknown, isField: (name: string) => boolean): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).some(isField);
}

export interface KeyListOptions {
  /** Take keys that can be guessed, too. */
  readonly allowWeak: boolean;
}

const MAX_LINE = 4096;
const BLANK = /^\s*(?:#.*)?$/;
const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=(.*)$/;
/** What shells and dotenv readers agree on. In double quotes or none, some of them would read `$`, `\` and a backtick. */
const VALUE = /^(?:\s*(?:'([^']*)'|"([^"$`\\]*)"|([^\s'"#$`\\]+)))?\s*(?:\s#.*)?$/;
const ISSUED = /^([a-z][a-z0-9]*_)[0-9A-Za-z]{49}$/;

/**
 * Reads raw keys as an `.env` file lists them: `NAME=key`, with or without quotes and `export`, and comments. Each is
 * hashed on the spot; its name becomes the label. No part of a key goes further than `keyPrefix` and the hash do. A value
 * that is no key, such as a URL, is rejected with its name and the reason.
 */
export async function* readKeyList(chunks: AsyncIterable<string>, options: KeyListOptions): AsyncGenerator<ImportLine> {
  for await (const { line, text } of textLines(chunks, MAX_LINE)) {
    if (text !== undefined && BLANK.test(text)) continue;
    const read = text === undefined ? `the line is longer than ${MAX_LINE} characters` : readAssignment(text, options);
    yield typeof read === 'string' ? { line, problem: read } : { line, entry: read };
  }
}

/** The entry, or what is wrong. */
function readAssignment(text: string, options: KeyListOptions): ImportedKey | string {
  const [, name, rest = ''] = ASSIGNMENT.exec(text) ?? [];
  // A key in base64 ends so.
  if (name === undefined || rest.trim() === '=') return 'wanted NAME=key';
  if (isIssued(name)) return 'the name is a key: wanted NAME=key';
  const read = readValue(name, rest, options);
  return typeof read === 'string' ? `${showSettingName(name)}: ${read}` : read;
}

function readValue(name: string, rest: string, { allowWeak }: KeyListOptions): ImportedKey | string {
  const [isValue, ...values] = VALUE.exec(rest) ?? [];
  if (isValue === undefined) return whyNotAKey(name, unquoted(rest)) ?? UNREADABLE;
  const value = values.find((candidate) => candidate !== undefined) ?? '';
  const secret = parseSecret(value, { prefix: '', acceptForeignKeys: true });
  if (secret !== undefined && isIssued(secret)) {
    return entryOf(name, secret, getShownPrefix(secret, prefixOf(secret)));
  }
  const problem = whyNotAKey(name, value);
  if (problem !== undefined) return problem;
  if (secret === undefined) return 'wanted a key of 16 to 255 visible ASCII characters without a comma';
  if (!allowWeak) {
    const bits = estimatedBits(secret);
    if (bits < MIN_STRENGTH_BITS) {
      return `the key is weak: about ${bits} bits by its length and alphabet, wanted ${MIN_STRENGTH_BITS}; --allow-weak takes it`;
    }
    if (isWords(secret)) return 'the key is weak: it is made of words, and not random; --allow-weak takes it';
  }
  return entryOf(name, secret, shownPartOf(secret));
}

const UNREADABLE = 'wanted NAME=key; a key with a character that a shell would read goes between single quotes';

/** What stands in the quotes, for a look at what it may be. */
function unquoted(text: string): string {
  return /^(["'])(.*)\1$/.exec(text.trim())?.[2] ?? text.trim();
}

function entryOf(label: string, secret: KeySecret, keyPrefix: string | undefined): ImportedKey {
  return { keyHash: hashSecret(secret), label, ...(keyPrefix === undefined ? {} : { keyPrefix }) };
}

/** Whether Latchkey issued it, under whatever prefix: such a key has 256 random bits. */
function isIssued(text: string): boolean {
  const prefix = prefixOf(text);
  return isKeyPrefix(prefix) && parseSecret(text, { prefix, acceptForeignKeys: false }) !== undefined;
}

function prefixOf(text: string): string {
  return ISSUED.exec(text)?.[1] ?? '';
}

interface Token {
  /** A bracket, a comma or a colon, the quote that a string begins with, or a character of any other value. */
  readonly mark: string;
  /** Of a string, what is between its quotes. */
  readonly text: string;
  readonly line: number;
  /** How many lists and objects it stands in; a bracket stands in its own. */
  readonly depth: number;
}

/**
 * The line, from 1, on which each entry of a list begins, in a text that is good JSON already: of the list of this name at
 * the top level, or of the list that the whole text is.
 */
export function* entryLines(text: string, listName: string | undefined): Generator<number, undefined> {
  const listDepth = listName === undefined ? 1 : 2;
  let name: string | undefined;
  let isInside = false;
  let isDue = false;
  for (const { mark, text: string, line, depth } of tokensOf(text)) {
    if (isDue && mark !== ']') yield line;
    isDue = false;
    if (mark === '"' && depth === 1) name = string;
    if (depth !== listDepth) continue;
    if (mark === '[' || mark === '{') isInside = mark === '[' && name === listName;
    isDue = isInside && (mark === '[' || mark === ',');
  }
  return undefined;
}

function* tokensOf(text: string): Generator<Token> {
  let line = 1;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const mark = text.charAt(at);
    if (mark === '\n') line++;
    if (' \t\r\n'.includes(mark)) continue;
    if (mark === '[' || mark === '{') depth++;
    const end = mark === '"' ? endOfString(text, at) : at;
    yield { mark, text: text.slice(at + 1, end), line, depth };
    if (mark === ']' || mark === '}') depth--;
    at = end;
  }
}

/** Where the string that begins here has its closing quote. It may be longer than a regular expression can match. */
function endOfString(text: string, start: number): number {
  let end = start;
  do end = text.indexOf('"', end + 1);
  while (isEscaped(text, end));
  return end;
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text[at - 1 - slashes] === '\\') slashes++;
  return slashes % 2 === 1;
}

/** A configuration is read as a whole, unlike the other formats. */
const MAX_LENGTH = 64 * 1024 * 1024;
const LIST_NAME = 'api_keys';

/**
 * Reads a JSON document that has a list `api_keys` at its top level among whatever else it holds, as SoulSync's
 * configuration does, or that is such a list itself. Nothing else of the document is looked at.
 *
 * @throws CliError `IMPORT_INVALID`
 */
export async function* readConfig(chunks: AsyncIterable<string>): AsyncGenerator<ImportLine> {
  let text = '';
  for await (const chunk of chunks) {
    text += chunk;
    if (text.length > MAX_LENGTH) throw invalid('it is larger than 64 MiB: bring the keys as JSON Lines or CSV');
  }
  const document = parseJson(text);
  if (document === undefined) throw invalid('it is not one JSON document');
  const entries = Array.isArray(document) ? document : (document as Record<string, unknown> | null)?.[LIST_NAME];
  if (!Array.isArray(entries)) throw invalid(`it has no list "${LIST_NAME}" at its top level`);
  const lines = entryLines(text, Array.isArray(document) ? undefined : LIST_NAME);
  for (const entry of entries) yield objectLine(lines.next().value ?? 1, entry, withLabel);
}

/** SoulSync keeps an empty label where none was given. Its page then tells keys apart by what it shows of them. */
function withLabel(fields: EntryFields): EntryFields {
  return { ...fields, label: fields.label || fields.keyPrefix || fields.id };
}

function invalid(why: string): CliError {
  return new CliError('IMPORT_INVALID', `the file cannot be read as a JSON configuration: ${why}`);
}

/** Far more than a key with all its fields needs. */
const MAX_JSON_LINE = 64 * 1024;

/** Reads JSON Lines of hashes: what `export` writes. */
export async function* readJsonLines(chunks: AsyncIterable<string>): AsyncGenerator<ImportLine> {
  for await (const { line, text } of textLines(chunks, MAX_JSON_LINE)) {
    if (text === undefined) yield { line, problem: `the line is longer than ${MAX_JSON_LINE} characters` };
    else if (text.trim() !== '') yield objectLine(line, parseJson(text));
  }
}

/** A line of a text, without its end. */
export interface TextLine {
  /** From 1. */
  readonly line: number;
  /** `undefined` where the line is longer than was asked for: it was read past, and not kept. */
  readonly text: string | undefined;
}

/** The lines of a text that comes in pieces. No more than one line is held at a time, and of it no more than `maxLength`. */
export async function* textLines(chunks: AsyncIterable<string>, maxLength: number): AsyncGenerator<TextLine> {
  let line = 1;
  let held = '';
  let isTooLong = false;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      const text = held + chunk.slice(start, end);
      yield { line, text: isTooLong || text.length > maxLength ? undefined : text.replace(/\r$/, '') };
      line++;
      start = end + 1;
      held = '';
      isTooLong = false;
    }
    held += chunk.slice(start);
    isTooLong ||= held.length > maxLength;
    if (isTooLong) held = '';
  }
  if (isTooLong || held !== '') yield { line, text: isTooLong ? undefined : held };
}

import { CliError } from '../cliError.ts';
import { parseJson } from '../parseJson.ts';
import { fieldNamed } from './importLine.ts';
import { showSettingName } from './notAKey.ts';

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

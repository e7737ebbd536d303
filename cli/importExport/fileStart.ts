import { parseJson } from '../options.ts';
import { toFieldName } from './readEntry.ts';

/** The start of a file, parsed as far as the detection of its format requires. */
export interface FileStart {
  /** The first line that isn't blank, a comment or `sep=`. It's cut if the start of the file ends within it. */
  readonly line: string;
  /** `true` if a line such as `sep=;` precedes that line. */
  readonly hasSeparatorLine: boolean;
  /** The cells of that line, read as the header row of a CSV file. */
  readonly columns: readonly string[];
  /** The first JSON value, or `undefined` if the text isn't JSON. Lacks the parts after the start of the file. */
  readonly json: unknown;
  /** `true` if the start of the file has the whole first JSON value. */
  readonly isWholeJson: boolean;
  /** `true` if the first JSON value ends on its first line, as in JSON Lines. */
  readonly endsOnLine: boolean;
}

/** Parses the start of a file. Returns `undefined` if it has only blank lines and comments. */
export function readFileStart(head: string): FileStart | undefined {
  const { length, delimiter, hasSeparatorLine } = readPreamble(head);
  const text = head.slice(length);
  const [line = ''] = text.split(/\r?\n/, 1);
  if (line.trim() === '' && !hasSeparatorLine) return undefined;
  const { value, end } = sketchJson(text.trimStart());
  return {
    line,
    hasSeparatorLine,
    columns: toCells(line, delimiter),
    json: value,
    isWholeJson: value !== undefined && end !== undefined,
    endsOnLine: end !== undefined && !text.trimStart().slice(0, end).includes('\n'),
  };
}

/**
 * Matches a string with one whole line that isn't blank, a comment, `sep=` or the start of a YAML document. It's enough
 * to read a file in a given format.
 */
const DECISIVE_LINE = /^(?!"?sep=."?\r?\n|---\s*\n)[^\S\n]*[^\s#].*\n/im;

/** Returns whether the text is long enough to read a file in a given format. */
export function hasDecisiveLine(head: string): boolean {
  return DECISIVE_LINE.test(head);
}

/** Returns whether the text is long enough for the detection of any format. */
export function isWholeStart(head: string): boolean {
  if (!hasDecisiveLine(head)) return false;
  const text = head.slice(readPreamble(head).length).trimStart();
  return !/^[{[]/.test(text) || sketchJson(text).end !== undefined;
}

/** Returns the names in an object. Returns no names for other values. */
export function namesIn(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}

/** Returns the value of an object's own field. */
export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

/** The lines before the header row. The parser doesn't read them, because they may contain an odd quote. */
interface Preamble {
  readonly delimiter: string;
  readonly hasSeparatorLine: boolean;
  /** The length in characters. */
  readonly length: number;
  readonly lineCount: number;
}

/** Returns the lines before the first entry or header row, and the delimiter that they or the header row show. */
export function readPreamble(head: string): Preamble {
  const lines = head.split('\n');
  const first = lines.findIndex((line) => !isBeforeHeader(line));
  const lineCount = first === -1 ? lines.length - 1 : first;
  const before = lines.slice(0, lineCount);
  const given = before.map(readSeparator).find((separator) => separator !== undefined);
  return {
    delimiter: given ?? detectDelimiter(lines[lineCount] ?? ''),
    hasSeparatorLine: given !== undefined,
    length: before.reduce((length, line) => length + line.length + 1, 0),
    lineCount,
  };
}

function detectDelimiter(header: string): string {
  const candidates = [',', ';', '\t'].map((delimiter) => ({ delimiter, cells: toCells(header, delimiter) }));
  const withHash = candidates.find(({ cells }) => cells.some((cell) => toFieldName(cell) === 'keyHash'));
  const most = candidates.reduce((best, other) => (other.cells.length > best.cells.length ? other : best));
  return (withHash ?? most).delimiter;
}

function toCells(line: string, delimiter: string): readonly string[] {
  return line.split(delimiter).map((cell) =>
    cell
      .replaceAll('"', '')
      .replace(/^\ufeff/, '')
      .trim(),
  );
}

function isBeforeHeader(line: string): boolean {
  const trimmed = line.trim();
  // Three hyphens start a YAML document.
  return trimmed === '' || trimmed === '---' || trimmed.startsWith('#') || readSeparator(line) !== undefined;
}

/** Returns the separator from a line such as `sep=;`. Excel reads and writes such a line before the header row. */
function readSeparator(line: string): string | undefined {
  return /^\ufeff?"?sep=([^"\r])"?\r?$/i.exec(line)?.[1];
}

interface JsonSketch {
  /** The first value, or `undefined` if it isn't JSON. */
  readonly value: unknown;
  /** The end of the first value, or `undefined` if the text ends before. */
  readonly end?: number;
}

/** Parses the first object or list of a text. If the text ends within it, returns the part that is complete. */
function sketchJson(text: string): JsonSketch {
  if (!/^[{[]/.test(text)) return { value: undefined };
  const open: string[] = [];
  let isInString = false;
  let cut = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if (isInString) {
      if (character === '\\') at++;
      else if (character === '"') isInString = false;
    } else if (character === '"') isInString = true;
    else if (character === ',') cut = at;
    else if ('{['.includes(character)) {
      open.push(character === '{' ? '}' : ']');
      cut = at + 1;
    } else if ('}]'.includes(character)) {
      if (open.pop() !== character) return { value: undefined };
      cut = at + 1;
      if (open.length === 0) return { value: parseJson(text.slice(0, cut)), end: cut };
    }
  }
  return { value: parseJson(text.slice(0, cut) + open.toReversed().join('')) };
}

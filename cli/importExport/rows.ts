import { parseJson } from '../options.ts';
import { textLines } from '../textSource.ts';
import { readCsvRows } from './csvRecords.ts';
import { fieldOf, type FileStart, readFileStart } from './fileStart.ts';
import type { ImportInput, PositionUnit } from './importFormat.ts';
import { readJsonList } from './jsonParts.ts';
import type { Row } from './row.ts';

/** The maximum length of a line in characters. It's far more than a key with all its fields requires. */
const MAX_LINE = 64 * 1024;

/**
 * Yields the rows of a file: the entries of a JSON list or of the named lists in a JSON document, the objects of JSON
 * Lines, or the rows of CSV.
 *
 * @throws CliError `IMPORT_INVALID` if the file can't be read at all
 */
export async function* readRows(
  { head, chunks }: Pick<ImportInput, 'head' | 'chunks'>,
  lists: readonly string[],
): AsyncGenerator<Row> {
  const start = readFileStart(head);
  if (start === undefined) return;
  if (start.json === undefined) yield* readCsvRows(chunks, head);
  else if (getRowUnit(start, lists) === 'line') yield* readJsonLineRows(chunks);
  else yield* readJsonListRows({ chunks, head }, lists);
}

/** Returns the unit of positions in a file that `readRows` reads. */
export function getRowUnit({ json, endsOnLine }: FileStart, lists: readonly string[]): PositionUnit {
  if (json === undefined) return 'line';
  const isDocument = Array.isArray(json) || !endsOnLine || lists.some((name) => fieldOf(json, name) !== undefined);
  return isDocument ? 'entry' : 'line';
}

/**
 * Yields the entries of a JSON list, or of the named lists in a JSON document. Positions count the entries.
 *
 * @throws CliError `IMPORT_INVALID` if the text isn't a single JSON document, or has none of these lists
 */
export async function* readJsonListRows(
  { chunks, head }: Pick<ImportInput, 'head' | 'chunks'>,
  lists: readonly string[],
): AsyncGenerator<Row> {
  let position = 0;
  for await (const { value } of readJsonList(chunks, head, lists)) yield { position: ++position, value };
}

/** Yields the objects of JSON Lines. Skips blank lines. */
export async function* readJsonLineRows(chunks: AsyncIterable<string>): AsyncGenerator<Row> {
  for await (const { line, text } of textLines(chunks, MAX_LINE)) {
    if (text === undefined) yield { position: line, problem: `the line is longer than ${MAX_LINE} characters` };
    else if (text.trim() !== '') yield { position: line, value: parseJson(text) };
  }
}

/** Returns the object in the first row that the start of the file shows, or the object of its header row. */
export function firstRow({ json, columns }: FileStart, lists: readonly string[]): unknown {
  if (json === undefined) return Object.fromEntries(columns.map((name) => [name, '']));
  if (Array.isArray(json)) return json[0];
  const list = lists.map((name) => fieldOf(json, name)).find(Array.isArray);
  return list === undefined ? json : list[0];
}

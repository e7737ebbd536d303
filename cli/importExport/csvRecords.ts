import { Readable } from 'node:stream';
import { type CsvError, type Info, parse } from 'csv-parse';
import { CliError } from '../../operator/errors.ts';
import { readPreamble } from './fileStart.ts';
import type { Row } from './row.ts';

interface ParsedRow {
  readonly record: Readonly<Record<string, string>>;
  readonly info: Info;
}

/**
 * The maximum length of a row in bytes. It's far more than a key with all its fields requires. A longer row has an
 * unclosed quote or isn't CSV.
 */
const MAX_ROW = 256 * 1024;

/**
 * Yields the rows of CSV (RFC 4180) as objects. The delimiter is a comma, a semicolon or a tab. A first line `sep=` can
 * set another one. Skips lines before the header that start with `#`, such as PowerShell's `#TYPE`.
 *
 * @param toNames Receives the header row. Returns the name of each column, or `false` for an ignored column.
 * @throws CliError `IMPORT_INVALID` if a row is too long; any error of `toNames` before the first row
 */
export async function* readCsvRows(
  chunks: AsyncIterable<string>,
  head: string,
  toNames: (header: readonly string[]) => (string | false)[] = (header) => header.map((name) => name.trim()),
): AsyncGenerator<Row & { readonly value?: Readonly<Record<string, string>> }> {
  const { delimiter, length, lineCount } = readPreamble(head);
  const skipped: { readonly position: number; readonly problem: string }[] = [];
  let fatal: CliError | undefined;
  const parser = parse({
    bom: true,
    cast: (cell, { quoting, header }) => (quoting || header || !NO_VALUES.has(cell) ? cell : ''),
    columns: toNames,
    delimiter,
    info: true,
    max_record_size: MAX_ROW,
    record_delimiter: ['\n', '\r\n'],
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      const line = Number(error?.['lines'] ?? 0) + lineCount;
      if (error?.code === 'CSV_MAX_RECORD_SIZE') fatal = tooLong(line);
      // The parser may report a row with wrong quotes twice, the second time because of its number of cells.
      else if (skipped.at(-1)?.position !== line) skipped.push({ position: line, problem: explain(error) });
    },
  });
  const rows: AsyncIterable<ParsedRow> = Readable.from(dropStart(chunks, length), { objectMode: false })
    .on('error', (error) => parser.destroy(error))
    .pipe(parser);
  for await (const { record, info } of rows) {
    yield* skipped.splice(0);
    // The parser drops other rows together with one that is too long.
    if (fatal !== undefined) throw fatal;
    yield { position: info.lines + lineCount, value: record };
  }
  yield* skipped.splice(0);
  if (fatal !== undefined) throw fatal;
}

/** The spellings of a missing value in database exports. These are ordinary strings in quotes. */
const NO_VALUES: ReadonlySet<string> = new Set(['\\N', 'NULL', 'null']);

/** Yields the text without its first `length` characters. */
async function* dropStart(chunks: AsyncIterable<string>, length: number): AsyncGenerator<string> {
  let left = length;
  for await (const chunk of chunks) {
    if (chunk.length > left) yield chunk.slice(left);
    left = Math.max(left - chunk.length, 0);
  }
}

/** Returns an error message that doesn't repeat the cell. The parser's own message does. */
function explain(error: CsvError | undefined): string {
  switch (error?.code) {
    case 'CSV_RECORD_INCONSISTENT_COLUMNS':
      return 'the row has more or fewer cells than the header row';
    case 'CSV_QUOTE_NOT_CLOSED':
      return "a quote isn't closed, so everything after it was read as one cell";
    default:
      return 'wrong quotes: put a cell that contains a quote in quotes, and double that quote';
  }
}

function tooLong(line: number): CliError {
  const why = "possibly because a quote isn't closed; nothing was imported";
  return new CliError('IMPORT_INVALID', `line ${line}: the row is longer than ${MAX_ROW} bytes, ${why}`);
}

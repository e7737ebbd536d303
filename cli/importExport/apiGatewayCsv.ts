import { Readable } from 'node:stream';
import { type CsvError, type Info, parse } from 'csv-parse';
import { CliError } from '../../operator/errors.ts';
import { dropStart, explainCsvError, MAX_CSV_ROW, tooLongCsvRow } from './csv.ts';
import { readPreamble } from './fileStart.ts';
import type { ImportInput } from './importFormat.ts';
import { showName } from './readEntry.ts';

/** A row of an API key file. */
export interface KeyFileRow {
  /** The line of the file, from 1. */
  readonly position: number;
  /** The cells by the names of their columns in lower case, or the problem with the row. */
  readonly cells: Readonly<Record<string, string>> | string;
}

const COLUMNS = ['name', 'key', 'description', 'enabled', 'usageplanids'];
const REQUIRED = ['name', 'key'];

/**
 * Reads the rows of an API key file in CSV. Column names may have any case and order. Ignores unknown columns with a
 * warning, as API Gateway does. A cell may be in single quotes. See "API Gateway API key file format" in the API
 * Gateway developer guide.
 *
 * @throws CliError `IMPORT_INVALID` if the header row lacks a required column, or a row is too long
 */
export async function* readKeyFile({ chunks, head, warn }: ImportInput): AsyncGenerator<KeyFileRow> {
  const { delimiter, length, lineCount } = readPreamble(head);
  const skipped: KeyFileRow[] = [];
  let fatal: CliError | undefined;
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    max_record_size: MAX_CSV_ROW,
    record_delimiter: ['\n', '\r\n'],
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error: CsvError | undefined) => {
      const position = Number(error?.['lines'] ?? 0) + lineCount;
      if (error?.code === 'CSV_MAX_RECORD_SIZE') fatal = tooLongCsvRow(position);
      else skipped.push({ position, cells: explainCsvError(error) });
    },
  });
  const rows: AsyncIterable<{ readonly record: readonly string[]; readonly info: Info }> = Readable.from(
    dropStart(chunks, length),
    { objectMode: false },
  )
    .on('error', (error) => parser.destroy(error))
    .pipe(parser);
  let columns: readonly string[] | undefined;
  for await (const { record, info } of rows) {
    if (fatal !== undefined) throw fatal;
    yield* skipped.splice(0);
    if (columns === undefined) columns = readColumns(record, warn);
    else yield { position: info.lines + lineCount, cells: toCells(joinQuoted(record, delimiter), columns) };
  }
  yield* skipped.splice(0);
  if (fatal !== undefined) throw fatal;
}

function readColumns(names: readonly string[], warn: ImportInput['warn']): readonly string[] {
  const columns = names.map((name) => name.trim().toLowerCase());
  const missing = REQUIRED.filter((name) => !columns.includes(name));
  const twice = COLUMNS.filter((name) => columns.indexOf(name) !== columns.lastIndexOf(name));
  if (missing.length > 0 || twice.length > 0) {
    const problems = [...missing.map((name) => `no column ${name}`), ...twice.map((name) => `${name} appears twice`)];
    const expected = 'expected the columns Name and Key, and some of Description, Enabled, UsagePlanIds';
    throw new CliError('IMPORT_INVALID', `cannot use the header row: ${problems.join('; ')}; ${expected}`);
  }
  const ignored = names.filter((_, at) => !COLUMNS.includes(columns[at] ?? '')).map(showName);
  if (ignored.length > 0) warn(`ignored unknown columns: ${ignored.join(', ')}`);
  return columns;
}

/** Joins the cells of a list in single quotes, because only double quotes are part of CSV. */
function joinQuoted(cells: readonly string[], delimiter: string): readonly string[] {
  const joined: string[] = [];
  let open: string | undefined;
  for (const cell of cells) {
    const text: string = open === undefined ? cell : `${open}${delimiter}${cell}`;
    const isOpen = text.startsWith("'") && (text.length === 1 || !text.endsWith("'"));
    open = isOpen ? text : undefined;
    if (!isOpen) joined.push(/^'.*'$/.exec(text) === null ? text : text.slice(1, -1));
  }
  return open === undefined ? joined : cells;
}

function toCells(cells: readonly string[], columns: readonly string[]): KeyFileRow['cells'] {
  if (cells.length !== columns.length) return 'the row has more or fewer cells than the header row';
  return Object.fromEntries(
    columns.flatMap((name, at) => (COLUMNS.includes(name) ? [[name, (cells[at] ?? '').trim()]] : [])),
  );
}

import { Readable } from 'node:stream';
import { parse, type CsvError, type Info } from 'csv-parse';
import { CliError } from '../cliError.ts';
import { unguardCell } from './csvCell.ts';
import {
  entryLine,
  FIELD_NAMES,
  fieldNamed,
  isDerived,
  showName,
  type FieldName,
  type ImportLine,
} from './importLine.ts';

interface Row {
  readonly record: Readonly<Record<string, string>>;
  readonly info: Info;
}

/** Far more than a key with all its fields needs. Past it a quote was left open, or this is no such file. */
const MAX_ROW = 256 * 1024;

/**
 * Reads CSV (RFC 4180) with a header row that names fields of a key. The delimiter is a comma, or where the header has
 * none, a semicolon or a tab.
 *
 * @throws CliError `IMPORT_INVALID` for a header that cannot be used, before any line
 */
export async function* readCsv(chunks: AsyncIterable<string>, head: string): AsyncGenerator<ImportLine> {
  const skipped: ImportLine[] = [];
  let fatal: CliError | undefined;
  const parser = parse({
    bom: true,
    columns: readHeader,
    delimiter: delimiterOf(head),
    info: true,
    max_record_size: MAX_ROW,
    record_delimiter: ['\n', '\r\n'],
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      const line = Number(error?.['lines'] ?? 0);
      if (error?.code === 'CSV_MAX_RECORD_SIZE') fatal = tooLong(line);
      // A row with wrong quotes may also be given up for its number of cells.
      else if (skipped.at(-1)?.line !== line) skipped.push({ line, problem: problemOf(error) });
    },
  });
  const rows: AsyncIterable<Row> = Readable.from(chunks, { objectMode: false })
    .on('error', (error) => parser.destroy(error))
    .pipe(parser);
  for await (const { record, info } of rows) {
    yield* skipped.splice(0);
    // A row that was given up takes others with it.
    if (fatal !== undefined) throw fatal;
    yield entryLine(info.lines, fieldsOf(record));
  }
  yield* skipped.splice(0);
  if (fatal !== undefined) throw fatal;
}

function delimiterOf(head: string): string {
  const header = head.split('\n').find((line) => line.trim() !== '') ?? '';
  return [',', ';', '\t'].find((delimiter) => header.includes(delimiter)) ?? ',';
}

/** The field of each column. */
function readHeader(names: readonly string[]): (FieldName | 'purgeAfter')[] {
  const problems: string[] = [];
  const fields = names.map((name) => {
    const field = fieldNamed(name);
    if (field === undefined && !isDerived(name)) problems.push(`${showName(name)} is no field of a key`);
    return field ?? 'purgeAfter';
  });
  const twice = fields.filter((field, at) => fields.indexOf(field) !== at);
  problems.push(...twice.map((field) => `${field} is there twice`));
  if (!fields.includes('keyHash')) problems.push('there is no column keyHash');
  if (problems.length === 0) return fields;
  throw new CliError(
    'IMPORT_INVALID',
    `the header row cannot be used: ${problems.join('; ')}; wanted some of ${FIELD_NAMES.join(', ')}`,
  );
}

function fieldsOf(record: Row['record']): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(record).map(([name, cell]) => [name, unguardCell(cell)]));
}

/** In our own words: the parser's message quotes the cell. */
function problemOf(error: CsvError | undefined): string {
  switch (error?.code) {
    case 'CSV_RECORD_INCONSISTENT_COLUMNS':
      return 'it has more or fewer cells than the header row';
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'a quote is not closed, so that all that follows was taken for one cell';
    default:
      return 'its quotes are wrong: a cell with a quote in it is put in quotes, with that quote doubled';
  }
}

function tooLong(line: number): CliError {
  return new CliError(
    'IMPORT_INVALID',
    `line ${line}: a row of more than ${MAX_ROW} bytes: is a quote not closed? Nothing from there on was read`,
  );
}

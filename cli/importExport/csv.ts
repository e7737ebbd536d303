import { Readable } from 'node:stream';
import { type CsvError, type Info, parse } from 'csv-parse';
import type { KeyRecord } from '../../keys/record.ts';
import { isGuarded, unguardCell } from '../../operator/csvCell.ts';
import { CliError } from '../../operator/errors.ts';
import { csvRows } from './csvRows.ts';
import { readPreamble } from './fileStart.ts';
import {
  FIELD_NAMES,
  type FieldName,
  isDerived,
  plainName,
  type ReadEntry,
  readEntry,
  showName,
  toFieldName,
} from './readEntry.ts';

/** Receives a warning about a part of the file that isn't imported. */
type Warn = (warning: string) => void;

interface Row {
  readonly record: Readonly<Partial<Record<FieldName, string>>>;
  readonly info: Info;
}

/** The header row of `export`, and the header row from before records had a version. */
const OWN_HEADERS = new Set([FIELD_NAMES, FIELD_NAMES.filter((name) => name !== 'version')].map(String));

/**
 * The maximum length of a row in bytes. It's far more than a key with all its fields requires. A longer row has an
 * unclosed quote or isn't CSV.
 */
export const MAX_CSV_ROW = 256 * 1024;

/**
 * Reads CSV (RFC 4180) with a header row of field names. The delimiter is a comma, a semicolon or a tab. A first line
 * `sep=` can set another one. Skips lines before the header that start with `#`, such as PowerShell's `#TYPE`. Ignores
 * an unknown column with a warning, unless the column may mean that a key has ended.
 *
 * @throws CliError `IMPORT_INVALID` before the first entry if the header row isn't usable
 */
export async function* readCsv(chunks: AsyncIterable<string>, head: string, warn: Warn): AsyncGenerator<ReadEntry> {
  const { delimiter, length, lineCount } = readPreamble(head);
  let isOwnExport = false;
  let isWarned = false;
  const skipped: ReadEntry[] = [];
  let fatal: CliError | undefined;
  const parser = parse({
    bom: true,
    cast: (cell, { quoting, header }) => (quoting || header || !NO_VALUES.has(cell) ? cell : ''),
    columns: (names: readonly string[]) => {
      isOwnExport = OWN_HEADERS.has(names.join());
      return readHeader(names, warn);
    },
    delimiter,
    info: true,
    max_record_size: MAX_CSV_ROW,
    record_delimiter: ['\n', '\r\n'],
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      const line = Number(error?.['lines'] ?? 0) + lineCount;
      if (error?.code === 'CSV_MAX_RECORD_SIZE') fatal = tooLongCsvRow(line);
      // The parser may report a row with wrong quotes twice, the second time because of its number of cells.
      else if (skipped.at(-1)?.position !== line) skipped.push({ position: line, problem: explainCsvError(error) });
    },
  });
  const rows: AsyncIterable<Row> = Readable.from(dropStart(chunks, length), { objectMode: false })
    .on('error', (error) => parser.destroy(error))
    .pipe(parser);
  for await (const { record, info } of rows) {
    yield* skipped.splice(0);
    // The parser drops other rows together with one that is too long.
    if (fatal !== undefined) throw fatal;
    const line = info.lines + lineCount;
    if (!isOwnExport && !isWarned && Object.values(record).some(isGuarded)) {
      isWarned = true;
      warn(`line ${line}: ${GUARDS_STAY}`);
    }
    yield readEntry(line, isOwnExport ? withoutGuards(record) : record);
  }
  yield* skipped.splice(0);
  if (fatal !== undefined) throw fatal;
}

const GUARDS_STAY =
  "an apostrophe before =, +, - or @ stays part of the text, here and below, because the header isn't that of an export";

/** The spellings of a missing value in database exports. These are ordinary strings in quotes. */
const NO_VALUES: ReadonlySet<string> = new Set(['\\N', 'NULL', 'null']);

/** Yields the text without its first `length` characters. */
export async function* dropStart(chunks: AsyncIterable<string>, length: number): AsyncGenerator<string> {
  let left = length;
  for await (const chunk of chunks) {
    if (chunk.length > left) yield chunk.slice(left);
    left = Math.max(left - chunk.length, 0);
  }
}

/**
 * Matches an unknown column that may have the meaning of a field. The import could import an ended key as active if it
 * ignored such a column.
 */
const MAY_RESTRICT =
  /revo[ck]|disab|enab|expir|delet|lock|suspend|active|activat|status|state|valid|until|notafter|archiv|bann|cancel|terminat|remov|retir|end(?:date|s|ed|at|time)|ttl(?!e)|^(?:is)?live$/;

/** Returns the field of each column, or `false` for an ignored column. */
function readHeader(names: readonly string[], warn: Warn): (FieldName | false)[] {
  const problems: string[] = [];
  const ignored = new Set<string>();
  const fields = names.map((name) => {
    const field = toFieldName(name);
    if (field !== undefined || isDerived(name)) return field ?? false;
    if (MAY_RESTRICT.test(plainName(name))) problems.push(`unknown column ${showName(name)} ${MAY_MEAN_AN_END}`);
    else ignored.add(showName(name));
    return false;
  });
  const known = fields.filter((field) => field !== false);
  const twice = known.filter((field, at) => known.indexOf(field) !== at);
  problems.push(...twice.map((field) => `${field} appears twice`));
  if (!known.includes('keyHash')) problems.push('there is no column keyHash');
  if (problems.length > 0) {
    const expected = `expected some of ${FIELD_NAMES.join(', ')}`;
    throw new CliError('IMPORT_INVALID', `cannot use the header row: ${problems.join('; ')}; ${expected}`);
  }
  if (ignored.size > 0) warn(`ignored unknown columns: ${[...ignored].join(', ')}`);
  return fields;
}

const MAY_MEAN_AN_END = 'may mean that a key has ended: rename it to the matching field, or remove it';

/** Removes the guards of `export`. An apostrophe is part of the text in another program's file. */
function withoutGuards(record: Row['record']): Row['record'] {
  return Object.fromEntries(Object.entries(record).map(([name, cell]) => [name, unguardCell(cell)]));
}

/** Returns an error message that doesn't repeat the cell. The parser's own message does. */
export function explainCsvError(error: CsvError | undefined): string {
  switch (error?.code) {
    case 'CSV_RECORD_INCONSISTENT_COLUMNS':
      return 'the row has more or fewer cells than the header row';
    case 'CSV_QUOTE_NOT_CLOSED':
      return "a quote isn't closed, so everything after it was read as one cell";
    default:
      return 'wrong quotes: put a cell that contains a quote in quotes, and double that quote';
  }
}

/** Returns the error about a row that is too long to read on. */
export function tooLongCsvRow(line: number): CliError {
  const why = "possibly because a quote isn't closed; nothing was imported";
  return new CliError('IMPORT_INVALID', `line ${line}: the row is longer than ${MAX_CSV_ROW} bytes, ${why}`);
}

export interface ExportFormat {
  /** The text before the first record. */
  readonly header: string;
  readonly rows: (records: readonly KeyRecord[]) => string;
}

/** JSON Lines in the format that `readJsonLines` reads. */
export const JSON_LINES: ExportFormat = {
  header: '',
  rows: (records) => records.map((record) => `${JSON.stringify(exportedFields(record))}\n`).join(''),
};

/** CSV in the format that `readCsv` reads. */
export const CSV: ExportFormat = {
  header: csvRows([FIELD_NAMES]),
  rows: (records) => csvRows(records.map((record) => FIELD_NAMES.map((name) => record[name]))),
};

/** Returns the exported fields. These are all fields except `purgeAfter`, which follows from the dates. */
export function exportedFields(record: KeyRecord): Omit<KeyRecord, 'purgeAfter'> {
  const { purgeAfter: _, ...fields } = record;
  return fields;
}

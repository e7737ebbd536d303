import { Readable } from 'node:stream';
import { type CsvError, type Info, parse } from 'csv-parse';
import { stringify } from 'csv-stringify/sync';
import type { KeyRecord } from '../../keys/record.ts';
import { isScope } from '../../keys/scope.ts';
import { guardCell, isGuarded, unguardCell } from '../../operator/csvCell.ts';
import { CliError } from '../../operator/errors.ts';
import { separatorOf } from './formats.ts';
import {
  entryLine,
  FIELD_NAMES,
  type FieldName,
  fieldNamed,
  type ImportLine,
  isDerived,
  plainName,
  showName,
} from './importLine.ts';

/** The header row of `export`, and the one from before records had a version. */
const OWN_HEADERS = new Set([FIELD_NAMES, FIELD_NAMES.filter((name) => name !== 'version')].map(String));

/** In quotes, for outside them databases and `import` mean no value by these. */
const QUOTED = /[\r\n\t]|^\s|\s$|^(?:NULL|null)$|^\\N$/;

/** Tells people what of the file is not read. */
export type Warn = (warning: string) => void;

interface Row {
  readonly record: Readonly<Partial<Record<FieldName, string>>>;
  readonly info: Info;
}

/** Far more than a key with all its fields needs. Past it a quote was left open, or this is no such file. */
const MAX_ROW = 256 * 1024;

/**
 * Reads CSV (RFC 4180) with a header row that names fields of a key. The delimiter is a comma, a semicolon or a tab, or what a
 * first line `sep=` sets. Lines before the header that begin with `#`, such as PowerShell's `#TYPE`, are skipped. A column that
 * is no field of a key is ignored with a warning, unless it may say that a key has ended.
 *
 * @throws CliError `IMPORT_INVALID` for a header that cannot be used, before any line
 */
export async function* readCsv(chunks: AsyncIterable<string>, head: string, warn: Warn): AsyncGenerator<ImportLine> {
  const { delimiter, length, lineCount } = preambleOf(head);
  let isOwnExport = false;
  let isWarned = false;
  const skipped: ImportLine[] = [];
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
    max_record_size: MAX_ROW,
    record_delimiter: ['\n', '\r\n'],
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      const line = Number(error?.['lines'] ?? 0) + lineCount;
      if (error?.code === 'CSV_MAX_RECORD_SIZE') fatal = tooLong(line);
      // A row with wrong quotes may also be given up for its number of cells.
      else if (skipped.at(-1)?.line !== line) skipped.push({ line, problem: problemOf(error) });
    },
  });
  const rows: AsyncIterable<Row> = Readable.from(withoutStart(chunks, length), { objectMode: false })
    .on('error', (error) => parser.destroy(error))
    .pipe(parser);
  for await (const { record, info } of rows) {
    yield* skipped.splice(0);
    // A row that was given up takes others with it.
    if (fatal !== undefined) throw fatal;
    const line = info.lines + lineCount;
    if (!isOwnExport && !isWarned && Object.values(record).some(isGuarded)) {
      isWarned = true;
      warn(`line ${line}: ${GUARDS_STAY}`);
    }
    yield entryLine(line, isOwnExport ? unguarded(record) : record);
  }
  yield* skipped.splice(0);
  if (fatal !== undefined) throw fatal;
}

const GUARDS_STAY =
  'an apostrophe before =, +, - or @ stays part of the text, here and below, because the header row is not that of latchkey export';

/** What databases write outside quotes for a cell without a value. In quotes it is a text. */
const NO_VALUES: ReadonlySet<string> = new Set(['\\N', 'NULL', 'null']);

/** What comes before the header row. A quote in it would not be one of CSV, so the parser does not get it. */
interface Preamble {
  readonly delimiter: string;
  /** In characters. */
  readonly length: number;
  readonly lineCount: number;
}

function preambleOf(head: string): Preamble {
  const lines = head.split('\n');
  const lineCount = Math.max(
    lines.findIndex((line) => !isBeforeHeader(line)),
    0,
  );
  const before = lines.slice(0, lineCount);
  const cells = (delimiter: string): readonly string[] => (lines[lineCount] ?? '').split(delimiter);
  const hasHash = (delimiter: string): boolean =>
    cells(delimiter).some((cell) => fieldNamed(cell.replaceAll('"', '')) === 'keyHash');
  const given = before.map(separatorOf).find((separator) => separator !== undefined);
  const delimiter = given ?? [',', ';', '\t'].find(hasHash) ?? ',';
  return { delimiter, length: before.reduce((length, line) => length + line.length + 1, 0), lineCount };
}

function isBeforeHeader(line: string): boolean {
  return line.trim() === '' || line.trimStart().startsWith('#') || separatorOf(line) !== undefined;
}

/** The text without its first characters. */
async function* withoutStart(chunks: AsyncIterable<string>, length: number): AsyncGenerator<string> {
  let left = length;
  for await (const chunk of chunks) {
    if (chunk.length > left) yield chunk.slice(left);
    left = Math.max(left - chunk.length, 0);
  }
}

/** A column that may say what a field would: to ignore it could import a key as active that is not. */
const MAY_RESTRICT =
  /revo[ck]|disab|enab|expir|delet|lock|suspend|active|activat|status|state|valid|until|notafter|archiv|bann|cancel|terminat|remov|retir|end(?:date|s|ed|at|time)|ttl(?!e)|^(?:is)?live$/;

/** The field of each column; `false` for one that is ignored. */
function readHeader(names: readonly string[], warn: Warn): (FieldName | false)[] {
  const problems: string[] = [];
  const ignored = new Set<string>();
  const fields = names.map((name) => {
    const field = fieldNamed(name);
    if (field !== undefined || isDerived(name)) return field ?? false;
    if (MAY_RESTRICT.test(plainName(name)))
      problems.push(
        `${showName(name)} is no field of a key, but may say that one has ended: rename it to the field that it is, or remove it`,
      );
    else ignored.add(showName(name));
    return false;
  });
  const known = fields.filter((field) => field !== false);
  const twice = known.filter((field, at) => known.indexOf(field) !== at);
  problems.push(...twice.map((field) => `${field} is there twice`));
  if (!known.includes('keyHash')) problems.push('there is no column keyHash');
  if (problems.length > 0) {
    throw new CliError(
      'IMPORT_INVALID',
      `the header row cannot be used: ${problems.join('; ')}; wanted some of ${FIELD_NAMES.join(', ')}`,
    );
  }
  if (ignored.size > 0) warn(`ignored, for they are no fields of a key: ${[...ignored].join(', ')}`);
  return fields;
}

/** Only `export` guards cells so. An apostrophe in the file of anybody else is part of the text. */
function unguarded(record: Row['record']): Row['record'] {
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
    `line ${line}: a row of more than ${MAX_ROW} bytes: is a quote not closed? Nothing was imported`,
  );
}

export interface ExportFormat {
  /** What comes before the first record. */
  readonly header: string;
  readonly rows: (records: readonly KeyRecord[]) => string;
}

/** JSON Lines, as `readJsonLines` reads them. */
export const JSON_LINES: ExportFormat = {
  header: '',
  rows: (records) => records.map((record) => `${JSON.stringify(exportedFields(record))}\n`).join(''),
};

/** CSV, as `readCsv` reads it. */
export const CSV: ExportFormat = {
  header: csvRows([FIELD_NAMES]),
  rows: (records) => csvRows(records.map((record) => FIELD_NAMES.map((name) => record[name]))),
};

/** The record as it leaves the table. When it may be purged follows from its dates, and is left out. */
export function exportedFields(record: KeyRecord): Omit<KeyRecord, 'purgeAfter'> {
  const { purgeAfter: _, ...fields } = record;
  return fields;
}

/** Rows of CSV (RFC 4180), each with its line end. Every cell is one that no spreadsheet runs. */
export function csvRows(rows: readonly (readonly unknown[])[]): string {
  const cells = rows.map((row) => row.map((value) => guardCell(cellOf(value))));
  return stringify(cells, { quoted_match: QUOTED });
}

/** Scopes stand with spaces between where that can be told from a JSON list, which other lists and objects stand as. */
function cellOf(value: unknown): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  const isPlainList =
    Array.isArray(value) && value.length > 0 && value.every(isScope) && !String(value[0]).startsWith('[');
  return isPlainList ? value.join(' ') : JSON.stringify(value);
}

import type { KeyRecord } from '../../keys/record.ts';
import { isGuarded, unguardCell } from '../../operator/csvCell.ts';
import { CliError } from '../../operator/errors.ts';
import { csvRows } from './csvRows.ts';
import type { ImportInput } from './importFormat.ts';
import { checkColumns, readMappedRows } from './mappedRows.ts';
import { mayRestrict } from './mayRestrict.ts';
import type { Row } from './row.ts';
import type { ColumnMap } from './columnMap.ts';
import { readCsvRows } from './csvRecords.ts';
import {
  FIELD_NAMES,
  type EntryFields,
  type FieldName,
  isNotImported,
  type ReadEntry,
  readEntry,
  showName,
  toFieldName,
} from './readEntry.ts';

type Warn = ImportInput['warn'];

/** The header row of `export`, and the header rows of earlier versions. */
const OWN_HEADERS = new Set(
  [[], ['allowedIps'], ['allowedIps', 'rootId'], ['allowedIps', 'rootId', 'version']].map((later) =>
    String(FIELD_NAMES.filter((name) => !later.includes(name))),
  ),
);

/**
 * Reads CSV with a header row of field names. Ignores an unknown column with a warning, unless the column may mean that
 * a key has ended.
 *
 * @throws CliError `IMPORT_INVALID` before the first entry if the header row isn't usable
 */
export async function* readCsv(input: ImportInput): AsyncGenerator<ReadEntry> {
  const { map } = input.options;
  yield* map === undefined ? readFieldColumns(input) : readMappedRows(readMappedColumns(input, map), { ...input, map });
}

async function* readFieldColumns({ chunks, head, warn }: ImportInput): AsyncGenerator<ReadEntry> {
  let isOwnExport = false;
  let isWarned = false;
  const toNames = (names: readonly string[]) => {
    isOwnExport = OWN_HEADERS.has(names.join());
    return readHeader(names, warn);
  };
  for await (const row of readCsvRows(chunks, head, toNames)) {
    if ('problem' in row) {
      yield row;
      continue;
    }
    const { position, value = {} } = row;
    if (!isOwnExport && !isWarned && Object.values(value).some(isGuarded)) {
      isWarned = true;
      warn(`line ${position}: ${GUARDS_STAY}`);
    }
    yield readEntry(position, isOwnExport ? withoutGuards(value) : value);
  }
}

/** Reads rows for `--map`, and checks first that the header row has its columns. */
function readMappedColumns({ chunks, head }: ImportInput, map: ColumnMap): AsyncIterable<Row> {
  return readCsvRows(chunks, head, (header) => {
    const names = header.map((name) => name.trim());
    checkColumns([...map.values()].map(({ column }) => column).filter((column) => !names.includes(column)));
    return names;
  });
}

const GUARDS_STAY =
  "an apostrophe before =, +, - or @ stays part of the text, here and below, because the header isn't that of an export";

/** Returns the field of each column, or `false` for an ignored column. */
function readHeader(names: readonly string[], warn: Warn): (FieldName | false)[] {
  const problems: string[] = [];
  const ignored = new Set<string>();
  const fields = names.map((name) => {
    const field = toFieldName(name);
    if (field !== undefined || isNotImported(name)) return field ?? false;
    if (mayRestrict(name)) problems.push(`unknown column ${showName(name)} ${MAY_MEAN_AN_END}`);
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

const MAY_MEAN_AN_END =
  'may mean that a key has ended: map it with --map, rename it to the matching field, or remove it';

/** Removes the guards of `export`. An apostrophe is part of the text in another program's file. */
function withoutGuards(record: EntryFields): EntryFields {
  return Object.fromEntries(Object.entries(record).map(([name, cell]) => [name, unguardCell(String(cell))]));
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

import type { KeyRecord } from '../../keys/record.ts';
import { FIELD_NAMES } from './importLine.ts';
import { csvRows } from './recordCsv.ts';

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

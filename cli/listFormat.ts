import { keyState } from '../keys/keyState.ts';
import type { KeyRecord } from '../keys/record.ts';
import type { Output } from './output.ts';
import { publicRecord } from './publicRecord.ts';
import { recordLines, recordTable } from './recordTable.ts';
import { csvRows } from './transfer/recordCsv.ts';

/** How a list is written, page by page. */
export interface ListFormat {
  readonly begin: string;
  readonly page: (records: readonly KeyRecord[], context: PageContext) => string;
  readonly end: (cursor: string | null) => string;
}

/** What a page needs to know beside its records. */
export interface PageContext {
  readonly isFirst: boolean;
  /** What the deployment accepts, if it is known. Only the table for people shows it. */
  readonly acceptedKeys: string | undefined;
}

export interface ListFormatOptions {
  readonly json?: boolean;
  readonly csv?: boolean;
}

const CSV_COLUMNS = [
  ...(['id', 'label', 'keyPrefix', 'owner', 'state', 'scopes', 'plan', 'metadata'] as const),
  ...(['createdAt', 'createdBy'] as const),
  ...(['lastUsedAt', 'expiresAt', 'disabledAt', 'disabledBy', 'revokedAt', 'revokedBy', 'revokedReason'] as const),
  ...(['rotatedFrom', 'rotatedTo'] as const),
];

/** One JSON document or CSV where asked for; a table for people and fields parted by tabs for programs where not. */
export function listFormat({ json, csv }: ListFormatOptions, output: Output, nowMs: number): ListFormat {
  if (json) return JSON_DOCUMENT;
  if (csv) return { begin: csvRows([CSV_COLUMNS]), page: (records) => csvPage(records, nowMs), end: () => '' };
  const page = output.isTerminal
    ? (records: readonly KeyRecord[], { acceptedKeys }: PageContext) =>
        `${recordTable(records, nowMs, { width: output.columns, acceptedKeys })}\n`
    : (records: readonly KeyRecord[]) => `${recordLines(records, nowMs)}\n`;
  return { begin: '', page, end: () => '' };
}

const JSON_DOCUMENT: ListFormat = {
  begin: '{"records":[',
  page: (records, { isFirst }) =>
    `${isFirst ? '' : ','}${records.map((record) => JSON.stringify(publicRecord(record))).join(',')}`,
  end: (cursor) => `],"cursor":${JSON.stringify(cursor)}}\n`,
};

function csvPage(records: readonly KeyRecord[], nowMs: number): string {
  return csvRows(
    records.map((record) =>
      CSV_COLUMNS.map((column) => (column === 'state' ? keyState(record, nowMs) : record[column])),
    ),
  );
}

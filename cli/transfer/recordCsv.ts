import { stringify } from 'csv-stringify/sync';
import { isScope } from '../../keys/scope.ts';
import { guardCell } from './csvCell.ts';

/** In quotes, for outside them databases and `import` mean no value by these. */
const QUOTED = /[\r\n\t]|^\s|\s$|^(?:NULL|null)$|^\\N$/;

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

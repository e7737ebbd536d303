import { stringify } from 'csv-stringify/sync';
import { isScope } from '../../keys/scope.ts';
import { guardCell } from '../../operator/csvCell.ts';

/** Matches cells that require quotes. Databases and `import` could misread them without quotes. */
const QUOTED = /[\r\n\t]|^\s|\s$|^(?:NULL|null)$|^\\N$/;

/**
 * Formats rows as CSV (RFC 4180). A newline ends each row. Guards the cells that a spreadsheet would run as formulas.
 */
export function csvRows(rows: readonly (readonly unknown[])[]): string {
  const cells = rows.map((row) => row.map((value) => guardCell(toCell(value))));
  return stringify(cells, { quoted_match: QUOTED });
}

/** Separates scopes with spaces, unless the result could be parsed as JSON. Formats other lists and objects as JSON. */
function toCell(value: unknown): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  const isPlainList =
    Array.isArray(value) && value.length > 0 && value.every(isScope) && !String(value[0]).startsWith('[');
  return isPlainList ? value.join(' ') : JSON.stringify(value);
}

/**
 * What spreadsheets take for a formula (OWASP, "CSV Injection"): these characters at the start of a cell, the full-width
 * ones too.
 */
const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/;
const GUARDED = /^''*[=+\-@\t\r\n＝＋－＠]/;

/** The text as a cell that no spreadsheet runs: one that begins as a formula has an apostrophe in front. */
export function guardCell(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

/** The text that was guarded. One that no guard stands before is left as it is. */
export function unguardCell(cell: string): string {
  return GUARDED.test(cell) ? cell.slice(1) : cell;
}

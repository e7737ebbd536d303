/**
 * Where a spreadsheet may take what follows for a formula (OWASP, "CSV Injection"): before these characters at the start of a cell,
 * the full-width ones too. One of a country that writes 0,5 begins a cell behind `;` as well, and heeds no quotes that are not at
 * the start of what it takes for a cell; a tab or a line's end is taken so elsewhere.
 */
const FORMULA = /^(?='*[\t\r\n])|(?<=^|[;\t\r\n])(?='*[=+\-@＝＋－＠])/g;
const GUARD = /^'(?='*[\t\r\n])|(?<=^|[;\t\r\n])'(?='*[=+\-@＝＋－＠])/g;

/** The text as a cell that no spreadsheet runs, nor any part of it: what begins as a formula has an apostrophe in front. */
export function guardCell(text: string): string {
  return text.replaceAll(FORMULA, "'");
}

/** The text that was guarded. One that no guard stands before is left as it is. */
export function unguardCell(cell: string): string {
  return cell.replaceAll(GUARD, '');
}

/** Whether a guard stands in the cell, or what looks like one. */
export function isGuarded(cell: string): boolean {
  return unguardCell(cell) !== cell;
}

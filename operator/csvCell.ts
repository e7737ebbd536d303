/**
 * Positions at which a spreadsheet may start a formula (OWASP, "CSV Injection"): before one of these characters, or its full-width
 * form, at the start of a cell. Locales that write 0,5 also split cells at `;`, even inside quotes. Some programs split them at
 * tabs and line ends.
 */
const FORMULA = /^(?='*[\t\r\n])|(?<=^|[;\t\r\n])(?='*[=+\-@＝＋－＠])/g;
const GUARD = /^'(?='*[\t\r\n])|(?<=^|[;\t\r\n])'(?='*[=+\-@＝＋－＠])/g;

/** Returns the text as a cell that no spreadsheet runs: an apostrophe precedes each possible formula. */
export function guardCell(text: string): string {
  return text.replaceAll(FORMULA, "'");
}

/** Returns the original text of a cell from `guardCell`. Text without a guard is returned unchanged. */
export function unguardCell(cell: string): string {
  return cell.replaceAll(GUARD, '');
}

/** Returns whether the cell contains a guard, or text that looks like one. */
export function isGuarded(cell: string): boolean {
  return unguardCell(cell) !== cell;
}

/**
 * Matches the positions at which a spreadsheet may start a formula (OWASP, "CSV Injection"). They precede one of these
 * characters, or its full-width form, at the start of a cell. Spreadsheets also split cells at `;` in locales with
 * a decimal comma, even inside quotes. Some programs split them at tabs and newlines.
 */
const FORMULA = /^(?='*[\t\r\n])|(?<=^|[;\t\r\n])(?='*[=+\-@＝＋－＠])/g;
const GUARD = /^'(?='*[\t\r\n])|(?<=^|[;\t\r\n])'(?='*[=+\-@＝＋－＠])/g;

/** Returns the text as a cell that spreadsheets don't run. An apostrophe precedes each possible formula. */
export function guardCell(text: string): string {
  return text.replaceAll(FORMULA, "'");
}

/** Returns the original text of a cell from `guardCell`. Text without a guard stays unchanged. */
export function unguardCell(cell: string): string {
  return cell.replaceAll(GUARD, '');
}

/** Returns whether the cell contains a guard, or text that looks like one. */
export function isGuarded(cell: string): boolean {
  return unguardCell(cell) !== cell;
}

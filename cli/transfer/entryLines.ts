interface Token {
  /** A bracket, a comma or a colon, the quote that a string begins with, or a character of any other value. */
  readonly mark: string;
  /** Of a string, what is between its quotes. */
  readonly text: string;
  readonly line: number;
  /** How many lists and objects it stands in; a bracket stands in its own. */
  readonly depth: number;
}

/**
 * The line, from 1, on which each entry of a list begins, in a text that is good JSON already: of the list of this name at
 * the top level, or of the list that the whole text is.
 */
export function* entryLines(text: string, listName: string | undefined): Generator<number, undefined> {
  const listDepth = listName === undefined ? 1 : 2;
  let name: string | undefined;
  let isInside = false;
  let isDue = false;
  for (const { mark, text: string, line, depth } of tokensOf(text)) {
    if (isDue && mark !== ']') yield line;
    isDue = false;
    if (mark === '"' && depth === 1) name = string;
    if (depth !== listDepth) continue;
    if (mark === '[' || mark === '{') isInside = mark === '[' && name === listName;
    isDue = isInside && (mark === '[' || mark === ',');
  }
  return undefined;
}

function* tokensOf(text: string): Generator<Token> {
  let line = 1;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const mark = text.charAt(at);
    if (mark === '\n') line++;
    if (' \t\r\n'.includes(mark)) continue;
    if (mark === '[' || mark === '{') depth++;
    const end = mark === '"' ? endOfString(text, at) : at;
    yield { mark, text: text.slice(at + 1, end), line, depth };
    if (mark === ']' || mark === '}') depth--;
    at = end;
  }
}

/** Where the string that begins here has its closing quote. It may be longer than a regular expression can match. */
function endOfString(text: string, start: number): number {
  let end = start;
  do end = text.indexOf('"', end + 1);
  while (isEscaped(text, end));
  return end;
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text[at - 1 - slashes] === '\\') slashes++;
  return slashes % 2 === 1;
}

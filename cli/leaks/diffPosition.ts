import type { LinePiece } from './linePieces.ts';

export interface Position {
  readonly file: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
}

const HUNK = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;
const NEW_FILE = /^\+\+\+ (?:"?b\/)?([^\t\r"]+)/;

/**
 * Follows a text that may be a unified diff, such as `git diff` writes, and tells where each of its lines will be: an
 * added line in its new file. What is outside a diff is where it is in the text itself.
 */
export class DiffPosition {
  readonly #name: string;
  #file: string | undefined;
  #newLine = 0;
  #oldLeft = 0;
  #newLeft = 0;
  /** Where the line of the last piece is; `undefined` where it is one that the diff takes away or leaves as it was. */
  #current: { readonly file: string; readonly line: number; readonly indent: number } | undefined;

  /** `name` is what the text itself is called. */
  constructor(name: string) {
    this.#name = name;
  }

  /** Where the piece begins, or `undefined` where it is no added line of a diff's. */
  of({ line, column, text }: LinePiece): Position | undefined {
    if (column === 1) this.#current = this.#enter(line, text);
    if (this.#current === undefined) return undefined;
    return { file: this.#current.file, line: this.#current.line, column: column - this.#current.indent };
  }

  #enter(line: number, text: string) {
    const own = { file: this.#name, line, indent: 0 };
    if (this.#oldLeft <= 0 && this.#newLeft <= 0) {
      this.#readHeader(text);
      return own;
    }
    const added = { file: this.#file ?? this.#name, line: this.#newLine, indent: 1 };
    // A line without a mark is an empty one whose space an editor took away.
    const mark = text.trimEnd() === '' ? ' ' : text[0];
    if (mark !== '+' && mark !== '-' && mark !== ' ') return mark === '\\' ? undefined : own;
    if (mark !== '-') {
      this.#newLine++;
      this.#newLeft--;
    }
    if (mark !== '+') this.#oldLeft--;
    return mark === '+' ? added : undefined;
  }

  #readHeader(text: string): void {
    const [, file] = NEW_FILE.exec(text) ?? [];
    if (file !== undefined) this.#file = file;
    const hunk = HUNK.exec(text);
    if (hunk === null || this.#file === undefined) return;
    this.#oldLeft = Number(hunk[1] ?? 1);
    this.#newLine = Number(hunk[2]);
    this.#newLeft = Number(hunk[3] ?? 1);
  }
}

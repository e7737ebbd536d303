import { createReadStream } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { findKeys } from '../keys/findKeys.ts';
import { type KeySecret, getShownPrefix, MAX_ISSUED_LENGTH } from '../keys/secret.ts';
import { decodeText, STDIN } from './textSource.ts';

interface ScanDeps {
  readonly stdin: Readable;
  /** The callback for each unreadable file or directory. */
  readonly onError: OnError;
}

type OnError = (path: string, error: NodeJS.ErrnoException) => void;

export interface ScanCount {
  /** The number of scanned texts. */
  scanned: number;
  /** The number of binary files, which are skipped. */
  binary: number;
}

/** A found key and the position of its first character. */
export interface Leak extends Position {
  readonly keyPrefix: string;
  /** The raw key. It's only for a lookup in the table, and never printed. */
  readonly secret: KeySecret;
}

const STDIN_NAME = '<stdin>';

/**
 * Yields the keys in the files under the paths. The path `-` means standard input, which may be a diff. Updates
 * `count`.
 */
export async function* scanPaths(
  paths: readonly string[],
  prefix: string | undefined,
  count: ScanCount,
  deps: ScanDeps,
): AsyncGenerator<Leak> {
  for (const path of paths) {
    if (path === STDIN) {
      count.scanned++;
      const diff = new DiffPosition(STDIN_NAME);
      // A diff is text, even if a file in it contains a NUL.
      yield* scanText(decodeText(deps.stdin), { getPosition: (piece) => diff.get(piece), prefix });
      continue;
    }
    for await (const file of filesUnder(path, deps.onError)) {
      count.scanned++;
      try {
        const chunks = decodeText(createReadStream(file), {
          accepts: (start, encoding) => isText(start, encoding, count),
        });
        yield* scanText(chunks, { getPosition: ({ line, column }) => ({ file, line, column }), prefix });
      } catch (error) {
        count.scanned--;
        deps.onError(file, error as NodeJS.ErrnoException);
      }
    }
  }
}

/** The number of bytes to check. Like git, `scan` treats a file with a NUL near its start as binary. */
const BINARY_CHECK_BYTES = 8000;

/** Returns whether a file is text. Counts the file as binary if it isn't. */
function isText(start: Uint8Array, encoding: string, count: ScanCount): boolean {
  const isBinary = encoding === 'utf-8' && start.subarray(0, BINARY_CHECK_BYTES).includes(0);
  if (!isBinary) return true;
  count.binary++;
  count.scanned--;
  return false;
}

interface ScanTextOptions {
  /** Returns the position of a line or of a piece of it, or `undefined` to skip it. */
  readonly getPosition: (piece: LinePiece) => Position | undefined;
  readonly prefix?: string | undefined;
}

interface Position {
  readonly file: string;
  /** The line number, from 1. */
  readonly line: number;
  /** The column number, from 1. */
  readonly column: number;
}

/** Yields every key in a chunked text, once for each position, in the order of the text. */
async function* scanText(
  chunks: AsyncIterable<string>,
  { getPosition, prefix }: ScanTextOptions,
): AsyncGenerator<Leak> {
  let lastLine = 0;
  let lastEnd = 0;
  for await (const piece of linePieces(chunks)) {
    const position = getPosition(piece);
    if (position === undefined) continue;
    for (const { secret, prefix: ownPrefix, index } of findKeys(piece.text, prefix)) {
      const end = piece.column + index + secret.length;
      // The pieces of a long line overlap.
      if (piece.line === lastLine && end <= lastEnd) continue;
      [lastLine, lastEnd] = [piece.line, end];
      yield { ...position, column: position.column + index, keyPrefix: getShownPrefix(secret, ownPrefix), secret };
    }
  }
}

/** A line of a text, or a piece of a very long line. */
interface LinePiece {
  /** The line number, from 1. */
  readonly line: number;
  /** The column at which the piece starts, from 1. */
  readonly column: number;
  readonly text: string;
}

const MAX_PIECE = 1024 * 1024;
const OVERLAP = MAX_ISSUED_LENGTH - 1;

/**
 * Yields the lines of a chunked text. The pieces of a long line overlap, so at least one piece contains the whole key.
 */
async function* linePieces(chunks: AsyncIterable<string>): AsyncGenerator<LinePiece> {
  let line = 1;
  let column = 1;
  let rest = '';
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      yield { line, column, text: rest + chunk.slice(start, end) };
      line++;
      column = 1;
      rest = '';
      start = end + 1;
    }
    rest += chunk.slice(start);
    if (rest.length <= MAX_PIECE) continue;
    yield { line, column, text: rest };
    column += rest.length - OVERLAP;
    rest = rest.slice(-OVERLAP);
  }
  if (rest !== '') yield { line, column, text: rest };
}

const HUNK = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;
const NEW_FILE = /^\+\+\+ (?:"?b\/)?([^\t\r"]+)/;

/**
 * Tracks the position in a text that may be a unified diff, such as the output of `git diff`. The position of an added
 * line is its position in the new file. The position of a line outside a diff is its position in the text.
 */
class DiffPosition {
  readonly #name: string;
  #file: string | undefined;
  #newLine = 0;
  #oldLeft = 0;
  #newLeft = 0;
  /** The position of the current line. It's `undefined` if the diff removes the line or leaves it unchanged. */
  #current: { readonly file: string; readonly line: number; readonly indent: number } | undefined;

  /** @param name The name of the text itself */
  constructor(name: string) {
    this.#name = name;
  }

  /**
   * Returns the position at which a piece starts. It's `undefined` if the diff removes the line or leaves it unchanged.
   */
  get({ line, column, text }: LinePiece): Position | undefined {
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
    // Some editors remove the space that marks an empty line.
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

/** Directories that are never scanned. Git's packed objects aren't text, and npm's packages belong to other people. */
const SKIPPED = new Set(['.git', 'node_modules']);

/**
 * Yields the file at the path, or all files under the directory, sorted by name. It doesn't follow links under the
 * directory, or read devices and pipes. It includes files that git ignores, because a key in such a file is still a
 * leak.
 */
async function* filesUnder(path: string, onError: OnError): AsyncGenerator<string> {
  try {
    if ((await stat(path)).isDirectory()) yield* filesIn(path, onError);
    else yield path;
  } catch (error) {
    onError(path, error as NodeJS.ErrnoException);
  }
}

async function* filesIn(directory: string, onError: OnError): AsyncGenerator<string> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    onError(directory, error);
    return [];
  });
  for (const name of names.toSorted()) {
    if (SKIPPED.has(name)) continue;
    const path = join(directory, name);
    const entry = await lstat(path).catch((error: NodeJS.ErrnoException) => onError(path, error));
    if (entry?.isDirectory()) yield* filesIn(path, onError);
    else if (entry?.isFile()) yield path;
  }
}

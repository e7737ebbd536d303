import { createReadStream } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { findKeys, MAX_KEY_LENGTH } from '../keys/findKeys.ts';
import { type KeySecret, getShownPrefix } from '../keys/secret.ts';
import { STDIN } from './seedFile.ts';

export interface ScanDeps {
  readonly stdin: Readable;
  /** Takes a file or directory that could not be read. */
  readonly onError: (path: string, error: NodeJS.ErrnoException) => void;
}

/** What was looked at. */
export interface ScanCount {
  scanned: number;
  binary: number;
}

const STDIN_NAME = '<stdin>';

/** The keys in the files that the paths name, and in standard input for `-`, which may be a diff. It counts as it goes. */
export async function* scanPaths(
  paths: readonly string[],
  prefix: string | undefined,
  count: ScanCount,
  deps: ScanDeps,
): AsyncGenerator<Leak> {
  const onBinary = () => {
    count.binary++;
    count.scanned--;
  };
  for (const path of paths) {
    if (path === STDIN) {
      count.scanned++;
      const diff = new DiffPosition(STDIN_NAME);
      // A diff is a text whatever the files hold that it is of: one NUL in one of them must not have all passed over.
      yield* scanText(decodedText(deps.stdin), { positionOf: (piece) => diff.of(piece), prefix });
      continue;
    }
    for await (const file of filesUnder(path, deps)) {
      count.scanned++;
      try {
        const chunks = decodedText(createReadStream(file), onBinary);
        yield* scanText(chunks, { positionOf: ({ line, column }) => ({ file, line, column }), prefix });
      } catch (error) {
        count.scanned--;
        deps.onError(file, error as NodeJS.ErrnoException);
      }
    }
  }
}

/** A key that was found. The secret is for asking the table, and is not told. */
export interface Leak extends Position {
  readonly keyPrefix: string;
  readonly secret: KeySecret;
}

export interface ScanTextOptions {
  /** Where a piece of the text is told to be, or `undefined` where it is not looked at. */
  readonly positionOf: (piece: LinePiece) => Position | undefined;
  readonly prefix?: string | undefined;
}

/** Every key in a text that comes in chunks, each place once, in the order of the text. */
export async function* scanText(
  chunks: AsyncIterable<string>,
  { positionOf, prefix }: ScanTextOptions,
): AsyncGenerator<Leak> {
  let lastLine = 0;
  let lastEnd = 0;
  for await (const piece of linePieces(chunks)) {
    const position = positionOf(piece);
    if (position === undefined) continue;
    for (const { secret, prefix: ownPrefix, index } of findKeys(piece.text, prefix)) {
      const end = piece.column + index + secret.length;
      // The parts of a long line overlap.
      if (piece.line === lastLine && end <= lastEnd) continue;
      [lastLine, lastEnd] = [piece.line, end];
      yield { ...position, column: position.column + index, keyPrefix: getShownPrefix(secret, ownPrefix), secret };
    }
  }
}

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

/** As git tells a binary file: by a NUL near its start. */
const LOOKED_AT_BYTES = 8000;

/**
 * The text of a stream, in chunks as they come; nothing where it is binary, of which `onBinary` is told. Without that
 * nothing counts as binary. UTF-16 is known by its byte order mark, all else is read as UTF-8: a key is ASCII whatever is
 * around it.
 */
export async function* decodedText(
  stream: AsyncIterable<Uint8Array | string>,
  onBinary?: () => void,
): AsyncGenerator<string> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (decoder === undefined) {
      if (onBinary !== undefined && isBinary(bytes)) return onBinary();
      decoder = new TextDecoder(encodingOf(bytes));
    }
    yield decoder.decode(bytes, { stream: true });
  }
  if (decoder !== undefined) yield decoder.decode();
}

function isBinary(bytes: Uint8Array): boolean {
  return encodingOf(bytes) === 'utf-8' && bytes.subarray(0, LOOKED_AT_BYTES).includes(0);
}

function encodingOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8';
}

/** What is never looked into: git's own store, whose packed objects are no text, and what npm installed. */
const SKIPPED = new Set(['.git', 'node_modules']);

export interface WalkDeps {
  /** Takes what could not be read, and goes on. */
  readonly onError: (path: string, error: NodeJS.ErrnoException) => void;
}

/**
 * The files that a path names: itself, or all beneath it in the order of their names. Links beneath it are not followed,
 * nor are devices and pipes read. What git ignores is looked at: a key that lies about is one all the same.
 */
export async function* filesUnder(path: string, deps: WalkDeps): AsyncGenerator<string> {
  try {
    if ((await stat(path)).isDirectory()) yield* beneath(path, deps);
    else yield path;
  } catch (error) {
    deps.onError(path, error as NodeJS.ErrnoException);
  }
}

async function* beneath(directory: string, deps: WalkDeps): AsyncGenerator<string> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    deps.onError(directory, error);
    return [];
  });
  for (const name of names.toSorted()) {
    if (SKIPPED.has(name)) continue;
    const path = join(directory, name);
    const entry = await lstat(path).catch((error: NodeJS.ErrnoException) => deps.onError(path, error));
    if (entry?.isDirectory()) yield* beneath(path, deps);
    else if (entry?.isFile()) yield path;
  }
}

/** A line of a text, or a part of one that is very long. */
export interface LinePiece {
  /** Both from 1: where the piece begins. */
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

const MAX_PIECE = 1024 * 1024;
const OVERLAP = MAX_KEY_LENGTH - 1;

/** The lines of a text that comes in chunks. The parts of a long line overlap, so that no key falls between two. */
export async function* linePieces(chunks: AsyncIterable<string>): AsyncGenerator<LinePiece> {
  let line = 1;
  let column = 1;
  let held = '';
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      yield { line, column, text: held + chunk.slice(start, end) };
      line++;
      column = 1;
      held = '';
      start = end + 1;
    }
    held += chunk.slice(start);
    if (held.length <= MAX_PIECE) continue;
    yield { line, column, text: held };
    column += held.length - OVERLAP;
    held = held.slice(-OVERLAP);
  }
  if (held !== '') yield { line, column, text: held };
}

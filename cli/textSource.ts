import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CliError } from '../operator/errors.ts';
import { fileProblem } from './fileProblem.ts';

/** The argument that selects standard input instead of a file. */
export const STDIN = '-';

const MAX_PEEK = 1024 * 1024;

/**
 * One or several files or standard input as text, read once and on demand. It's UTF-8, or UTF-16 with a byte order mark.
 * It may be compressed with gzip.
 */
export class TextSource {
  /** The file's path, or "standard input". */
  readonly name: string;
  readonly #streams: readonly NamedStream[];
  readonly #chunks: AsyncIterator<string>;
  readonly #peeked: string[] = [];
  /** The first line of each file, counted through all files. */
  readonly #firstLines: number[] = [];
  #current: Readable | undefined;
  #isClosed = false;

  private constructor(name: string, streams: readonly NamedStream[]) {
    this.name = name;
    this.#streams = streams;
    this.#chunks = this.#decodeAll();
  }

  /**
   * Opens a file, or standard input for `-`.
   *
   * @param parts The files to read one after the other instead, if the path is their folder
   * @throws CliError `FILE_UNUSABLE`
   */
  static async open(file: string, stdin: Readable, parts: readonly string[] = [file]): Promise<TextSource> {
    if (file === STDIN) return new TextSource('standard input', [{ name: 'standard input', open: () => stdin }]);
    await stat(file).catch((cause: NodeJS.ErrnoException) => {
      throw unreadable(file, cause);
    });
    return new TextSource(
      file,
      parts.map((part) => ({ name: part, open: () => createReadStream(part) })),
    );
  }

  /** Returns where a line is, such as "line 3", or "line 3 of b.json" if there are several files. */
  placeOf(line: number): string {
    const index = this.#firstLines.findLastIndex((first) => first <= line);
    const stream = this.#streams[index];
    if (this.#streams.length === 1 || stream === undefined) return `line ${line}`;
    return `line ${line - (this.#firstLines[index] ?? 1) + 1} of ${basename(stream.name)}`;
  }

  /**
   * Returns the start of the text: about 1 MiB, or less if `isEnough` accepts it. `chunks` yields this part again.
   *
   * @throws CliError `FILE_UNUSABLE`, also if the bytes aren't valid text
   */
  async peek(isEnough: (start: string) => boolean): Promise<string> {
    let start = '';
    while (start.length < MAX_PEEK && !isEnough(start)) {
      const { value, done } = await this.#chunks.next();
      if (done === true) break;
      this.#peeked.push(value);
      start += value;
    }
    return start;
  }

  /** @throws CliError `FILE_UNUSABLE`, also if the bytes aren't valid text */
  async *chunks(): AsyncGenerator<string> {
    yield* this.#peeked.splice(0);
    for (let next = await this.#chunks.next(); next.done !== true; next = await this.#chunks.next()) yield next.value;
  }

  /** Ends the text, even if a reader waits for more. */
  close(): void {
    this.#isClosed = true;
    this.#current?.destroy();
  }

  /** Yields the texts of all files. Each file starts on a new line. */
  async *#decodeAll(): AsyncGenerator<string, undefined> {
    let line = 1;
    for (const [index, { name, open }] of this.#streams.entries()) {
      if (this.#isClosed) return undefined;
      this.#firstLines.push(line);
      this.#current = open();
      let end = '';
      for await (const chunk of this.#decode(name, this.#current)) {
        if (this.#streams.length > 1) line += chunk.split('\n').length - 1;
        end = chunk.at(-1) ?? end;
        yield chunk;
      }
      if (end === '' || end === '\n' || index === this.#streams.length - 1) continue;
      line++;
      yield '\n';
    }
    return undefined;
  }

  async *#decode(name: string, stream: Readable): AsyncGenerator<string, undefined> {
    try {
      yield* decodeText(uncompress(stream), { fatal: true });
    } catch (cause) {
      const { code, name: kind } = cause as NodeJS.ErrnoException;
      if (code === 'ERR_STREAM_PREMATURE_CLOSE' || kind === 'AbortError') return undefined;
      if (code?.startsWith('Z_') === true) {
        throw new CliError('FILE_UNUSABLE', `${name} isn't a complete gzip file`, { cause });
      }
      if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
        const message = `${name} isn't UTF-8 text, or UTF-16 text with a byte order mark`;
        throw new CliError('FILE_UNUSABLE', message, { cause });
      }
      throw unreadable(name, cause as NodeJS.ErrnoException);
    }
    return undefined;
  }
}

interface NamedStream {
  readonly name: string;
  /** Opens the bytes. Only one file is open at a time. */
  readonly open: () => Readable;
}

/** Yields the bytes, uncompressed if they start with the two bytes of gzip. */
async function* uncompress(stream: Readable): AsyncGenerator<Uint8Array> {
  const chunks = withWholeMark(stream);
  const { value: start, done } = await chunks.next();
  if (done === true) return;
  const all = joined(start, chunks);
  const isGzip = start[0] === 0x1f && start[1] === 0x8b;
  if (!isGzip) {
    yield* all;
    return;
  }
  // The loop over the output throws the errors of the whole pipeline.
  const output: AsyncIterable<Uint8Array> = pipeline(Readable.from(all), createGunzip(), () => {});
  yield* output;
}

async function* joined(start: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield start;
  yield* rest;
}

function unreadable(name: string, cause: NodeJS.ErrnoException): CliError {
  return new CliError('FILE_UNUSABLE', fileProblem(name, cause, 'read'), { cause });
}

interface DecodeOptions {
  /** Throws if the bytes aren't valid text. Otherwise, invalid bytes become replacement characters. */
  readonly fatal?: boolean;
  /** Receives the first bytes and the encoding. The rest isn't decoded if it returns `false`. */
  readonly accepts?: (start: Uint8Array, encoding: string) => boolean;
}

/** Decodes a stream of bytes. It's UTF-16 if it starts with a UTF-16 byte order mark, otherwise UTF-8. */
export async function* decodeText(
  stream: AsyncIterable<Uint8Array>,
  { fatal = false, accepts = () => true }: DecodeOptions = {},
): AsyncGenerator<string, undefined> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  for await (const bytes of withWholeMark(stream)) {
    if (decoder === undefined) {
      const encoding = detectEncoding(bytes);
      if (!accepts(bytes, encoding)) return undefined;
      decoder = new TextDecoder(encoding, { fatal });
    }
    yield decoder.decode(bytes, { stream: true });
  }
  if (decoder !== undefined) yield decoder.decode();
  return undefined;
}

/** Yields the bytes in chunks. The first chunk is long enough for a byte order mark. */
async function* withWholeMark(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  let start = Buffer.alloc(0);
  let isStarted = false;
  for await (const chunk of stream) {
    if (isStarted) {
      yield chunk;
      continue;
    }
    start = Buffer.concat([start, chunk]);
    isStarted = start.length >= 2;
    if (isStarted) yield start;
  }
  if (!isStarted && start.length > 0) yield start;
  return undefined;
}

/** The byte order marks of UTF-16, which Excel and PowerShell can write. */
const BYTE_ORDER_MARKS = [
  ['utf-16le', 0xff, 0xfe],
  ['utf-16be', 0xfe, 0xff],
] as const;

function detectEncoding([first, second]: Uint8Array): string {
  return BYTE_ORDER_MARKS.find(([, one, two]) => one === first && two === second)?.[0] ?? 'utf-8';
}

/** One line of a text, without its newline. */
interface TextLine {
  /** The line number, from 1. */
  readonly line: number;
  /** The line, or `undefined` if it's longer than `maxLength`. Such a line isn't kept in memory. */
  readonly text: string | undefined;
}

/** Yields the lines of a chunked text. It keeps one line in memory, and at most `maxLength` characters of it. */
export async function* textLines(chunks: AsyncIterable<string>, maxLength: number): AsyncGenerator<TextLine> {
  let line = 1;
  let rest = '';
  let isTooLong = false;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      const text = rest + chunk.slice(start, end);
      yield { line, text: isTooLong || text.length > maxLength ? undefined : text.replace(/\r$/, '') };
      line++;
      start = end + 1;
      rest = '';
      isTooLong = false;
    }
    rest += chunk.slice(start);
    isTooLong ||= rest.length > maxLength;
    if (isTooLong) rest = '';
  }
  if (isTooLong || rest !== '') yield { line, text: isTooLong ? undefined : rest };
}

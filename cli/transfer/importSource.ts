import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { CliError } from '../cliError.ts';
import { STDIN } from '../seedFile.ts';

const HEAD_LENGTH = 64 * 1024;
/** A whole line that is neither blank nor a comment, nor sets the separator of a CSV. */
const TELLING_LINE = /^(?!"?sep=."?\r?\n)[^\S\n]*[^\s#].*\n/im;
/** Excel and PowerShell write UTF-16 too, and begin it so. */
const BYTE_ORDER_MARKS = [
  ['utf-16le', 0xff, 0xfe],
  ['utf-16be', 0xfe, 0xff],
] as const;

/** A file, or standard input, as text that is read once and as fast as it is wanted: UTF-8, or UTF-16 with a byte order mark. */
export class ImportSource {
  /** For messages. */
  readonly name: string;
  readonly #stream: Readable;
  readonly #chunks: AsyncIterator<string>;
  readonly #peeked: string[] = [];

  private constructor(name: string, stream: Readable) {
    this.name = name;
    this.#stream = stream;
    this.#chunks = this.#decode();
  }

  /** @throws CliError `FILE_UNUSABLE` */
  static async open(file: string, stdin: Readable): Promise<ImportSource> {
    if (file === STDIN) return new ImportSource('standard input', stdin);
    await stat(file).catch((cause: NodeJS.ErrnoException) => {
      throw unreadable(file, cause);
    });
    return new ImportSource(file, createReadStream(file));
  }

  /**
   * How the text begins: with its first line that tells something, if that is not very far. It is part of `chunks` all the
   * same.
   *
   * @throws CliError `FILE_UNUSABLE`, also where the bytes are no such text
   */
  async head(): Promise<string> {
    let head = '';
    while (head.length < HEAD_LENGTH && !TELLING_LINE.test(head)) {
      const { value, done } = await this.#chunks.next();
      if (done === true) break;
      this.#peeked.push(value);
      head += value;
    }
    return head;
  }

  /** @throws CliError `FILE_UNUSABLE`, also where the bytes are no such text */
  async *chunks(): AsyncGenerator<string> {
    yield* this.#peeked.splice(0);
    for (let next = await this.#chunks.next(); next.done !== true; next = await this.#chunks.next()) yield next.value;
  }

  /** Ends the text where it is, also for a reader that waits for more. */
  close(): void {
    this.#stream.destroy();
  }

  async *#decode(): AsyncGenerator<string, undefined> {
    const bytes = withStart(this.#stream as AsyncIterable<Uint8Array>);
    try {
      const { value: start = new Uint8Array() } = await bytes.next();
      const decoder = new TextDecoder(encodingOf(start), { fatal: true });
      yield decoder.decode(start, { stream: true });
      for await (const chunk of bytes) yield decoder.decode(chunk, { stream: true });
      yield decoder.decode();
    } catch (cause) {
      const { code, name } = cause as NodeJS.ErrnoException;
      if (code === 'ERR_STREAM_PREMATURE_CLOSE' || name === 'AbortError') return undefined;
      if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
        throw new CliError('FILE_UNUSABLE', `${this.name} is not UTF-8 text, nor UTF-16 with a byte order mark`, {
          cause,
        });
      }
      throw unreadable(this.name, cause as NodeJS.ErrnoException);
    }
    return undefined;
  }
}

/** The bytes in pieces, of which the first is long enough for a byte order mark. */
async function* withStart(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  let start = Buffer.alloc(0);
  let isStarted = false;
  for await (const chunk of chunks) {
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

function encodingOf([first, second]: Uint8Array): string {
  return BYTE_ORDER_MARKS.find(([, one, two]) => one === first && two === second)?.[0] ?? 'utf-8';
}

function unreadable(name: string, cause: NodeJS.ErrnoException): CliError {
  return new CliError('FILE_UNUSABLE', `cannot read ${name}: ${cause.code ?? cause.name}`, { cause });
}

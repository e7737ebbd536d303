import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { CliError } from '../cliError.ts';
import { STDIN } from '../seedFile.ts';

const HEAD_LENGTH = 64 * 1024;
/** A whole line that is neither blank nor a comment. */
const TELLING_LINE = /^[^\S\n]*[^\s#].*\n/m;

/** A file, or standard input, as text that is read once and as fast as it is wanted. */
export class ImportSource {
  /** `undefined` where it is no file, whose length nobody knows. */
  readonly totalBytes: number | undefined;
  readonly #name: string;
  readonly #stream: Readable;
  readonly #chunks: AsyncIterator<string>;
  readonly #peeked: string[] = [];
  #readBytes = 0;

  private constructor(name: string, stream: Readable, totalBytes: number | undefined) {
    this.totalBytes = totalBytes;
    this.#name = name;
    this.#stream = stream;
    this.#chunks = this.#decode();
  }

  /** @throws CliError `FILE_UNUSABLE` */
  static async open(file: string, stdin: Readable): Promise<ImportSource> {
    if (file === STDIN) return new ImportSource('standard input', stdin, undefined);
    const stats = await stat(file).catch((cause: NodeJS.ErrnoException) => {
      throw unreadable(file, cause);
    });
    return new ImportSource(file, createReadStream(file), stats.isFile() ? stats.size : undefined);
  }

  /** How much was taken from the file so far. */
  get readBytes(): number {
    return this.#readBytes;
  }

  /**
   * How the text begins: with its first line that tells something, if that is not very far. It is part of `chunks` all the
   * same.
   *
   * @throws CliError `FILE_UNUSABLE`, also where the text is not UTF-8
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

  /** @throws CliError `FILE_UNUSABLE`, also where the text is not UTF-8 */
  async *chunks(): AsyncGenerator<string> {
    yield* this.#peeked.splice(0);
    for (let next = await this.#chunks.next(); next.done !== true; next = await this.#chunks.next()) yield next.value;
  }

  /** Ends the text where it is, also for a reader that waits for more. */
  close(): void {
    this.#stream.destroy();
  }

  async *#decode(): AsyncGenerator<string, undefined> {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    try {
      for await (const bytes of this.#stream as AsyncIterable<Uint8Array>) {
        this.#readBytes += bytes.byteLength;
        yield decoder.decode(bytes, { stream: true });
      }
      yield decoder.decode();
    } catch (cause) {
      const { code, name } = cause as NodeJS.ErrnoException;
      if (code === 'ERR_STREAM_PREMATURE_CLOSE' || name === 'AbortError') return undefined;
      if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
        throw new CliError('FILE_UNUSABLE', `${this.#name} is not UTF-8 text`, { cause });
      }
      throw unreadable(this.#name, cause as NodeJS.ErrnoException);
    }
    return undefined;
  }
}

function unreadable(name: string, cause: NodeJS.ErrnoException): CliError {
  return new CliError('FILE_UNUSABLE', `cannot read ${name}: ${cause.code ?? cause.name}`, { cause });
}

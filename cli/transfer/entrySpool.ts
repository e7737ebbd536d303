import { randomUUID } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ImportedKey } from '../../keys/registry.ts';
import { CliError } from '../cliError.ts';
import { textLines } from './textLines.ts';

/** A key of a file, and the line that it begins on. */
export interface EntryLine {
  readonly line: number;
  readonly entry: ImportedKey;
}

const MAX_HELD = 10_000;
const OWNER_ONLY = 0o600;

/**
 * The entries of a file between its two passes: 10,000 in memory, more in a temporary file, which has no name and goes with the
 * process. It holds hashes and never a raw key.
 */
export class EntrySpool {
  readonly #maxHeld: number;
  #held: EntryLine[] = [];
  #count = 0;
  #path: string | undefined;
  #handle: FileHandle | undefined;

  constructor(maxHeld: number = MAX_HELD) {
    this.#maxHeld = maxHeld;
  }

  /** How many entries it has. */
  get count(): number {
    return this.#count;
  }

  /** @throws CliError `FILE_UNUSABLE` */
  async add(entry: EntryLine): Promise<void> {
    this.#held.push(entry);
    this.#count++;
    if (this.#held.length < this.#maxHeld) return;
    const text = this.#held.map((held) => `${JSON.stringify(held)}\n`).join('');
    this.#held = [];
    try {
      this.#handle ??= await this.#open();
      await this.#handle.appendFile(text);
    } catch (cause) {
      throw unusable(cause as NodeJS.ErrnoException);
    }
  }

  /**
   * The entries in the order in which they were added.
   *
   * @throws CliError `FILE_UNUSABLE`
   */
  async *entries(): AsyncGenerator<EntryLine> {
    if (this.#handle !== undefined) yield* this.#spooled(this.#handle);
    yield* this.#held;
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    // Where an open file cannot be deleted.
    if (this.#path !== undefined) await rm(this.#path, { force: true });
  }

  async #open(): Promise<FileHandle> {
    this.#path = join(tmpdir(), `latchkey-import-${randomUUID()}`);
    const handle = await open(this.#path, 'ax+', OWNER_ONLY);
    await rm(this.#path, { force: true }).catch(() => {});
    return handle;
  }

  async *#spooled(handle: FileHandle): AsyncGenerator<EntryLine> {
    const chunks = handle.createReadStream({ start: 0, autoClose: false, encoding: 'utf8' }) as AsyncIterable<string>;
    try {
      for await (const { text = '' } of textLines(chunks, Infinity)) yield JSON.parse(text) as EntryLine;
    } catch (cause) {
      throw unusable(cause as NodeJS.ErrnoException);
    }
  }
}

function unusable(cause: NodeJS.ErrnoException): CliError {
  return new CliError(
    'FILE_UNUSABLE',
    `no room for a temporary file in ${tmpdir()}: ${cause.code ?? cause.name}; set TMPDIR to another directory`,
    { cause },
  );
}

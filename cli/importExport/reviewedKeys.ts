import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getAddedRestriction, type Restriction } from '../../keys/import.ts';
import { checkImportedKey, type ImportContext } from '../../keys/importedKey.ts';
import type { KeyRecord } from '../../keys/record.ts';
import type { ImportedKey } from '../../keys/registry.ts';
import type { KeyHash } from '../../keys/secret.ts';
import { keyState } from '../../keys/state.ts';
import { CliError } from '../../operator/errors.ts';
import { textLines } from './formats.ts';
import type { ImportLine } from './importLine.ts';

/** A later line of a key that the file has already. */
export interface DuplicateLine {
  readonly line: number;
  /** The fields that the first line got from it, because they restrict the key. */
  readonly applied: readonly string[];
}

/** A key to be imported, as all its lines together say. */
export interface ReviewedKey {
  readonly line: number;
  readonly entry: ImportedKey;
  /** Whether it is revoked or has expired. */
  readonly hasEnded: boolean;
  readonly duplicates: readonly DuplicateLine[];
}

export interface ReviewOptions extends ImportContext {
  /** Called for each line that cannot be imported. */
  readonly reject: (line: number, problem: string) => void;
  /** Called before each line: whether to go on. */
  readonly goesOn: () => boolean;
}

interface LaterLine {
  readonly line: number;
  readonly restriction: Restriction;
}

/**
 * What a file says of its keys, known before the first is stored. A key has one record: its first line's, with the
 * restrictions of all its lines. So no key is ever stored as less restricted than its file has it, and a run that is broken off
 * can be run again. It takes about 130 bytes of memory for each key.
 */
export class ReviewedKeys {
  readonly #spool = new EntrySpool();
  readonly #options: ReviewOptions;
  /** By hash, of keys with several lines. */
  readonly #later = new Map<KeyHash, LaterLine[]>();
  /** A line of the key that was rejected, by hash. */
  readonly #rejected = new Map<KeyHash, number>();

  private constructor(options: ReviewOptions) {
    this.#options = options;
  }

  /**
   * Reads all lines.
   *
   * @throws CliError as the reader of the file does, and `FILE_UNUSABLE`
   */
  static async read(lines: AsyncIterable<ImportLine>, options: ReviewOptions): Promise<ReviewedKeys> {
    const keys = new ReviewedKeys(options);
    const seen = new Set<KeyHash>();
    try {
      for await (const line of lines) {
        if (!options.goesOn()) break;
        await keys.#add(line, seen);
      }
      return keys;
    } catch (error) {
      await keys.close();
      throw error;
    }
  }

  /** How many lines there are to import. */
  get count(): number {
    return this.#spool.count;
  }

  /** The keys, in the order of their first lines. A key with a line that was rejected is rejected as a whole. */
  async *keys(): AsyncGenerator<ReviewedKey> {
    for await (const { line, entry } of this.#spool.entries()) {
      const checked = checkImportedKey(entry, this.#options);
      if ('problem' in checked) {
        this.#options.reject(line, checked.problem);
        continue;
      }
      const { record } = checked;
      const later = this.#later.get(record.keyHash) ?? [];
      const rejectedLine = this.#rejected.get(record.keyHash);
      if (rejectedLine === undefined) yield this.#merged(line, entry, record, later);
      else for (const { line: same } of [{ line }, ...later]) this.#options.reject(same, rejectedWith(rejectedLine));
    }
  }

  async close(): Promise<void> {
    await this.#spool.close();
  }

  async #add(line: ImportLine, seen: Set<KeyHash>): Promise<void> {
    const checked = 'entry' in line ? checkImportedKey(line.entry, this.#options) : line;
    if ('problem' in checked) {
      const keyHash = 'entry' in line ? line.entry.keyHash : line.keyHash;
      if (keyHash !== undefined) this.#rejected.set(keyHash as KeyHash, line.line);
      this.#options.reject(line.line, checked.problem);
      return;
    }
    if (!('entry' in line)) return;
    const { record } = checked;
    if (!seen.has(record.keyHash)) {
      seen.add(record.keyHash);
      return this.#spool.add(line);
    }
    const later = this.#later.get(record.keyHash) ?? [];
    // Nothing but the restriction of it is kept.
    later.push({ line: line.line, restriction: getAddedRestriction({}, record) });
    this.#later.set(record.keyHash, later);
  }

  #merged(line: number, entry: ImportedKey, record: KeyRecord, later: readonly LaterLine[]): ReviewedKey {
    const restriction: Restriction = { ...record };
    const duplicates: DuplicateLine[] = [];
    for (const { line: same, restriction: other } of later) {
      const added = getAddedRestriction(restriction, other);
      Object.assign(restriction, added);
      duplicates.push({ line: same, applied: Object.keys(added) });
    }
    const state = keyState(restriction, this.#options.nowMs);
    return {
      line,
      entry: duplicates.length === 0 ? entry : { ...entry, ...getAddedRestriction(record, restriction) },
      hasEnded: state === 'revoked' || state === 'expired',
      duplicates,
    };
  }
}

function rejectedWith(line: number): string {
  return `the same key as line ${line}, which is rejected: set that line right first`;
}

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

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
import { textLines } from '../textSource.ts';
import type { Positions } from './importFormat.ts';
import type { ReadEntry } from './readEntry.ts';

/** A later entry for a key that the file already has. */
export interface Duplicate {
  readonly position: number;
  /** The fields that this entry added to the key, because they restrict it. */
  readonly applied: readonly string[];
}

/** A key to import, with the restrictions of all its entries. */
export interface ReviewedKey {
  /** The position of the key's first entry. */
  readonly position: number;
  readonly entry: ImportedKey;
  /** `true` if the key is revoked or has expired. */
  readonly hasEnded: boolean;
  readonly duplicates: readonly Duplicate[];
}

interface ReviewOptions extends ImportContext {
  /** The positions in messages. */
  readonly positions: Positions;
  /** The callback for each rejected entry. */
  readonly reject: (position: number, problem: string) => void;
  /** The callback before each entry. It returns `false` to stop reading. */
  readonly goesOn: () => boolean;
}

interface LaterEntry {
  readonly position: number;
  readonly restriction: Restriction;
}

/**
 * The keys of a file. The file is read completely before the first key is stored. A key gets one record: its first
 * entry, with the restrictions of all its entries. A stored key therefore never has fewer restrictions than its file.
 * You can run an interrupted import again. It uses about 130 bytes of memory for each key.
 */
export class ReviewedKeys {
  readonly #spool = new EntrySpool();
  readonly #options: ReviewOptions;
  /** Hash → the later entries of a key with several entries. */
  readonly #later = new Map<KeyHash, LaterEntry[]>();
  /** Hash → the position of a rejected entry of the key. */
  readonly #rejected = new Map<KeyHash, number>();

  private constructor(options: ReviewOptions) {
    this.#options = options;
  }

  /**
   * Reads all entries.
   *
   * @throws CliError `FILE_UNUSABLE`; any error of the file's reader
   */
  static async read(entries: AsyncIterable<ReadEntry>, options: ReviewOptions): Promise<ReviewedKeys> {
    const keys = new ReviewedKeys(options);
    const seen = new Set<KeyHash>();
    try {
      for await (const entry of entries) {
        if (!options.goesOn()) break;
        await keys.#add(entry, seen);
      }
      return keys;
    } catch (error) {
      await keys.close();
      throw error;
    }
  }

  /** The number of different keys with a valid entry. */
  get count(): number {
    return this.#spool.count;
  }

  /** Yields the keys in the order of their first entries. Rejects all entries of a key if one of them was rejected. */
  async *keys(): AsyncGenerator<ReviewedKey> {
    for await (const { position, entry } of this.#spool.entries()) {
      const checked = checkImportedKey(entry, this.#options);
      if ('problem' in checked) {
        this.#options.reject(position, checked.problem);
        continue;
      }
      const { record } = checked;
      const later = this.#later.get(record.keyHash) ?? [];
      const rejected = this.#rejected.get(record.keyHash);
      if (rejected === undefined) yield this.#merge(position, entry, record, later);
      else
        for (const same of [{ position }, ...later]) this.#options.reject(same.position, this.#hasRejected(rejected));
    }
  }

  async close(): Promise<void> {
    await this.#spool.close();
  }

  async #add(read: ReadEntry, seen: Set<KeyHash>): Promise<void> {
    const { position } = read;
    const checked = 'entry' in read ? checkImportedKey(read.entry, this.#options) : read;
    if ('problem' in checked) {
      const keyHash = 'entry' in read ? read.entry.keyHash : read.keyHash;
      if (keyHash !== undefined) this.#rejected.set(keyHash as KeyHash, position);
      this.#options.reject(position, checked.problem);
      return;
    }
    if (!('entry' in read)) return;
    const { record } = checked;
    if (!seen.has(record.keyHash)) {
      seen.add(record.keyHash);
      return this.#spool.add(read);
    }
    const later = this.#later.get(record.keyHash) ?? [];
    // Only the restrictions of a later entry are required.
    later.push({ position, restriction: getAddedRestriction({}, record) });
    this.#later.set(record.keyHash, later);
  }

  #merge(position: number, entry: ImportedKey, record: KeyRecord, later: readonly LaterEntry[]): ReviewedKey {
    const restriction: Restriction = { ...record };
    const duplicates = later.map((other): Duplicate => {
      const added = getAddedRestriction(restriction, other.restriction);
      Object.assign(restriction, added);
      return { position: other.position, applied: Object.keys(added) };
    });
    const state = keyState(restriction, this.#options.nowMs);
    return {
      position,
      entry: duplicates.length === 0 ? entry : { ...entry, ...getAddedRestriction(record, restriction) },
      hasEnded: state === 'revoked' || state === 'expired',
      duplicates,
    };
  }

  #hasRejected(position: number): string {
    const { unit, placeOf } = this.#options.positions;
    return `has the same key as ${placeOf(position)}, which was rejected: fix that ${unit} first`;
  }
}

export type ValidEntry = Extract<ReadEntry, { readonly entry: ImportedKey }>;

const MAX_IN_MEMORY = 10_000;
const OWNER_ONLY = 0o600;

/**
 * Stores the valid entries of a file until their import. It stores 10,000 in memory, and more in a temporary file. The
 * file is unlinked, so it disappears with the process. It contains hashes, but never a raw key.
 */
export class EntrySpool {
  readonly #maxInMemory: number;
  #inMemory: ValidEntry[] = [];
  #count = 0;
  #path: string | undefined;
  #handle: FileHandle | undefined;

  constructor(maxInMemory: number = MAX_IN_MEMORY) {
    this.#maxInMemory = maxInMemory;
  }

  get count(): number {
    return this.#count;
  }

  /** @throws CliError `FILE_UNUSABLE` */
  async add(entry: ValidEntry): Promise<void> {
    this.#inMemory.push(entry);
    this.#count++;
    if (this.#inMemory.length < this.#maxInMemory) return;
    const text = this.#inMemory.map((added) => `${JSON.stringify(added)}\n`).join('');
    this.#inMemory = [];
    try {
      this.#handle ??= await this.#open();
      await this.#handle.appendFile(text);
    } catch (cause) {
      throw unusable(cause as NodeJS.ErrnoException);
    }
  }

  /**
   * Yields the entries in the order in which they were added.
   *
   * @throws CliError `FILE_UNUSABLE`
   */
  async *entries(): AsyncGenerator<ValidEntry> {
    if (this.#handle !== undefined) yield* this.#inFile(this.#handle);
    yield* this.#inMemory;
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    // Some systems can't delete an open file.
    if (this.#path !== undefined) await rm(this.#path, { force: true });
  }

  async #open(): Promise<FileHandle> {
    this.#path = join(tmpdir(), `latchkey-import-${randomUUID()}`);
    const handle = await open(this.#path, 'ax+', OWNER_ONLY);
    await rm(this.#path, { force: true }).catch(() => {});
    return handle;
  }

  async *#inFile(handle: FileHandle): AsyncGenerator<ValidEntry> {
    const chunks = handle.createReadStream({ start: 0, autoClose: false, encoding: 'utf8' }) as AsyncIterable<string>;
    try {
      for await (const { text = '' } of textLines(chunks, Infinity)) yield JSON.parse(text) as ValidEntry;
    } catch (cause) {
      throw unusable(cause as NodeJS.ErrnoException);
    }
  }
}

function unusable(cause: NodeJS.ErrnoException): CliError {
  const why = `cannot write a temporary file in ${tmpdir()}: ${cause.code ?? cause.name}`;
  return new CliError('FILE_UNUSABLE', `${why}; set TMPDIR to another directory`, { cause });
}

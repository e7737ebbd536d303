import { LatchkeyError } from '../keys/errors.ts';
import type { KeyRecord } from '../keys/record.ts';
import type { KeyHash } from '../keys/secret.ts';

export interface RecordCacheOptions {
  /** How long a record is used for its key, and for how long later requests may share a read. At 0, every request reads. */
  readonly recordMs: number;
  /** How old a record may answer while the store is down; 0 never. */
  readonly staleIfErrorMs: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** The most records held, and as many unknown hashes beside them. */
  readonly capacity?: number;
}

/** The reads of one hash that have not ended. Reads are numbered as they begin, because a clock may be put back. */
interface ReadsUnderWay {
  count: number;
  /** Later requests may share this read. */
  shared?: { readonly number: number; readonly startedAtMs: number; readonly record: Promise<KeyRecord | undefined> };
  /** Number of the latest-begun read that has a result. An earlier read may lack changes that this one saw, so its result is dropped. */
  newestSeen: number;
}

interface Reading extends HeldAnswer {
  readonly keyHash: KeyHash;
  readonly record: KeyRecord;
  /** When the read began: what changed after that may not be in the record. */
  readonly readAtMs: number;
}

/** What answers for a key without a read: its record, or that the table has none. */
export interface HeldAnswer {
  readonly record: KeyRecord | undefined;
}

const HELD_UNKNOWN: HeldAnswer = Object.freeze({ record: undefined });

const UNKNOWN_MAX_MS = 10_000;

/** Records by hash, as read lately. Unknown hashes are held apart, so that a flood of them pushes no record out. */
export class RecordCache {
  readonly #options: RecordCacheOptions;
  readonly #unknownMs: number;
  /** By the index of the hash: where two records share one, which is not to be expected, they take turns. */
  readonly #records: GenerationalMap<number, Reading>;
  /** By hash, the epoch milliseconds at which the table was found to lack it. */
  readonly #unknown: GenerationalMap<KeyHash, number>;
  readonly #underWay = new Map<KeyHash, ReadsUnderWay>();
  #lastNumber = 0;

  constructor(options: RecordCacheOptions) {
    const { recordMs, capacity = 10_000 } = options;
    this.#options = options;
    this.#unknownMs = Math.min(recordMs, UNKNOWN_MAX_MS);
    this.#records = new GenerationalMap(capacity);
    this.#unknown = new GenerationalMap(capacity);
  }

  /** What the cache answers by itself, and at once; `undefined` where the table is to be asked. */
  held(keyHash: KeyHash, nowMs: number): HeldAnswer | undefined {
    const known = this.#reading(keyHash);
    if (known !== undefined && isWithin(this.#options.recordMs, known.readAtMs, nowMs)) return known;
    const missedAtMs = this.#unknown.get(keyHash);
    return missedAtMs !== undefined && isWithin(this.#unknownMs, missedAtMs, nowMs) ? HELD_UNKNOWN : undefined;
  }

  /**
   * The key's record, from the cache or by `read`; `undefined` where the table has none. A call joins a read under way for its
   * hash if that began within `recordMs`: an older one may not have seen a revocation that this call must see. While the store is
   * down a record read within `staleIfErrorMs` answers.
   *
   * @throws what `read` throws; nothing is remembered of it
   */
  async find(
    keyHash: KeyHash,
    read: (keyHash: KeyHash) => Promise<KeyRecord | undefined>,
  ): Promise<KeyRecord | undefined> {
    const { staleIfErrorMs, now } = this.#options;
    const held = this.held(keyHash, now());
    if (held !== undefined) return held.record;
    try {
      return await this.#readOnce(keyHash, read);
    } catch (error) {
      const isOutage = error instanceof LatchkeyError && error.code === 'STORE_UNAVAILABLE';
      const known = this.#reading(keyHash);
      if (isOutage && known !== undefined && isWithin(staleIfErrorMs, known.readAtMs, now())) return known.record;
      throw error;
    }
  }

  /**
   * The key's record by `read`, whatever is held, which is kept until the read succeeds; `undefined` where the table has none. No
   * other call waits for it: it may outlive the request that asked, and on Lambda be there still when the next one comes.
   *
   * @throws what `read` throws; nothing is remembered of it
   */
  async readAnew(
    keyHash: KeyHash,
    read: (keyHash: KeyHash) => Promise<KeyRecord | undefined>,
  ): Promise<KeyRecord | undefined> {
    return this.#read(keyHash, read);
  }

  /** When the read of the record began that is held for the key, in epoch milliseconds; `undefined` where none is. */
  readAtMs(keyHash: KeyHash): number | undefined {
    return this.#reading(keyHash)?.readAtMs;
  }

  /** Drops what is held for the key, so that the next request reads it. Reads that began before are not remembered. */
  forget(keyHash: KeyHash): void {
    const reads = this.#underWay.get(keyHash);
    if (reads !== undefined) {
      reads.newestSeen = this.#lastNumber;
      delete reads.shared;
    }
    this.#drop(keyHash);
  }

  #reading(keyHash: KeyHash): Reading | undefined {
    const reading = this.#records.get(indexOf(keyHash));
    return reading?.keyHash === keyHash ? reading : undefined;
  }

  #readOnce(
    keyHash: KeyHash,
    read: (keyHash: KeyHash) => Promise<KeyRecord | undefined>,
  ): Promise<KeyRecord | undefined> {
    const { recordMs, now } = this.#options;
    const startedAtMs = now();
    const shared = this.#underWay.get(keyHash)?.shared;
    if (shared !== undefined && isWithin(recordMs, shared.startedAtMs, startedAtMs)) return shared.record;
    const record = this.#read(keyHash, read, startedAtMs);
    const reads = this.#underWay.get(keyHash);
    if (reads !== undefined) reads.shared = { number: this.#lastNumber, startedAtMs, record };
    return record;
  }

  async #read(
    keyHash: KeyHash,
    read: (keyHash: KeyHash) => Promise<KeyRecord | undefined>,
    readAtMs = this.#options.now(),
  ): Promise<KeyRecord | undefined> {
    const number = ++this.#lastNumber;
    const reads = this.#underWay.get(keyHash) ?? { count: 0, newestSeen: 0 };
    reads.count++;
    this.#underWay.set(keyHash, reads);
    try {
      const record = await read(keyHash);
      if (number > reads.newestSeen) {
        reads.newestSeen = number;
        this.#remember(keyHash, record, readAtMs);
      }
      return record;
    } finally {
      if (reads.shared?.number === number) delete reads.shared;
      if (--reads.count === 0) this.#underWay.delete(keyHash);
    }
  }

  #drop(keyHash: KeyHash): void {
    if (this.#reading(keyHash) !== undefined) this.#records.delete(indexOf(keyHash));
    this.#unknown.delete(keyHash);
  }

  #remember(keyHash: KeyHash, record: KeyRecord | undefined, readAtMs: number): void {
    const { recordMs, staleIfErrorMs } = this.#options;
    this.#drop(keyHash);
    if (record === undefined) {
      if (this.#unknownMs > 0) this.#unknown.set(keyHash, readAtMs);
    } else if (recordMs > 0 || staleIfErrorMs > 0) {
      this.#records.set(indexOf(keyHash), { keyHash, record, readAtMs });
    }
  }
}

/**
 * The first 13 digits of the hash as a number. A request's hash is a new text, of which a `Map` has to compute a hash of its own:
 * to find by a number takes half as long. Only keys that the table holds are in the map, so nobody can choose what is there.
 */
function indexOf(keyHash: KeyHash): number {
  return digitsOf(keyHash, 0, 7) * 2 ** 24 + digitsOf(keyHash, 7, 13);
}

/** Hex digits of small letters, at most 7. */
function digitsOf(text: string, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    value = (value << 4) | ((code & 0xf) + (code >> 6) * 9);
  }
  return value;
}

/** Whether less than the limit has passed. A time to come was taken by a clock that has since been put back. */
function isWithin(limitMs: number, sinceMs: number, nowMs: number): boolean {
  return sinceMs <= nowMs && nowMs - sinceMs < limitMs;
}

/**
 * A bounded map that forgets what was not touched for longest, roughly: entries live in two generations of half the
 * capacity each, a full young generation becomes the old one, and the old one is dropped whole. Every operation takes
 * constant time, also under a flood of new keys.
 */
export class GenerationalMap<K, V> {
  readonly #generationSize: number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  /** `capacity` is the most entries held at once, at least 2. */
  constructor(capacity: number) {
    this.#generationSize = Math.floor(capacity / 2);
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: K, value: V): void {
    this.#old.delete(key);
    if (this.#young.size >= this.#generationSize && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  delete(key: K): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }
}

import { LatchkeyError } from '../keys/errors.ts';
import type { KeyHash } from '../keys/secret.ts';

export interface RecordCacheOptions {
  /**
   * TTL of a cached record, and maximum age of a pending read that later requests may share. Every request makes its
   * own read if the TTL is 0.
   */
  readonly recordMs: number;
  /**
   * Maximum age of a record that may be used while the store is unavailable. Such records are never used if the age is
   * 0.
   */
  readonly staleIfErrorMs: number;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
  /** Maximum number of records. It is also the maximum number of unknown hashes. */
  readonly capacity?: number;
}

/** Reads the table for a hash. Resolves to `undefined` if the table doesn't have it. */
type Read<T> = (keyHash: KeyHash) => Promise<T | undefined>;

/** A cached result: the key's value, or `undefined` if the table doesn't have the key. */
export interface Cached<T> {
  readonly value: T | undefined;
}

interface Reading<T> extends Cached<T> {
  readonly value: T;
  /** Epoch milliseconds at which the read began. The value may lack later changes. */
  readonly readAtMs: number;
}

/** The pending reads of one hash. They are numbered in the order of their start, because the clock may be set back. */
interface PendingReads<T> {
  count: number;
  /** The read that later requests may share. */
  shared?: { readonly number: number; readonly startedAtMs: number; readonly value: Promise<T | undefined> };
  /**
   * Number of the read that began last among those with a result. Results of earlier reads are dropped, because they
   * may lack changes.
   */
  newestSeen: number;
}

const UNKNOWN: Cached<never> = Object.freeze({ value: undefined });
const UNKNOWN_MAX_MS = 10_000;

/**
 * The cache of recent reads of the table, by hash. `T` is the cached form of a record. Unknown hashes have their own
 * map, so a flood of them doesn't evict records.
 */
export class RecordCache<T> {
  readonly #options: RecordCacheOptions;
  readonly #unknownMs: number;
  readonly #readings: GenerationalMap<KeyHash, Reading<T>>;
  /** Hash → the epoch milliseconds at which the table lacked it. */
  readonly #unknown: GenerationalMap<KeyHash, number>;
  readonly #pending = new Map<KeyHash, PendingReads<T>>();
  #lastNumber = 0;

  constructor(options: RecordCacheOptions) {
    const { recordMs, capacity = 10_000 } = options;
    this.#options = options;
    this.#unknownMs = Math.min(recordMs, UNKNOWN_MAX_MS);
    this.#readings = new GenerationalMap(capacity);
    this.#unknown = new GenerationalMap(capacity);
  }

  /** Returns the cached result for a key, or `undefined` if the caller must read the table. */
  get(keyHash: KeyHash, nowMs: number): Cached<T> | undefined {
    const reading = this.#readings.get(keyHash);
    if (reading !== undefined && isWithin(this.#options.recordMs, reading.readAtMs, nowMs)) return reading;
    const missedAtMs = this.#unknown.get(keyHash);
    return missedAtMs !== undefined && isWithin(this.#unknownMs, missedAtMs, nowMs) ? UNKNOWN : undefined;
  }

  /**
   * Returns the key's value from the cache or from `read`, or `undefined` if the table doesn't have the key. A call
   * joins a pending read of its hash if that read began within `recordMs`. It doesn't join an older one, which may miss
   * a revocation. It returns a value that was read within `staleIfErrorMs` if the store is unavailable.
   *
   * @throws the error of `read`, which isn't cached
   */
  async find(keyHash: KeyHash, read: Read<T>): Promise<T | undefined> {
    const { staleIfErrorMs, now } = this.#options;
    const cached = this.get(keyHash, now());
    if (cached !== undefined) return cached.value;
    try {
      return await this.#readOnce(keyHash, read);
    } catch (error) {
      const isOutage = error instanceof LatchkeyError && error.code === 'STORE_UNAVAILABLE';
      const stale = this.#readings.get(keyHash);
      if (isOutage && stale !== undefined && isWithin(staleIfErrorMs, stale.readAtMs, now())) return stale.value;
      throw error;
    }
  }

  /**
   * Reads the key even if it is cached. The cached value stays until the read succeeds. Returns `undefined` if the
   * table doesn't have the key. Other calls don't wait for this read, because it may outlive its request. Lambda then
   * resumes it with the next request.
   *
   * @throws the error of `read`, which isn't cached
   */
  async refresh(keyHash: KeyHash, read: Read<T>): Promise<T | undefined> {
    return this.#read(keyHash, read);
  }

  /**
   * Returns the epoch milliseconds at which the read of the cached value began. Returns `undefined` if the key isn't
   * cached.
   */
  readAtMs(keyHash: KeyHash): number | undefined {
    return this.#readings.get(keyHash)?.readAtMs;
  }

  /** Drops the key, so the next request reads it. The results of pending reads aren't cached. */
  forget(keyHash: KeyHash): void {
    const pending = this.#pending.get(keyHash);
    if (pending !== undefined) {
      pending.newestSeen = this.#lastNumber;
      delete pending.shared;
    }
    this.#drop(keyHash);
  }

  #readOnce(keyHash: KeyHash, read: Read<T>): Promise<T | undefined> {
    const { recordMs, now } = this.#options;
    const startedAtMs = now();
    const shared = this.#pending.get(keyHash)?.shared;
    if (shared !== undefined && isWithin(recordMs, shared.startedAtMs, startedAtMs)) return shared.value;
    const value = this.#read(keyHash, read, startedAtMs);
    const pending = this.#pending.get(keyHash);
    if (pending !== undefined) pending.shared = { number: this.#lastNumber, startedAtMs, value };
    return value;
  }

  async #read(keyHash: KeyHash, read: Read<T>, readAtMs = this.#options.now()): Promise<T | undefined> {
    const number = ++this.#lastNumber;
    const pending = this.#pending.get(keyHash) ?? { count: 0, newestSeen: 0 };
    pending.count++;
    this.#pending.set(keyHash, pending);
    try {
      const value = await read(keyHash);
      if (number > pending.newestSeen) {
        pending.newestSeen = number;
        this.#remember(keyHash, value, readAtMs);
      }
      return value;
    } finally {
      if (pending.shared?.number === number) delete pending.shared;
      if (--pending.count === 0) this.#pending.delete(keyHash);
    }
  }

  #remember(keyHash: KeyHash, value: T | undefined, readAtMs: number): void {
    const { recordMs, staleIfErrorMs } = this.#options;
    this.#drop(keyHash);
    if (value === undefined) {
      if (this.#unknownMs > 0) this.#unknown.set(keyHash, readAtMs);
    } else if (recordMs > 0 || staleIfErrorMs > 0) {
      this.#readings.set(keyHash, { value, readAtMs });
    }
  }

  #drop(keyHash: KeyHash): void {
    this.#readings.delete(keyHash);
    this.#unknown.delete(keyHash);
  }
}

/**
 * Returns whether less than the limit has passed since a time. It returns `false` for a time in the future, because the
 * clock has been set back since.
 */
function isWithin(limitMs: number, sinceMs: number, nowMs: number): boolean {
  return sinceMs <= nowMs && nowMs - sinceMs < limitMs;
}

/**
 * A bounded map that evicts approximately the least recently used entries. Entries live in two generations of half the
 * capacity each. A full young generation replaces the old one, which is dropped. Every operation takes constant time,
 * even under a flood of new keys.
 */
export class GenerationalMap<K, V> {
  readonly #generationSize: number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  /** Creates an empty map. `capacity` is the maximum number of entries, at least 2. */
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

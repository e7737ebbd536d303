import type { KeyRecord } from '../keys/record.ts';
import type { KeyHash } from '../keys/secret.ts';
import { lastUsedMs } from '../keys/state.ts';
import { GenerationalMap } from './recordCache.ts';

export interface LastUsedThrottleOptions {
  /** The least time between two last-used writes of one key. */
  readonly intervalMs: number;
  /** The most keys remembered. */
  readonly capacity?: number;
}

/** Tells when a record that is held was read, in epoch milliseconds; `undefined` where it is not held. */
export interface ReadTimes {
  readAtMs(keyHash: KeyHash): number | undefined;
}

const RETRY_AFTER_FAILURE_MS = 60_000;

/**
 * Answers one question: is a last-used write due for this key now? It lives as long as the environment, and is asked
 * only about keys that the table holds, so that no flood of invented keys can push out what it knows.
 */
export class LastUsedThrottle {
  /** The least time between two last-used writes of one key, in milliseconds. */
  readonly intervalMs: number;
  /** By hash, the epoch milliseconds before which no write is due. */
  readonly #notBefore: GenerationalMap<KeyHash, number>;

  constructor({ intervalMs, capacity = 10_000 }: LastUsedThrottleOptions) {
    this.intervalMs = intervalMs;
    this.#notBefore = new GenerationalMap(capacity);
  }

  /**
   * Whether a write is due; if so it is the caller's to make, and nobody else in this environment is told so for an
   * interval. Synchronous, so that concurrent invocations cannot both be told.
   *
   * A record that was not due yet when it was read tells nothing once it is: of a thousand environments that hold one, the
   * first to read the key anew writes, and the others find that at their next read. Only the environment that made the last
   * write is told at once, and has to ask the table. Without `readTimes` the record counts as just read.
   */
  claim(record: KeyRecord, nowMs: number, readTimes?: ReadTimes): boolean {
    const dueMs = this.#dueMs(record, nowMs);
    if (nowMs < dueMs) return false;
    const { keyHash } = record;
    const notBefore = this.#notBefore.get(keyHash);
    if (notBefore !== undefined && this.#isHeldBack(notBefore, nowMs)) return false;
    const wroteItself = dueMs === notBefore;
    const readAtMs = readTimes?.readAtMs(keyHash) ?? nowMs;
    if (!wroteItself && readAtMs < dueMs) return false;
    this.#notBefore.set(keyHash, nowMs + this.intervalMs);
    return true;
  }

  /** Whether the record says that a write was due at a time in epoch milliseconds, whoever makes it. */
  isDue(record: KeyRecord, atMs: number): boolean {
    return this.#dueMs(record, atMs) <= atMs;
  }

  /** Lets a write that failed be claimed again in a minute, or after the interval if that is shorter. */
  giveBack(keyHash: KeyHash, nowMs: number): void {
    this.#notBefore.set(keyHash, nowMs + Math.min(RETRY_AFTER_FAILURE_MS, this.intervalMs));
  }

  #dueMs(record: KeyRecord, nowMs: number): number {
    return lastUsedMs(record, nowMs) + this.intervalMs;
  }

  /** A wait longer than the interval was set by a clock that has since been put back: it no longer counts. */
  #isHeldBack(notBefore: number, nowMs: number): boolean {
    return nowMs < notBefore && notBefore - nowMs <= this.intervalMs;
  }
}

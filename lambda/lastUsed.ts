import type { KeyHash } from '../keys/secret.ts';
import { pastUseMs } from '../keys/state.ts';
import type { CachedKey } from './cachedKey.ts';
import { GenerationalMap } from './recordCache.ts';

export interface LastUsedThrottleOptions {
  /** The shortest time between two last-used writes of one key. */
  readonly intervalMs: number;
  /** Maximum number of keys that the throttle remembers. */
  readonly capacity?: number;
}

/** Returns when a cached record was read, in epoch milliseconds, or `undefined` if none is cached. */
export interface ReadTimes {
  readAtMs(keyHash: KeyHash): number | undefined;
}

/** The part of a key that the throttle needs. */
type UsedKey = Pick<CachedKey, 'keyHash' | 'lastUsedAtMs'>;

const RETRY_AFTER_FAILURE_MS = 60_000;

/**
 * Answers one question: is a last-used write due for this key now? It lives as long as the environment. It only sees keys that the
 * table has, so a flood of invented keys can't evict what it remembers.
 */
export class LastUsedThrottle {
  /** The shortest time between two last-used writes of one key, in milliseconds. */
  readonly intervalMs: number;
  /** By hash, the epoch milliseconds before which no write is due. */
  readonly #notBefore: GenerationalMap<KeyHash, number>;

  constructor({ intervalMs, capacity = 10_000 }: LastUsedThrottleOptions) {
    this.intervalMs = intervalMs;
    this.#notBefore = new GenerationalMap(capacity);
  }

  /**
   * Returns whether a write is due. If so, the caller has to make it: for an interval, every other call in this environment gets
   * `false`. The claim is synchronous, so two concurrent invocations never both get it.
   *
   * A cached record that wasn't due when it was read doesn't show whether another environment has written since. Of a thousand
   * environments that cache one, the first to read the key again writes; the others see that at their next read. Only the
   * environment that made the last write may claim at once, and it has to read the table first. Without `readTimes`, the record
   * counts as just read.
   */
  claim(key: UsedKey, nowMs: number, readTimes?: ReadTimes): boolean {
    const dueMs = this.#dueMs(key, nowMs);
    if (nowMs < dueMs) return false;
    const { keyHash } = key;
    const notBefore = this.#notBefore.get(keyHash);
    if (notBefore !== undefined && this.#isTooEarly(notBefore, nowMs)) return false;
    const wroteItself = dueMs === notBefore;
    const readAtMs = readTimes?.readAtMs(keyHash) ?? nowMs;
    if (!wroteItself && readAtMs < dueMs) return false;
    this.#notBefore.set(keyHash, nowMs + this.intervalMs);
    return true;
  }

  /** Returns whether the record alone makes a write due at a time in epoch milliseconds. */
  isDue(key: UsedKey, atMs: number): boolean {
    return this.#dueMs(key, atMs) <= atMs;
  }

  /** Allows a new claim after a failed write: in a minute, or after the interval if that is shorter. */
  giveBack(keyHash: KeyHash, nowMs: number): void {
    this.#notBefore.set(keyHash, nowMs + Math.min(RETRY_AFTER_FAILURE_MS, this.intervalMs));
  }

  #dueMs({ lastUsedAtMs }: UsedKey, nowMs: number): number {
    return pastUseMs(lastUsedAtMs, nowMs) + this.intervalMs;
  }

  /** A wait longer than the interval no longer counts: it was set by a clock that has since been put back. */
  #isTooEarly(notBefore: number, nowMs: number): boolean {
    return nowMs < notBefore && notBefore - nowMs <= this.intervalMs;
  }
}

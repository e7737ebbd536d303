import type { KeyHash } from '../keys/secret.ts';
import { pastUseMs } from '../keys/state.ts';
import type { CachedKey } from './cachedKey.ts';
import { GenerationalMap } from './recordCache.ts';

export interface LastUsedThrottleOptions {
  /** Minimum time between two last-used writes of one key, in milliseconds. */
  readonly intervalMs: number;
  /** Maximum number of keys in the throttle. */
  readonly capacity?: number;
}

/**
 * Returns the time at which a cached record was read, in epoch milliseconds. Returns `undefined` if the record isn't
 * cached.
 */
export interface ReadTimes {
  readAtMs(keyHash: KeyHash): number | undefined;
}

/** The part of a key that the throttle needs. */
type UsedKey = Pick<CachedKey, 'keyHash' | 'lastUsedAtMs'>;

const RETRY_AFTER_FAILURE_MS = 60_000;

/**
 * Decides whether a last-used write is due for a key. It lives as long as the execution environment. It tracks only
 * keys in the table, so a flood of invented keys can't evict its entries.
 */
export class LastUsedThrottle {
  /** Minimum time between two last-used writes of one key, in milliseconds. */
  readonly intervalMs: number;
  /** Hash → the epoch milliseconds before which a write isn't due. */
  readonly #notBefore: GenerationalMap<KeyHash, number>;

  constructor({ intervalMs, capacity = 10_000 }: LastUsedThrottleOptions) {
    this.intervalMs = intervalMs;
    this.#notBefore = new GenerationalMap(capacity);
  }

  /**
   * Returns whether a write is due. The caller must write if it returns `true`. Other calls in this execution
   * environment then return `false` for one interval. The claim is synchronous, so only one of two concurrent
   * invocations succeeds.
   *
   * Another execution environment may have written since the cached record was read. Only the last writer may claim
   * immediately if the record wasn't due at that time. It must read the table first. The others wait for their next
   * read of the key. Only the first of a thousand execution environments to read the key again therefore writes. The
   * others see that write at their next read. The record counts as just read if `readTimes` is omitted.
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

  /**
   * Returns whether a write is due at a time in epoch milliseconds. It considers only the record, not earlier claims.
   */
  isDue(key: UsedKey, atMs: number): boolean {
    return this.#dueMs(key, atMs) <= atMs;
  }

  /** Allows a new claim after a failed write: after a minute, or after the interval if that is shorter. */
  giveBack(keyHash: KeyHash, nowMs: number): void {
    this.#notBefore.set(keyHash, nowMs + Math.min(RETRY_AFTER_FAILURE_MS, this.intervalMs));
  }

  #dueMs({ lastUsedAtMs }: UsedKey, nowMs: number): number {
    return pastUseMs(lastUsedAtMs, nowMs) + this.intervalMs;
  }

  /**
   * Returns whether the key must still wait. A wait longer than the interval doesn't count, because the clock has been
   * set back since.
   */
  #isTooEarly(notBefore: number, nowMs: number): boolean {
    return nowMs < notBefore && notBefore - nowMs <= this.intervalMs;
  }
}

import type { KeyRecord } from '../keys/record.ts';
import { timesOf } from '../keys/recordTimes.ts';
import type { KeyHash } from '../keys/secret.ts';
import { GenerationalMap } from './generationalMap.ts';

export interface UsageThrottleOptions {
  /** The least time between two last-used writes of one key. */
  readonly intervalMs: number;
  /** The most keys remembered. */
  readonly capacity?: number;
}

const RETRY_AFTER_FAILURE_MS = 60_000;

/**
 * Answers one question: is a last-used write due for this key now? It lives as long as the environment, and is asked
 * only about keys that the table holds, so that no flood of invented keys can push out what it knows.
 */
export class UsageThrottle {
  /** The least time between two last-used writes of one key, in milliseconds. */
  readonly intervalMs: number;
  /** By hash, the epoch milliseconds before which no write is due. */
  readonly #notBefore: GenerationalMap<KeyHash, number>;

  constructor({ intervalMs, capacity = 10_000 }: UsageThrottleOptions) {
    this.intervalMs = intervalMs;
    this.#notBefore = new GenerationalMap(capacity);
  }

  /**
   * Whether a write is due; if so it is the caller's to make, and nobody else in this environment is told so for an
   * interval. Synchronous, so that concurrent invocations cannot both be told.
   */
  claim(record: KeyRecord, nowMs: number): boolean {
    if (this.#isHeldBack(record.keyHash, nowMs)) return false;
    if (nowMs < timesOf(record).lastUsedAtMs + this.intervalMs) return false;
    this.#notBefore.set(record.keyHash, nowMs + this.intervalMs);
    return true;
  }

  /** Lets a write that failed be claimed again in a minute, or after the interval if that is shorter. */
  giveBack(keyHash: KeyHash, nowMs: number): void {
    this.#notBefore.set(keyHash, nowMs + Math.min(RETRY_AFTER_FAILURE_MS, this.intervalMs));
  }

  /** A wait longer than the interval was set by a clock that has since been put back: it no longer counts. */
  #isHeldBack(keyHash: KeyHash, nowMs: number): boolean {
    const notBefore = this.#notBefore.get(keyHash);
    return notBefore !== undefined && nowMs < notBefore && notBefore - nowMs <= this.intervalMs;
  }
}

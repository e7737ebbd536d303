import { windowAt, type PlanLimits } from '../../keys/limits.ts';
import {
  ExactLimiter,
  type LimitingEnvironment,
  type LimitingWay,
  type SimulatedDeps,
} from '../../test/support/simulateLimits.ts';

/** A shared store's counter and bucket of one limit. Each of its methods is one call. */
class SharedCount {
  #endsAtMs = 0;
  #total = 0;
  #tatMs = 0;

  /** Adds to the window's total and returns it. */
  count(windowEndsAtMs: number, requests: number): number {
    // A late call may belong to an earlier window. Its answer doesn't matter any more.
    if (windowEndsAtMs > this.#endsAtMs) [this.#endsAtMs, this.#total] = [windowEndsAtMs, 0];
    if (windowEndsAtMs === this.#endsAtMs) this.#total += requests;
    return this.#total;
  }

  /** Adds requests since a time to the bucket, and returns the theoretical arrival time of its next request. */
  fill(sinceMs: number, costMs: number): number {
    this.#tatMs = Math.max(this.#tatMs, sinceMs) + costMs;
    return this.#tatMs;
  }
}

/**
 * Writes for each request. This is the best case: one call decides, for a bucket too. rate-limiter-flexible and the
 * stores of web frameworks work this way.
 */
export const writeForEachRequest: LimitingWay = (limits) => {
  const shared = new ExactLimiter(limits);
  return ({ write }) => ({ take: (nowMs) => write(() => shared.take(nowMs)) });
};

/** Counts only in memory. Each execution environment has the whole limit. */
export const memoryOnly: LimitingWay = (limits) => () => new ExactLimiter(limits);

const TELL_MS = 10_000;

/** Counts in memory, and adds to the shared count every 10 seconds. The answer contains the requests of the others. */
export const tellEveryTenSeconds: LimitingWay = (limits) => {
  const shared = new SharedCount();
  return ({ write }) =>
    limits.quota === undefined ? new TellingBucket(limits, shared, write) : new TellingCounter(limits, shared, write);
};

class TellingCounter implements LimitingEnvironment {
  readonly #quota: NonNullable<PlanLimits['quota']>;
  readonly #shared: SharedCount;
  readonly #write: SimulatedDeps['write'];
  #endsAtMs = 0;
  #total = 0;
  #untold = 0;
  #toldAtMs: number | undefined;

  constructor({ quota }: PlanLimits, shared: SharedCount, write: SimulatedDeps['write']) {
    if (quota === undefined) throw new Error('expected a quota');
    this.#quota = quota;
    this.#shared = shared;
    this.#write = write;
  }

  take(nowMs: number): boolean | Promise<boolean> {
    if (nowMs >= this.#endsAtMs) {
      this.#endsAtMs = windowAt(this.#quota.period, nowMs).endsAtMs;
      this.#total = this.#untold = 0;
    }
    this.#toldAtMs ??= nowMs;
    if (nowMs - this.#toldAtMs < TELL_MS) return this.#count();
    this.#toldAtMs = nowMs;
    return this.#tell(this.#endsAtMs);
  }

  async #tell(endsAtMs: number): Promise<boolean> {
    const untold = this.#untold;
    this.#untold = 0;
    this.#total += untold;
    const total = await this.#write(() => this.#shared.count(endsAtMs, untold));
    if (endsAtMs === this.#endsAtMs) this.#total = total;
    return this.#count();
  }

  #count(): boolean {
    if (this.#total + this.#untold >= this.#quota.limit) return false;
    this.#untold++;
    return true;
  }
}

class TellingBucket implements LimitingEnvironment {
  readonly #costMs: number;
  readonly #burstMs: number;
  readonly #shared: SharedCount;
  readonly #write: SimulatedDeps['write'];
  #tatMs = 0;
  #untold = 0;
  #toldAtMs: number | undefined;

  constructor({ throttle }: PlanLimits, shared: SharedCount, write: SimulatedDeps['write']) {
    if (throttle === undefined) throw new Error('expected a throttle');
    this.#costMs = 1000 / throttle.rateLimit;
    this.#burstMs = throttle.burstLimit * this.#costMs;
    this.#shared = shared;
    this.#write = write;
  }

  take(nowMs: number): boolean | Promise<boolean> {
    const sinceMs = (this.#toldAtMs ??= nowMs);
    if (nowMs - sinceMs < TELL_MS) return this.#fill(nowMs);
    this.#toldAtMs = nowMs;
    return this.#tell(nowMs, sinceMs);
  }

  async #tell(nowMs: number, sinceMs: number): Promise<boolean> {
    const costMs = this.#untold * this.#costMs;
    this.#untold = 0;
    this.#tatMs = await this.#write(() => this.#shared.fill(sinceMs, costMs));
    return this.#fill(nowMs);
  }

  #fill(nowMs: number): boolean {
    const next = Math.max(this.#tatMs, nowMs) + this.#costMs;
    if (next > nowMs + this.#burstMs) return false;
    this.#tatMs = next;
    this.#untold++;
    return true;
  }
}

import { LatchkeyError } from '../keys/errors.ts';
import {
  latestTatMs,
  type LimitTaker,
  type QuotaAsk,
  quotaSubject,
  THROTTLE_SLACK_MS,
  type ThrottleAsk,
  throttleSubject,
} from '../keys/limits.ts';

/** The in-memory table of limits of a test. */
export interface TestLimits {
  /** The requests granted in a window, or the theoretical arrival time of a throttle, by subject. */
  readonly counters: Map<string, number>;
  /** Number of writes, including those that failed or were refused. */
  readonly writes: number;
  /** Set it to `true` to make every call fail with `STORE_UNAVAILABLE`. */
  isDown: boolean;
}

/** The counters of an in-memory table of limits. A call is one write with its condition. */
export class LimitCounters {
  readonly counters = new Map<string, number>();

  /** Returns the number that the window has granted now, or `undefined` if the quota has too few left. */
  takeQuota({ subject, window, count }: QuotaAsk): number | undefined {
    const { quota } = subject.limits;
    if (quota === undefined) return undefined;
    const name = quotaSubject(quota.period, window, subject.who);
    const granted = (this.counters.get(name) ?? 0) + count;
    return granted > quota.limit ? undefined : this.#set(name, granted);
  }

  /** Returns the new theoretical arrival time, or `undefined` if the condition isn't met. */
  takeThrottle({ subject, count, nowMs, from }: ThrottleAsk): number | undefined {
    const { throttle } = subject.limits;
    if (throttle === undefined || count > throttle.burstLimit) return undefined;
    const name = throttleSubject(subject.plan, subject.who);
    const tatMs = this.counters.get(name) ?? -Infinity;
    const isPast = tatMs < nowMs - THROTTLE_SLACK_MS;
    if (isPast !== (from === 'restart')) return undefined;
    if (!isPast && tatMs > latestTatMs(throttle, { count, nowMs })) return undefined;
    return this.#set(name, (isPast ? nowMs : tatMs) + (count * 1000) / throttle.rateLimit);
  }

  #set(name: string, value: number): number {
    this.counters.set(name, value);
    return value;
  }
}

/** An in-memory table of limits with the same results as `LimitStore`. The contract tests check both. */
export class MemoryLimits implements LimitTaker, TestLimits {
  readonly #table = new LimitCounters();
  readonly counters = this.#table.counters;
  writes = 0;
  isDown = false;

  async takeQuota(ask: QuotaAsk): Promise<number | undefined> {
    await this.#network();
    return this.#table.takeQuota(ask);
  }

  async takeThrottle(ask: ThrottleAsk): Promise<number | undefined> {
    await this.#network();
    return this.#table.takeThrottle(ask);
  }

  async #network(): Promise<void> {
    this.writes++;
    await new Promise((resolve) => setImmediate(resolve));
    if (this.isDown) throw new LatchkeyError('STORE_UNAVAILABLE', 'the table is down', { cause: new Error('down') });
  }
}

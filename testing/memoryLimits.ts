import { LatchkeyError } from '../keys/errors.ts';
import {
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

/** An in-memory table of limits with the same results as `LimitStore`. The contract tests check both. */
export class MemoryLimits implements LimitTaker, TestLimits {
  readonly counters = new Map<string, number>();
  writes = 0;
  isDown = false;

  async takeQuota({ subject, window, count }: QuotaAsk): Promise<number | undefined> {
    const { quota } = subject.limits;
    await this.#network();
    if (quota === undefined) return undefined;
    const name = quotaSubject(quota.period, window, subject.who);
    const granted = (this.counters.get(name) ?? 0) + count;
    return granted > quota.limit ? undefined : this.#set(name, granted);
  }

  async takeThrottle({ subject, count, nowMs, from }: ThrottleAsk): Promise<number | undefined> {
    const { throttle } = subject.limits;
    await this.#network();
    if (throttle === undefined) return undefined;
    const intervalMs = 1000 / throttle.rateLimit;
    const name = throttleSubject(subject.plan, subject.who);
    const tatMs = this.counters.get(name) ?? -Infinity;
    const isPast = tatMs < nowMs - THROTTLE_SLACK_MS;
    if (isPast !== (from === 'restart')) return undefined;
    const nextMs = (isPast ? nowMs : tatMs) + count * intervalMs;
    return nextMs > nowMs + throttle.burstLimit * intervalMs ? undefined : this.#set(name, nextMs);
  }

  #set(name: string, value: number): number {
    this.counters.set(name, value);
    return value;
  }

  async #network(): Promise<void> {
    this.writes++;
    await new Promise((resolve) => setImmediate(resolve));
    if (this.isDown) throw new LatchkeyError('STORE_UNAVAILABLE', 'the table is down', { cause: new Error('down') });
  }
}

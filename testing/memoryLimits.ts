import { LatchkeyError } from '../keys/errors.ts';
import {
  type LimitTaker,
  type QuotaAsk,
  quotaSubject,
  THROTTLE_SLACK_MS,
  type ThrottleAsk,
  throttleSubject,
} from '../keys/limits.ts';

/** The parts of the table of limits that tests read and set. */
export interface TestLimits {
  /**
   * The counters by subject: the requests that a quota's window has granted, or a throttle's theoretical arrival time in
   * epoch milliseconds.
   */
  readonly counters: Map<string, number>;
  /** Number of writes, including those that failed or were refused. */
  readonly writes: number;
  /** Set it to `true` to make every write fail. */
  isDown: boolean;
}

/** An in-memory table of limits with the same results as `LimitStore`. The contract tests of limits check both. */
export class MemoryLimits implements LimitTaker, TestLimits {
  readonly counters = new Map<string, number>();
  writes = 0;
  isDown = false;

  async takeQuota({ subject, window, count }: QuotaAsk): Promise<number | undefined> {
    const { limits, who } = subject;
    const { quota } = limits;
    if (quota === undefined || count > quota.limit) return undefined;
    await this.#network();
    const item = quotaSubject(quota.period, window, who);
    const granted = (this.counters.get(item) ?? 0) + count;
    return granted > quota.limit ? undefined : this.#store(item, granted);
  }

  async takeThrottle({ subject, count, nowMs, from }: ThrottleAsk): Promise<number | undefined> {
    const { limits, plan, who } = subject;
    const { throttle } = limits;
    if (throttle === undefined || count > throttle.burstLimit) return undefined;
    await this.#network();
    const { rateLimit, burstLimit } = throttle;
    const item = throttleSubject(plan, who);
    const costMs = (count * 1000) / rateLimit;
    const tat = this.counters.get(item);
    const isRecent = tat !== undefined && tat >= nowMs - THROTTLE_SLACK_MS;
    if (isRecent !== (from === 'continue')) return undefined;
    if (!isRecent) return this.#store(item, nowMs + costMs);
    return tat > nowMs + (burstLimit * 1000) / rateLimit - costMs ? undefined : this.#store(item, tat + costMs);
  }

  #store(item: string, counter: number): number {
    this.counters.set(item, counter);
    return counter;
  }

  async #network(): Promise<void> {
    this.writes++;
    await new Promise((resolve) => setImmediate(resolve));
    if (this.isDown) throw new LatchkeyError('STORE_UNAVAILABLE', 'the table is down', { cause: new Error('down') });
  }
}

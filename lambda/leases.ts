import {
  type LimitSubject,
  type LimitTaker,
  type LimitWindow,
  type PlanLimits,
  THROTTLE_SLACK_MS,
  type ThrottleAsk,
  windowAt,
} from '../keys/limits.ts';

/** The reasons for a refusal by a limit. */
export type LimitCode = 'THROTTLED' | 'QUOTA_EXCEEDED';

/** Requests that one write has granted to this execution environment. */
interface Grant {
  readonly count: number;
  /** Epoch milliseconds before which the grant may not be used. A clock may be set back. */
  readonly startsAtMs: number;
  /** Epoch milliseconds from which the grant may not be used any more. */
  readonly endsAtMs: number;
}

/** Counts the writes of one request. */
export interface WriteCount {
  writes: number;
}

/**
 * Requests that this execution environment has taken from one limit and not spent yet. The size of a lease doubles
 * while the environment needs more, up to its need in `horizonMs`. It survives the end of a window.
 */
export abstract class Lease {
  abstract readonly code: LimitCode;
  /** Maximum number of leases that one request waits for. */
  protected abstract readonly mostLeases: number;
  /** Returns the number of requests that the limit has left, as far as this environment knows: never too few. */
  abstract available(nowMs: number): number;
  /** Returns the time until which the limit refuses, or `undefined` if it may allow. Both are in epoch milliseconds. */
  abstract refusedUntilMs(nowMs: number): number | undefined;
  /** Returns the time at which the limit begins again, in epoch milliseconds. */
  abstract resetAtMs(nowMs: number): number;
  /** Returns the time whose need a lease may cover, in milliseconds. */
  protected abstract horizonMs(nowMs: number): number;
  /** Returns the most requests that a lease may take for later. Other environments then find some left. */
  protected abstract mostCount(nowMs: number): number;
  /** Takes requests from the store. Remembers the refusal and resolves to `undefined` if the limit has too few left. */
  protected abstract take(count: number, nowMs: number, made: WriteCount): Promise<Grant | undefined>;

  readonly #now: () => number;
  #size = 1;
  #left = 0;
  #startsAtMs = -Infinity;
  #endsAtMs = -Infinity;
  /** The last grant, or 0 if the size must not be derived from it. */
  #count = 0;
  #takenAtMs = 0;
  #waiting = 0;
  #pending: Promise<void> | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Returns the number of requests in memory. */
  left(nowMs: number): number {
    return nowMs >= this.#startsAtMs && nowMs < this.#endsAtMs ? this.#left : 0;
  }

  /** Spends one request from memory. Returns `false` if there isn't any. */
  spend(nowMs: number): boolean {
    if (this.left(nowMs) === 0) return false;
    this.#left--;
    return true;
  }

  /**
   * Spends one request, and takes a lease if there isn't any in memory. Concurrent calls share a pending lease.
   * Resolves to `false` if the limit refuses.
   *
   * @throws the error of the store
   */
  async spendOrTake(made: WriteCount): Promise<boolean> {
    this.#waiting++;
    try {
      for (let leases = 0; !this.spend(this.#now()); leases++) {
        if (leases === this.mostLeases || this.refusedUntilMs(this.#now()) !== undefined) return false;
        this.#pending ??= this.#takeLease(made).finally(() => {
          this.#pending = undefined;
        });
        await this.#pending;
      }
      return true;
    } finally {
      this.#waiting--;
    }
  }

  async #takeLease(made: WriteCount): Promise<void> {
    const nowMs = this.#now();
    const grant = await this.take(this.#nextCount(nowMs), nowMs, made);
    if (grant === undefined) {
      // The time of a refusal says nothing about the need, so the next lease has the same size.
      this.#count = 0;
      return;
    }
    this.#left = grant.count;
    this.#startsAtMs = grant.startsAtMs;
    this.#endsAtMs = grant.endsAtMs;
    this.#count = grant.count;
    this.#takenAtMs = nowMs;
  }

  /** Returns the size of the next lease: at least the waiting requests, but not more than the limit has left. */
  #nextCount(nowMs: number): number {
    if (this.#count > 0) {
      const spent = this.#count - this.#left;
      const need = (spent * this.horizonMs(nowMs)) / Math.max(1, nowMs - this.#takenAtMs);
      this.#size = Math.max(1, Math.min(2 * this.#size, need));
    }
    const available = Math.floor(this.available(nowMs));
    const share = Math.min(Math.ceil(this.#size), Math.floor(this.mostCount(nowMs)));
    return Math.max(1, Math.min(Math.max(share, this.#waiting), available));
  }
}

export interface LeaseOptions {
  readonly store: LimitTaker;
  readonly subject: LimitSubject;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
  /** Maximum time for which a spent quota is remembered, in milliseconds. */
  readonly quotaRefusalMs: number;
}

/** A quota's longest lease in milliseconds of the environment's need. */
const QUOTA_HORIZON_MS = 60_000;
/** Share of the remaining requests that one lease of a quota may take. */
const MOST_OF_REMAINING = 1 / 16;

/** A lease of a quota. Everything but its size ends with the window. */
export class QuotaLease extends Lease {
  readonly code = 'QUOTA_EXCEEDED';
  /** Each lease grants requests, or ends the window. */
  protected readonly mostLeases = Infinity;
  readonly #options: LeaseOptions;
  readonly #quota: NonNullable<PlanLimits['quota']>;
  #window: LimitWindow | undefined;
  #granted = 0;
  #refusedAtMs = -Infinity;
  /** Whether the window before this one was spent. */
  #isScarce = false;

  constructor(quota: NonNullable<PlanLimits['quota']>, options: LeaseOptions) {
    super(options.now);
    this.#quota = quota;
    this.#options = options;
  }

  available(nowMs: number): number {
    this.#windowAt(nowMs);
    return this.#quota.limit - this.#granted;
  }

  refusedUntilMs(nowMs: number): number | undefined {
    const { endsAtMs } = this.#windowAt(nowMs);
    const sinceMs = nowMs - this.#refusedAtMs;
    return sinceMs >= 0 && sinceMs < this.#options.quotaRefusalMs ? endsAtMs : undefined;
  }

  resetAtMs(nowMs: number): number {
    return this.#windowAt(nowMs).endsAtMs;
  }

  /** A lease that is unspent at the end of a short window is lost, and was refused to others. */
  protected horizonMs(nowMs: number): number {
    const { startsAtMs, endsAtMs } = this.#windowAt(nowMs);
    return this.#isScarce ? Math.min(QUOTA_HORIZON_MS, (endsAtMs - startsAtMs) / 6) : QUOTA_HORIZON_MS;
  }

  protected mostCount(nowMs: number): number {
    return this.available(nowMs) * MOST_OF_REMAINING;
  }

  protected async take(count: number, nowMs: number, made: WriteCount): Promise<Grant | undefined> {
    const grant = await this.#write(count, nowMs, made);
    return grant === undefined && count > 1 ? this.#write(1, this.#options.now(), made) : grant;
  }

  async #write(count: number, nowMs: number, made: WriteCount): Promise<Grant | undefined> {
    const { store, subject } = this.#options;
    const window = this.#windowAt(nowMs);
    made.writes++;
    const granted = await store.takeQuota({ subject, window, count });
    // The answer of a window that has ended doesn't apply to the next one.
    const isCurrent = window === this.#window;
    if (granted === undefined) {
      if (isCurrent && count === 1) this.#refusedAtMs = nowMs;
      return undefined;
    }
    if (isCurrent) this.#granted = granted;
    return { count, startsAtMs: window.startsAtMs, endsAtMs: window.endsAtMs };
  }

  #windowAt(nowMs: number): LimitWindow {
    if (this.#window !== undefined && isIn(this.#window, nowMs)) return this.#window;
    const next = windowAt(this.#quota.period, nowMs);
    this.#isScarce = this.#refusedAtMs !== -Infinity && this.#window?.endsAtMs === next.startsAtMs;
    this.#granted = 0;
    this.#refusedAtMs = -Infinity;
    return (this.#window = next);
  }
}

function isIn({ startsAtMs, endsAtMs }: LimitWindow, atMs: number): boolean {
  return atMs >= startsAtMs && atMs < endsAtMs;
}

/** Maximum age of a throttle's lease. With `THROTTLE_SLACK_MS`, it is the second that the guarantee adds. */
const THROTTLE_LEASE_MS = 750;
/** Minimum time in which an answer can be used. It matters only if the store may take longer than its 300 ms. */
const USABLE_MS = 100;
const THROTTLE_REFUSAL_MS = 250;
/** Share of the burst that one lease of a throttle may take. Under load, a share of what is left would be 1 request. */
const MOST_OF_BURST = 1 / 32;

/** A lease of a throttle. It ends soon, so a burst can't be saved for later. */
export class ThrottleLease extends Lease {
  readonly code = 'THROTTLED';
  /** Under load, the requests before it could otherwise spend each lease, and the queue would grow forever. */
  protected readonly mostLeases = 3;
  readonly #options: LeaseOptions;
  readonly #intervalMs: number;
  readonly #burstMs: number;
  /** The theoretical arrival time is at least this. It never moves back. */
  #tatMs = -Infinity;
  /** The kind of write that succeeded last while `#tatMs` was in the past. */
  #from: ThrottleAsk['from'] = 'restart';
  #refusedAtMs = -Infinity;

  constructor({ rateLimit, burstLimit }: NonNullable<PlanLimits['throttle']>, options: LeaseOptions) {
    super(options.now);
    this.#options = options;
    this.#intervalMs = 1000 / rateLimit;
    this.#burstMs = burstLimit * this.#intervalMs;
  }

  available(nowMs: number): number {
    const freeMs = Math.min(this.#burstMs, nowMs + this.#burstMs - this.#tatMs);
    return Math.max(0, freeMs / this.#intervalMs);
  }

  refusedUntilMs(nowMs: number): number | undefined {
    const sinceMs = nowMs - this.#refusedAtMs;
    return sinceMs >= 0 && sinceMs < THROTTLE_REFUSAL_MS ? this.#refusedAtMs + THROTTLE_REFUSAL_MS : undefined;
  }

  resetAtMs(nowMs: number): number {
    return Math.max(nowMs, this.#tatMs);
  }

  protected horizonMs(): number {
    return THROTTLE_LEASE_MS;
  }

  protected mostCount(): number {
    return (this.#burstMs / this.#intervalMs) * MOST_OF_BURST;
  }

  protected async take(count: number, nowMs: number, made: WriteCount): Promise<Grant | undefined> {
    for (const from of this.#writesAt(nowMs)) {
      const grant = await this.#write(count, nowMs, from, made);
      if (grant === undefined) continue;
      this.#from = from;
      return grant;
    }
    this.#refusedAtMs = this.#options.now();
    // The store had fewer left, so the time is at least this far ahead.
    this.#tatMs = Math.max(this.#tatMs, nowMs + this.#burstMs - count * this.#intervalMs);
    return undefined;
  }

  /** Returns the writes to try. If the last one is refused, the throttle has too few left. */
  #writesAt(nowMs: number): readonly ThrottleAsk['from'][] {
    // Only a known time that isn't in the past rules out one of the two writes.
    if (this.#tatMs >= nowMs - THROTTLE_SLACK_MS) return ['continue'];
    // Another environment may restart between the first two writes. The third one then continues from its time.
    return this.#from === 'continue' ? ['continue', 'restart', 'continue'] : ['restart', 'continue'];
  }

  async #write(count: number, nowMs: number, from: ThrottleAsk['from'], made: WriteCount): Promise<Grant | undefined> {
    const { store, subject, now } = this.#options;
    made.writes++;
    const tatMs = await store.takeThrottle({ subject, count, nowMs, from });
    if (tatMs === undefined) return undefined;
    this.#tatMs = tatMs;
    return { count, startsAtMs: nowMs, endsAtMs: Math.max(nowMs + THROTTLE_LEASE_MS, now() + USABLE_MS) };
  }
}

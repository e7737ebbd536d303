import { LatchkeyError } from '../keys/errors.ts';
import {
  type LimitedFields,
  type LimitPeriod,
  type LimitSubject,
  limitSubjectOf,
  type LimitTaker,
  type PlanLimits,
  type PlanLimitsByName,
} from '../keys/limits.ts';
import { type Lease, type LimitCode, QuotaLease, ThrottleLease, type WriteCount } from './leases.ts';
import { GenerationalMap } from './recordCache.ts';

/** A limit in the terms of the header `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers). */
export interface LimitPolicy {
  /** The limit of the plan. */
  readonly name: 'throttle' | 'quota';
  /** The burst, or the requests of a window. */
  readonly limit: number;
  /** The time in which the burst refills, or the length of the window. */
  readonly windowSeconds: number;
}

/** The state of a key's limits, as far as this execution environment knows. */
export interface LimitState {
  /** The plan's limits. */
  readonly policies: readonly LimitPolicy[];
  /** The limit that `remaining` and `resetAtMs` belong to: the one that refused, otherwise the quota if there is one. */
  readonly policy: LimitPolicy['name'];
  /** Requests left. Other execution environments may have spent some of them. */
  readonly remaining: number;
  /** The time at which the limit begins again, in epoch milliseconds. */
  readonly resetAtMs: number;
  /** Whole seconds until then. */
  readonly resetSeconds: number;
}

/** The limiter's answer, and the number of writes that this request made. */
export type LimitOutcome = { readonly writes: number } & (
  | { readonly effect: 'allow'; readonly state: LimitState }
  | {
      readonly effect: 'refuse';
      readonly code: LimitCode;
      /** A whole number of at least 1. */
      readonly retryAfterSeconds: number;
      readonly state: LimitState;
    }
  /** The store didn't answer, so the limits are unknown. */
  | { readonly effect: 'unknown'; readonly error: unknown }
);

export interface LimiterOptions {
  readonly store: LimitTaker;
  /** The deployment's limits by plan. */
  readonly limits: PlanLimitsByName;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
  /** Maximum number of subjects in memory. */
  readonly capacity?: number;
  /**
   * Maximum time for which a spent quota is remembered, in milliseconds.
   *
   * @default - the rest of the window; a minute if several keys share the quota
   */
  readonly quotaRefusalMs?: number;
}

/** The leases of a subject, in the order in which a request takes from them. */
interface Leases {
  readonly sinceMs: number;
  readonly policies: readonly LimitPolicy[];
  readonly all: readonly Lease[];
}

interface Failure {
  readonly atMs: number;
  readonly error: unknown;
}

/**
 * Time for which a spent quota of several keys is remembered by default. A reset changes the record of one key, so the
 * requests of the other keys don't show it.
 */
const SHARED_REFUSAL_MS = 60_000;
/** Time for which a failure is remembered, so an outage delays one request a second. */
const FAILURE_MS = 1000;

/**
 * Enforces the limits of plans. It takes requests from the limits' table in leases, and spends them in memory. It lives
 * as long as the execution environment.
 */
export class Limiter {
  readonly #options: LimiterOptions;
  readonly #leases: GenerationalMap<string, Leases>;
  #outage: Failure | undefined;

  constructor(options: LimiterOptions) {
    const { capacity = 10_000 } = options;
    this.#options = options;
    this.#leases = new GenerationalMap(capacity);
  }

  /** Returns the subject that a key's requests count against. Returns `undefined` if the key's plan has no limits. */
  subjectOf(key: LimitedFields): LimitSubject | undefined {
    return limitSubjectOf(key, this.#options.limits);
  }

  /**
   * Takes one request of the subject. Returns the outcome synchronously if memory has it. It doesn't throw or reject if
   * the store fails. `nowMs` is the time of the request, in epoch milliseconds.
   */
  take(subject: LimitSubject, nowMs: number): LimitOutcome | Promise<LimitOutcome> {
    const leases = this.#leasesOf(subject);
    const { all } = leases;
    const refusing = all.find((lease) => lease.refusedUntilMs(nowMs) !== undefined);
    if (refusing !== undefined) return refusal(leases, refusing, nowMs, 0);
    if (!all.every((lease) => lease.left(nowMs) > 0)) {
      const error = this.#failureAt(nowMs);
      return error === undefined ? this.#takeFromStore(leases) : { effect: 'unknown', error, writes: 0 };
    }
    for (const lease of all) lease.spend(nowMs);
    return { effect: 'allow', state: stateOf(leases, nowMs), writes: 0 };
  }

  async #takeFromStore(leases: Leases): Promise<LimitOutcome> {
    const { now } = this.#options;
    const made: WriteCount = { writes: 0 };
    try {
      for (const lease of leases.all) {
        if (!(await lease.spendOrTake(made))) return refusal(leases, lease, now(), made.writes);
      }
      return { effect: 'allow', state: stateOf(leases, now()), writes: made.writes };
    } catch (error) {
      this.#remember(error);
      return { effect: 'unknown', error, writes: made.writes };
    }
  }

  /** Leases and refusals from before a reset don't count. A reset is a later `sinceMs` than any seen before. */
  #leasesOf(subject: LimitSubject): Leases {
    const known = this.#leases.get(subject.name);
    if (known !== undefined && known.sinceMs >= subject.sinceMs) return known;
    const { throttle, quota, per } = subject.limits;
    const { store, now, quotaRefusalMs = per === 'key' ? Infinity : SHARED_REFUSAL_MS } = this.#options;
    const options = { store, subject, now, quotaRefusalMs };
    const all = [
      ...(throttle === undefined ? [] : [new ThrottleLease(throttle, options)]),
      ...(quota === undefined ? [] : [new QuotaLease(quota, options)]),
    ];
    const leases = { sinceMs: subject.sinceMs, policies: policiesOf(subject.limits), all };
    this.#leases.set(subject.name, leases);
    return leases;
  }

  #remember(error: unknown): void {
    // DynamoDB answered at once, for example that it throttles one busy subject. The limits of others must still apply.
    if (error instanceof LatchkeyError && isRejection(error.cause)) return;
    this.#outage = { atMs: this.#options.now(), error };
  }

  #failureAt(nowMs: number): unknown {
    const sinceMs = this.#outage === undefined ? Infinity : nowMs - this.#outage.atMs;
    return sinceMs >= 0 && sinceMs < FAILURE_MS ? this.#outage?.error : undefined;
  }
}

/** Returns whether DynamoDB rejected the call itself. The SDK calls every error of the status 4xx a fault of the client. */
function isRejection(error: unknown): boolean {
  return error instanceof Error && '$fault' in error && error.$fault === 'client';
}

/** Returns the error for a request that must not pass without its limits. */
export function limiterUnavailable(keyId: string, cause: unknown): LatchkeyError {
  return new LatchkeyError('LIMITER_UNAVAILABLE', `the limits of key ${keyId} could not be checked`, { keyId, cause });
}

function refusal({ policies }: Leases, lease: Lease, nowMs: number, writes: number): LimitOutcome {
  const untilMs = lease.refusedUntilMs(nowMs) ?? nowMs;
  const retryAfterSeconds = Math.max(1, Math.ceil((untilMs - nowMs) / 1000));
  const state = toState(policies, lease, 0, nowMs);
  return { effect: 'refuse', code: lease.code, retryAfterSeconds, state, writes };
}

/** Returns the state of the last limit: of the quota if the plan has one. */
function stateOf({ policies, all }: Leases, nowMs: number): LimitState {
  const lease = all.at(-1);
  if (lease === undefined) throw new LatchkeyError('INTERNAL_ERROR', 'a plan without limits was limited');
  return toState(policies, lease, Math.floor(lease.left(nowMs) + lease.available(nowMs)), nowMs);
}

function toState(policies: readonly LimitPolicy[], lease: Lease, remaining: number, nowMs: number): LimitState {
  const resetAtMs = lease.resetAtMs(nowMs);
  const resetSeconds = Math.max(0, Math.ceil((resetAtMs - nowMs) / 1000));
  return { policies, policy: lease.code === 'THROTTLED' ? 'throttle' : 'quota', remaining, resetAtMs, resetSeconds };
}

function policiesOf({ throttle, quota }: PlanLimits): readonly LimitPolicy[] {
  const policies: LimitPolicy[] = [];
  if (throttle !== undefined) {
    const { burstLimit: limit, rateLimit } = throttle;
    policies.push({ name: 'throttle', limit, windowSeconds: Math.max(1, Math.ceil(limit / rateLimit)) });
  }
  if (quota !== undefined) {
    policies.push({ name: 'quota', limit: quota.limit, windowSeconds: PERIOD_SECONDS[quota.period] });
  }
  return policies;
}

/** A month counts as 30 days. */
const PERIOD_SECONDS: Readonly<Record<LimitPeriod, number>> = {
  minute: 60,
  hour: 3600,
  day: 86_400,
  week: 604_800,
  month: 2_592_000,
};

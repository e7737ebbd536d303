import { LatchkeyError } from '../keys/errors.ts';
import type { UseOutcome } from '../keys/lookup.ts';
import type { PublicRecord } from '../keys/record.ts';
import type { AuthorizeObserver, Decision } from './authorize.ts';
import { faultCode, type Log, type LogOrigin } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { ObservedRequest, UsageWrite } from './observedRequest.ts';
import type { Plans } from './plans.ts';
import type { Scopes } from './scopes.ts';

export interface RequestObserverDeps {
  readonly log: Log;
  /** Absent where nothing is counted. */
  readonly metrics: Metrics | undefined;
  readonly scopes: Pick<Scopes, 'unknownOf'>;
  /** Absent where keys are not limited. */
  readonly plans: Pick<Plans, 'unknownOf'> | undefined;
  /** The share of requests that are told at the level `DEBUG`, from 0 to 1. */
  readonly debugSampleRate: number;
  /** From 0 to 1, and never 1. */
  readonly random: () => number;
}

/** Follows one request, and logs and counts what it came to: once, when its answer is made or is known to be a fault. */
export class RequestObserver implements AuthorizeObserver {
  readonly #deps: RequestObserverDeps;
  readonly #requestId: string | undefined;
  readonly #cameAtMs: number;
  #surface: string | undefined;
  #isCacheHit = false;
  #lookupMs: number | undefined;
  #usageWrite: UsageWrite = 'not due';

  /** `requestId` is Lambda's id of the invocation, `cameAtMs` when it began, in epoch milliseconds. */
  constructor(deps: RequestObserverDeps, requestId: string | undefined, cameAtMs: number) {
    this.#deps = deps;
    this.#requestId = requestId;
    this.#cameAtMs = cameAtMs;
  }

  onSurface(surface: string): void {
    this.#surface = surface;
  }

  onCacheHit(): void {
    this.#isCacheHit = true;
  }

  onLookup(durationMs: number): void {
    this.#lookupMs = durationMs;
  }

  onUsageWrite(outcome: UseOutcome): void {
    this.#usageWrite = outcome;
  }

  onUsageWriteFailed(record: PublicRecord, error: unknown): void {
    this.#usageWrite = 'failed';
    this.#deps.log.usageWriteFailed(this.#origin, record, error);
  }

  onDecided(decision: Decision): void {
    if (decision.effect === 'unauthenticated') return this.#denied('AUTH_REQUIRED', undefined);
    if (decision.effect === 'deny') this.#denied(decision.code, decision.record);
    else this.#allowed(decision.record);
    const { log, scopes, plans } = this.#deps;
    const { record } = decision;
    if (record === undefined) return;
    log.unknownScopes(this.#origin, record, scopes.unknownOf(record));
    log.unknownPlan(this.#origin, record, plans?.unknownOf(record));
  }

  /** The error is thrown in the place of an answer. */
  onFault(error: unknown): void {
    this.#deps.log.fault(this.#origin, error);
    this.#refused('fault', faultCode(error), error instanceof LatchkeyError ? error.keyId : undefined);
  }

  get #origin(): LogOrigin {
    return { requestId: this.#requestId, surface: this.#surface };
  }

  #allowed({ id: keyId }: PublicRecord): void {
    this.#finish({
      outcome: 'allowed',
      surface: this.#surface,
      keyId,
      isCacheHit: this.#isCacheHit,
      lookupMs: this.#lookupMs,
      usageWrite: this.#usageWrite,
    });
  }

  #denied(code: string, record: PublicRecord | undefined): void {
    this.#deps.log.denied(this.#origin, code, record);
    this.#refused('denied', code, record?.id);
  }

  #refused(outcome: 'denied' | 'fault', code: string, keyId: string | undefined): void {
    this.#finish({
      outcome,
      code,
      surface: this.#surface,
      keyId,
      isCacheHit: this.#isCacheHit,
      lookupMs: this.#lookupMs,
    });
  }

  #finish(request: ObservedRequest): void {
    const { log, metrics, debugSampleRate, random } = this.#deps;
    metrics?.count(request, this.#cameAtMs);
    if (debugSampleRate > 0 && random() < debugSampleRate) log.request(this.#requestId, request);
  }
}

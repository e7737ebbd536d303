import { getStoreErrorName } from '../keys/dynamodb.ts';
import { type ErrorCode, LatchkeyError } from '../keys/errors.ts';
import { printable } from '../keys/printable.ts';
import type { UseOutcome } from '../keys/reader.ts';
import type { PublicRecord } from '../keys/record.ts';
import type { AuthorizeObserver, Decision } from './authorize.ts';
import type { Metrics, ObservedRequest, LastUsedWrite } from './metrics.ts';
import type { Plans } from './plans.ts';
import type { Scopes } from './scopes.ts';

/** Where a line came from. */
export interface LogOrigin {
  /** Lambda's id of the invocation. */
  readonly requestId: string | undefined;
  /** The surface's name, once the event is known to be of one. */
  readonly apiType: string | undefined;
}

/** What may be logged, and nothing else: no event, no header, no hash, nothing of a secret beyond `keyPrefix`. */
interface LogLine extends LogOrigin {
  readonly level: 'INFO' | 'WARN' | 'ERROR';
  readonly message: 'denied' | 'fault' | 'last-used write failed' | 'scope unknown' | 'plan unknown';
  readonly code: string;
  readonly scope?: string | undefined;
  readonly plan?: string | undefined;
  readonly keyId?: string | undefined;
  readonly keyPrefix?: string | undefined;
  /** The SDK's or the engine's name for a failure of the store. */
  readonly cause?: string | undefined;
  readonly detail?: string | undefined;
}

/** The line of a request in the sample. It has the code of a denial's line, and not its message: no request is counted twice. */
interface RequestLine extends LogOrigin {
  readonly level: 'DEBUG';
  readonly message: 'request';
  readonly outcome: ObservedRequest['outcome'];
  readonly code: string | undefined;
  readonly keyId: string | undefined;
  readonly isCacheHit: boolean;
  readonly lookupMs: number | undefined;
  readonly lastUsedWrite: string | undefined;
}

export interface LogOptions {
  /** Takes one line without its end. */
  readonly write: (line: string) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const MOST_NAMES_TOLD = 1000;

/** Writes one JSON line for each denial and fault, and none for a request that is allowed, unless it is in the sample. */
export class Log {
  readonly #options: LogOptions;
  readonly #toldScopes = new Set<string>();
  readonly #toldPlans = new Set<string>();

  constructor(options: LogOptions) {
    this.#options = options;
  }

  denied(origin: LogOrigin, code: string, record: PublicRecord | undefined): void {
    this.#write({ level: 'INFO', message: 'denied', code, ...origin, keyId: record?.id, keyPrefix: record?.keyPrefix });
  }

  /** A fault that the gateway answers with 500. Of an error that is not ours only the name is known to be safe. */
  fault(origin: LogOrigin, error: unknown): void {
    this.#write({ level: 'ERROR', message: 'fault', ...origin, ...faultFields(error) });
  }

  lastUsedWriteFailed(origin: LogOrigin, record: PublicRecord, error: unknown): void {
    const { id: keyId, keyPrefix } = record;
    this.#write({
      level: 'WARN',
      message: 'last-used write failed',
      ...origin,
      ...faultFields(error),
      keyId,
      keyPrefix,
    });
  }

  /** Scopes that the mapping lacks, each told once in an environment's life. */
  unknownScopes(origin: LogOrigin, { id: keyId, keyPrefix }: PublicRecord, scopes: readonly string[]): void {
    for (const scope of scopes) {
      if (!isNews(scope, this.#toldScopes)) continue;
      this.#write({
        level: 'WARN',
        message: 'scope unknown',
        code: 'SCOPE_UNKNOWN',
        ...origin,
        scope,
        keyId,
        keyPrefix,
      });
    }
  }

  /** A key's plan that the deployment lacks, told once in an environment's life: where plans apply, API Gateway refuses the key. */
  unknownPlan(origin: LogOrigin, { id: keyId, keyPrefix }: PublicRecord, plan: string | undefined): void {
    if (plan === undefined || !isNews(plan, this.#toldPlans)) return;
    this.#write({ level: 'WARN', message: 'plan unknown', code: 'PLAN_UNKNOWN', ...origin, plan, keyId, keyPrefix });
  }

  /** A request of the sample, whatever it came to. */
  request(requestId: string | undefined, request: ObservedRequest): void {
    const { outcome, apiType, keyId, isCacheHit, lookupMs } = request;
    const code = request.outcome === 'allowed' ? undefined : request.code;
    const lastUsedWrite = request.outcome === 'allowed' ? request.lastUsedWrite : undefined;
    const told = { outcome, code, requestId, apiType, keyId, isCacheHit, lookupMs, lastUsedWrite };
    this.#write({ level: 'DEBUG', message: 'request', ...told });
  }

  #write(line: LogLine | RequestLine): void {
    const { write, now } = this.#options;
    // JSON leaves C1 controls and bidirectional overrides as they are, and a record's texts may have some.
    write(printable(JSON.stringify({ timestamp: new Date(now()).toISOString(), ...line })));
  }
}

/** The code of a fault. Whatever is not ours is internal. */
export function faultCode(error: unknown): ErrorCode {
  return error instanceof LatchkeyError ? error.code : 'INTERNAL_ERROR';
}

/** Whether the name was not told yet, and from now on is; past the bound no name is news. */
function isNews(name: string, told: Set<string>): boolean {
  if (told.has(name) || told.size === MOST_NAMES_TOLD) return false;
  told.add(name);
  return true;
}

function faultFields(error: unknown): Pick<LogLine, 'code' | 'cause' | 'keyId' | 'detail'> {
  const code = faultCode(error);
  if (!(error instanceof LatchkeyError)) return { code, cause: getStoreErrorName(error) };
  const { cause, keyId, message: detail } = error;
  return { code, keyId, detail, ...(cause === undefined ? {} : { cause: getStoreErrorName(cause) }) };
}

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
  #apiType: string | undefined;
  #isCacheHit = false;
  #lookupMs: number | undefined;
  #lastUsedWrite: LastUsedWrite = 'not due';

  /** `requestId` is Lambda's id of the invocation, `cameAtMs` when it began, in epoch milliseconds. */
  constructor(deps: RequestObserverDeps, requestId: string | undefined, cameAtMs: number) {
    this.#deps = deps;
    this.#requestId = requestId;
    this.#cameAtMs = cameAtMs;
  }

  onApiType(apiType: string): void {
    this.#apiType = apiType;
  }

  onCacheHit(): void {
    this.#isCacheHit = true;
  }

  onLookup(durationMs: number): void {
    this.#lookupMs = durationMs;
  }

  onLastUsedWrite(outcome: UseOutcome): void {
    this.#lastUsedWrite = outcome;
  }

  onLastUsedWriteFailed(record: PublicRecord, error: unknown): void {
    this.#lastUsedWrite = 'failed';
    this.#deps.log.lastUsedWriteFailed(this.#origin, record, error);
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
    return { requestId: this.#requestId, apiType: this.#apiType };
  }

  #allowed({ id: keyId }: PublicRecord): void {
    this.#finish({
      outcome: 'allowed',
      apiType: this.#apiType,
      keyId,
      isCacheHit: this.#isCacheHit,
      lookupMs: this.#lookupMs,
      lastUsedWrite: this.#lastUsedWrite,
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
      apiType: this.#apiType,
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

import { getStoreErrorName } from '../keys/dynamodb.ts';
import { LatchkeyError } from '../keys/errors.ts';
import { printable } from '../keys/printable.ts';
import type { PublicRecord } from '../keys/record.ts';
import { type Fault, type KeyDecision, refusalCode } from './authorize.ts';
import type { CachedKey } from './cachedKey.ts';
import type { HandledRequest, Metrics } from './metrics.ts';

/** The request that a log line belongs to. */
export type LogOrigin = Pick<HandledRequest, 'requestId' | 'apiType'>;

export interface RecorderDeps {
  readonly log: Log;
  /** The metrics, or `undefined` if they are disabled. */
  readonly metrics: Metrics | undefined;
  /** The share of requests that are logged at the level `DEBUG`, from 0 to 1. */
  readonly debugSampleRate: number;
  /** Returns a number from 0 to 1, excluding 1. */
  readonly random: () => number;
}

/**
 * Returns a function that logs and counts a request. Call it once per request, after the response is complete or has
 * failed.
 */
export function createRecorder({ log, metrics, debugSampleRate, random }: RecorderDeps) {
  return (request: HandledRequest): void => {
    const { decision, trace } = request;
    if (decision.effect === 'fault') log.fault(request, decision.error);
    else if (decision.effect !== 'allow') {
      log.denied(request, refusalCode(decision), keyOf(decision)?.record, addressOf(decision));
    } else if (trace.lastUsedWrite === 'failed') {
      log.lastUsedWriteFailed(request, decision.key.record, trace.lastUsedError);
    }
    if (trace.limiterError !== undefined && decision.effect === 'allow') {
      log.limitsNotChecked(request, decision.key.record, trace.limiterError);
    }
    const key = keyOf(decision);
    if (key?.scopes !== undefined || key?.unknownPlan !== undefined) log.unknownNames(request, key);
    metrics?.count(request);
    if (debugSampleRate > 0 && random() < debugSampleRate) log.request(request);
  };
}

/** Returns the reason of a refused address. The address itself isn't logged. */
function addressOf(decision: KeyDecision): string | undefined {
  return 'address' in decision ? decision.address : undefined;
}

function keyOf(decision: KeyDecision | Fault): CachedKey | undefined {
  return decision.effect === 'allow' || decision.effect === 'deny' ? decision.key : undefined;
}

/**
 * The fields that may be logged. Events, headers and hashes are never logged. Only the `keyPrefix` of a secret is
 * logged.
 */
interface LogLine extends LogOrigin {
  readonly level: 'INFO' | 'WARN' | 'ERROR';
  readonly message:
    'denied' | 'fault' | 'last-used write failed' | 'limits not checked' | 'scope unknown' | 'plan unknown';
  readonly code: string | undefined;
  readonly scope?: string | undefined;
  readonly plan?: string | undefined;
  readonly keyId?: string | undefined;
  readonly keyPrefix?: string | undefined;
  /** The error name from the SDK or the database engine if the store failed. */
  readonly cause?: string | undefined;
  readonly detail?: string | undefined;
}

/** The line of a sampled request. It contains a denial's code without the message, so a request isn't counted twice. */
interface RequestLine extends LogOrigin {
  readonly level: 'DEBUG';
  readonly message: 'request';
  readonly outcome: 'allowed' | 'denied' | 'fault';
  readonly code: string | undefined;
  readonly keyId: string | undefined;
  readonly isCacheHit: boolean;
  readonly lookupMs: number | undefined;
  readonly lastUsedWrite: string | undefined;
}

export interface LogOptions {
  /** Writes one line. The line doesn't end with a line break. */
  readonly write: (line: string) => void;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
}

const MOST_NAMES_LOGGED = 1000;
/** Minimum time between two lines about the table of limits. */
const MOST_FREQUENT_MS = 1000;

/** Writes one JSON line for each denial and fault. An allowed request gets a line only if it is sampled. */
export class Log {
  readonly #options: LogOptions;
  readonly #loggedScopes = new Set<string>();
  readonly #loggedPlans = new Set<string>();
  #limiterLoggedAtMs = -Infinity;

  constructor(options: LogOptions) {
    this.#options = options;
  }

  denied(origin: LogOrigin, code: string | undefined, record: PublicRecord | undefined, detail?: string): void {
    this.#write({ level: 'INFO', message: 'denied', code, ...originOf(origin), ...namesOf(record), detail });
  }

  /**
   * Logs a fault. The gateway responds to it with a 500. It logs only the name of an error that isn't a LatchkeyError,
   * because the message may contain anything.
   */
  fault(origin: LogOrigin, error: unknown): void {
    this.#write({ level: 'ERROR', message: 'fault', ...originOf(origin), ...faultFields(error) });
  }

  lastUsedWriteFailed(origin: LogOrigin, record: PublicRecord, error: unknown): void {
    const line = { level: 'WARN', message: 'last-used write failed' } as const;
    this.#write({ ...line, ...originOf(origin), ...faultFields(error), ...namesOf(record) });
  }

  /** Logs that a request was allowed without its limits, at most once a second. An outage may concern every request. */
  limitsNotChecked(origin: LogOrigin, record: PublicRecord, error: unknown): void {
    const sinceMs = this.#options.now() - this.#limiterLoggedAtMs;
    if (sinceMs >= 0 && sinceMs < MOST_FREQUENT_MS) return;
    this.#limiterLoggedAtMs = this.#options.now();
    const line = { level: 'WARN', message: 'limits not checked' } as const;
    this.#write({ ...line, ...originOf(origin), ...faultFields(error), ...namesOf(record) });
  }

  /**
   * Logs the key's scopes and plan that the deployment doesn't define. It logs each name once per execution
   * environment. API Gateway rejects a key on an unknown plan if plans apply, and the authorizer if it enforces one.
   */
  unknownNames(origin: LogOrigin, { record, scopes, unknownPlan }: CachedKey): void {
    for (const scope of scopes?.unknownScopes ?? []) {
      if (!isNew(scope, this.#loggedScopes)) continue;
      const line = { level: 'WARN', message: 'scope unknown', code: 'SCOPE_UNKNOWN' } as const;
      this.#write({ ...line, ...originOf(origin), scope, ...namesOf(record) });
    }
    if (unknownPlan === undefined || !isNew(unknownPlan, this.#loggedPlans)) return;
    const line = { level: 'WARN', message: 'plan unknown', code: 'PLAN_UNKNOWN' } as const;
    this.#write({ ...line, ...originOf(origin), plan: unknownPlan, ...namesOf(record) });
  }

  /** Logs a sampled request with any outcome. */
  request({ decision, trace, requestId, apiType }: HandledRequest): void {
    const { cacheHit: isCacheHit, lookupMs } = trace;
    this.#write({
      level: 'DEBUG',
      message: 'request',
      outcome: OUTCOMES[decision.effect],
      code: refusalCode(decision),
      requestId,
      apiType,
      keyId: decision.effect === 'fault' ? faultKeyId(decision.error) : keyOf(decision)?.record.id,
      isCacheHit,
      lookupMs,
      lastUsedWrite: decision.effect === 'allow' ? trace.lastUsedWrite : undefined,
    });
  }

  #write(line: LogLine | RequestLine): void {
    const { write, now } = this.#options;
    // JSON doesn't escape C1 controls and bidirectional overrides. The strings of a record may contain them.
    write(printable(JSON.stringify({ timestamp: new Date(now()).toISOString(), ...line })));
  }
}

const OUTCOMES = { allow: 'allowed', deny: 'denied', unauthenticated: 'denied', fault: 'fault' } as const;

function originOf({ requestId, apiType }: LogOrigin): LogOrigin {
  return { requestId, apiType };
}

function namesOf(record: PublicRecord | undefined): Pick<LogLine, 'keyId' | 'keyPrefix'> {
  return { keyId: record?.id, keyPrefix: record?.keyPrefix };
}

/**
 * Returns whether the name hasn't been logged yet, and adds it to `logged`. It returns `false` for every name above the
 * limit.
 */
function isNew(name: string, logged: Set<string>): boolean {
  if (logged.has(name) || logged.size === MOST_NAMES_LOGGED) return false;
  logged.add(name);
  return true;
}

function faultFields(error: unknown): Pick<LogLine, 'code' | 'cause' | 'keyId' | 'detail'> {
  const code = refusalCode({ effect: 'fault', error });
  if (!(error instanceof LatchkeyError)) return { code, cause: getStoreErrorName(error) };
  const { cause, keyId, message: detail } = error;
  return { code, keyId, detail, ...(cause === undefined ? {} : { cause: getStoreErrorName(cause) }) };
}

function faultKeyId(error: unknown): string | undefined {
  return error instanceof LatchkeyError ? error.keyId : undefined;
}

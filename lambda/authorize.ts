import { withinMs } from '../keys/dynamodb.ts';
import { type ErrorCode, LatchkeyError } from '../keys/errors.ts';
import type { KeyReader, UseOutcome } from '../keys/reader.ts';
import { hashSecret, type KeyHash } from '../keys/secret.ts';
import { keyStateAt, type KeyState } from '../keys/state.ts';
import { callerAddress, type TrustedProxies } from './callerAddress.ts';
import { type CachedKey, type KeySettings, toCachedKey } from './cachedKey.ts';
import type { OnLimit, OnLimiterFailure } from './config.ts';
import type { PresentedKey } from './credentials.ts';
import type { IpList } from './ipList.ts';
import type { LastUsedThrottle } from './lastUsed.ts';
import type { LimitCode } from './leases.ts';
import { type LimitOutcome, type LimitState, limiterUnavailable } from './limiter.ts';
import type { RecordCache } from './recordCache.ts';
import type { EventFields } from './requestValues.ts';
import type { Route } from './routes.ts';
import { allowsRoute, hasScopes } from './scopes.ts';

/** The reasons for a refusal. */
export type DenyCode =
  | 'INVALID_KEY'
  | 'KEY_EXPIRED'
  | 'KEY_DISABLED'
  | 'KEY_REVOKED'
  | 'IP_FORBIDDEN'
  | 'INSUFFICIENT_SCOPE'
  | 'PLAN_UNAVAILABLE'
  | 'THROTTLED'
  | 'QUOTA_EXCEEDED';

/** The codes of refusals that concern a key in the table, in every case. */
type KnownKeyCode = 'IP_FORBIDDEN' | 'INSUFFICIENT_SCOPE' | 'PLAN_UNAVAILABLE' | LimitCode;

/** The reason for `IP_FORBIDDEN`, as in the log. The gateway would reuse a cached simple response for other addresses. */
export type AddressProblem = 'address not in allowedIps' | 'no address in the event' | 'cached simple response';

/** A request beyond a limit. */
export interface LimitRefusal {
  /** The limit: the plan's throttle or its quota. */
  readonly code: 'THROTTLED' | 'QUOTA_EXCEEDED';
  /** The time after which a request may succeed: a whole number of at least 1. */
  readonly retryAfterSeconds: number;
  /** The state of the limit that refused. */
  readonly state: LimitState;
}

/** The limits of an allowed request. */
export interface AllowedLimit {
  /** Absent if the table of limits didn't answer. */
  readonly state?: LimitState;
  /** The refusal if the deployment only tells integrations that a request is beyond a limit. */
  readonly limited?: LimitRefusal;
}

/** The authorizer's decision on a request, with the key that it concerns. */
export type KeyDecision =
  | { readonly effect: 'allow'; readonly key: CachedKey; readonly limit?: AllowedLimit }
  | { readonly effect: 'deny'; readonly code: LimitCode; readonly key: CachedKey; readonly limit: LimitRefusal }
  | { readonly effect: 'deny'; readonly code: 'INSUFFICIENT_SCOPE'; readonly key: CachedKey }
  | { readonly effect: 'deny'; readonly code: 'PLAN_UNAVAILABLE'; readonly key: CachedKey }
  | {
      readonly effect: 'deny';
      readonly code: 'IP_FORBIDDEN';
      readonly key: CachedKey;
      readonly address: AddressProblem;
    }
  | { readonly effect: 'deny'; readonly code: Exclude<DenyCode, KnownKeyCode>; readonly key?: CachedKey }
  | { readonly effect: 'unauthenticated' };

/**
 * A failure that doesn't show whether the key is valid. Callers throw its error, because they must not report an outage
 * as an invalid key.
 */
export interface Fault {
  readonly effect: 'fault';
  readonly error: unknown;
}

/** The outcome of the last-used write: `not due` if the request didn't need one. */
export type LastUsedWrite = UseOutcome | 'not due' | 'failed';

/** The look-ups and writes of one decision. */
export interface Trace {
  /** `true` if the record cache or a shared read had the result for a well-formed key, known or unknown. */
  readonly cacheHit: boolean;
  /**
   * Duration of the request's own read in milliseconds, even if it failed; absent if the request didn't read the table.
   */
  readonly lookupMs?: number;
  readonly lastUsedWrite: LastUsedWrite;
  /** The error of a failed last-used write. */
  readonly lastUsedError?: unknown;
  /** Number of writes to the table of limits; absent if the request made none. */
  readonly limitWrites?: number;
  /** The error of the table of limits, if it left the limits unknown. */
  readonly limiterError?: unknown;
}

/** A decision and its trace. */
export interface Authorization {
  readonly decision: KeyDecision | Fault;
  readonly trace: Trace;
}

export interface AuthorizeDeps extends KeySettings {
  readonly lookup: Pick<KeyReader, 'get' | 'recordUse'>;
  readonly cache: RecordCache<CachedKey>;
  readonly throttle: LastUsedThrottle;
  /**
   * The proxies whose `X-Forwarded-For` counts.
   *
   * @default - the address of the connection is the client's
   */
  readonly trustedProxies?: TrustedProxies | undefined;
  /**
   * The response to a request beyond a limit.
   *
   * @default 'deny'
   */
  readonly onLimit?: OnLimit;
  /**
   * The response to a request if the table of limits doesn't answer.
   *
   * @default 'allow'
   */
  readonly onLimiterFailure?: OnLimiterFailure;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
}

/** The trace of a request that used neither the cache nor the table. */
export const NO_LOOKUP: Trace = Object.freeze({ cacheHit: false, lastUsedWrite: 'not due' });
/** The scopes that a route requires if it requires none. */
export const NO_SCOPES: readonly string[] = Object.freeze([]);
const CACHE_HIT: Trace = Object.freeze({ cacheHit: true, lastUsedWrite: 'not due' });

/** The event of which `callerAddress` reads the address, or `cached` if the response mustn't depend on it. */
export type Origin = EventFields | 'cached';

const INVALID: KeyDecision = Object.freeze({ effect: 'deny', code: 'INVALID_KEY' });
const ABSENT_KEY: Authorization = Object.freeze({
  decision: Object.freeze({ effect: 'unauthenticated' }),
  trace: NO_LOOKUP,
});
const MALFORMED_KEY: Authorization = Object.freeze({ decision: INVALID, trace: NO_LOOKUP });

/**
 * Decides whether the presented key may use the route. Records the use of an allowed key. Returns the result
 * synchronously if it needs neither a read nor a write, because a promise would double the duration. It doesn't throw
 * or reject if the store fails. It returns a `Fault` with a LatchkeyError `STORE_UNAVAILABLE`, `RECORD_CORRUPT` or
 * `LIMITER_UNAVAILABLE`.
 *
 * `nowMs` is the time of the request, in epoch milliseconds. A key with a scope list needs every scope in `required`. A
 * key with `allowedIps` needs `origin`, the event as it arrived. `cached` means that the gateway reuses the response
 * for requests from other addresses.
 */
export function authorize(
  presented: PresentedKey,
  route: Route,
  nowMs: number,
  deps: AuthorizeDeps,
  required: readonly string[] = NO_SCOPES,
  origin?: Origin,
): Authorization | Promise<Authorization> {
  if (presented.kind === 'absent') return ABSENT_KEY;
  if (presented.kind === 'malformed') return MALFORMED_KEY;
  const keyHash = hashSecret(presented.secret);
  const cached = deps.cache.get(keyHash, nowMs);
  if (cached === undefined) return readAndDecide(keyHash, route, deps, required, origin);
  return withLimit(decide(cached.value, route, nowMs, deps, required, origin), CACHE_HIT, nowMs, deps);
}

async function readAndDecide(
  keyHash: KeyHash,
  route: Route,
  deps: AuthorizeDeps,
  required: readonly string[],
  origin: Origin | undefined,
): Promise<Authorization> {
  const { cache, now } = deps;
  const ownRead: { lookupMs?: number } = {};
  try {
    const key = await cache.find(keyHash, async () => {
      const startedAtMs = now();
      try {
        return await readKey(keyHash, deps);
      } finally {
        ownRead.lookupMs = now() - startedAtMs;
      }
    });
    const trace = ownRead.lookupMs === undefined ? CACHE_HIT : { ...NO_LOOKUP, ...ownRead };
    const nowMs = now();
    return await withLimit(decide(key, route, nowMs, deps, required, origin), trace, nowMs, deps);
  } catch (error) {
    return { decision: { effect: 'fault', error }, trace: { ...NO_LOOKUP, ...ownRead } };
  }
}

async function readKey(keyHash: KeyHash, deps: AuthorizeDeps): Promise<CachedKey | undefined> {
  const record = await deps.lookup.get(keyHash);
  return record === undefined ? undefined : toCachedKey(record, deps);
}

const DENY_CODES = {
  revoked: 'KEY_REVOKED',
  expired: 'KEY_EXPIRED',
  disabled: 'KEY_DISABLED',
} as const satisfies Record<Exclude<KeyState, 'active'>, DenyCode>;

/**
 * Decides on a key. The address comes right after the state. A key that ended is refused everywhere for that reason. A
 * stolen key tells nothing but its state from another address, and always gives the same code there.
 */
function decide(
  key: CachedKey | undefined,
  route: Route,
  nowMs: number,
  { trustedProxies }: AuthorizeDeps,
  required: readonly string[],
  origin: Origin | undefined,
): KeyDecision {
  if (key === undefined) return INVALID;
  const state = keyStateAt(key.record, key.expiresAtMs, nowMs);
  if (state !== 'active') return { effect: 'deny', code: DENY_CODES[state], key };
  if (key.allowedIps !== undefined) {
    const address = findAddressProblem(key.allowedIps, origin, trustedProxies);
    if (address !== undefined) return { effect: 'deny', code: 'IP_FORBIDDEN', key, address };
  }
  if (key.isPlanUnavailable) return { effect: 'deny', code: 'PLAN_UNAVAILABLE', key };
  return allowsRoute(key.scopes, route) && hasScopes(key.record, required)
    ? { effect: 'allow', key }
    : { effect: 'deny', code: 'INSUFFICIENT_SCOPE', key };
}

/** The only reason that depends on the address. */
export const NOT_ALLOWED = 'address not in allowedIps';

function findAddressProblem(
  allowedIps: IpList,
  origin: Origin | undefined,
  proxies: TrustedProxies | undefined,
): AddressProblem | undefined {
  if (origin === 'cached') return 'cached simple response';
  const address = callerAddress(origin, proxies);
  if (address === undefined) return 'no address in the event';
  return allowedIps.has(address) ? undefined : NOT_ALLOWED;
}

/** Takes one request from the limits of an allowed key, and then records its use. */
function withLimit(
  decision: KeyDecision,
  trace: Trace,
  nowMs: number,
  deps: AuthorizeDeps,
): Authorization | Promise<Authorization> {
  if (decision.effect !== 'allow' || decision.key.limitSubject === undefined || deps.limiter === undefined) {
    return withUse(decision, trace, nowMs, deps);
  }
  const { key } = decision;
  const outcome = deps.limiter.take(decision.key.limitSubject, nowMs);
  return outcome instanceof Promise
    ? outcome.then((late) => withOutcome(late, key, trace, deps.now(), deps))
    : withOutcome(outcome, key, trace, nowMs, deps);
}

function withOutcome(
  outcome: LimitOutcome,
  key: CachedKey,
  trace: Trace,
  nowMs: number,
  deps: AuthorizeDeps,
): Authorization | Promise<Authorization> {
  const { effect, writes } = outcome;
  const made: Trace = writes === 0 ? trace : { ...trace, limitWrites: writes };
  if (effect === 'allow') return withUse({ effect, key, limit: { state: outcome.state } }, made, nowMs, deps);
  if (effect === 'refuse') return { decision: refused(outcome, key, deps), trace: made };
  const failed = { ...made, limiterError: outcome.error };
  if (deps.onLimiterFailure !== 'deny') return withUse({ effect: 'allow', key, limit: {} }, failed, nowMs, deps);
  const error = limiterUnavailable(key.record.id, outcome.error);
  return { decision: { effect: 'fault', error }, trace: failed };
}

/** Returns the decision on a request beyond a limit. It isn't a use of the key. */
function refused(limit: LimitRefusal, key: CachedKey, { onLimit }: AuthorizeDeps): KeyDecision {
  const { code, retryAfterSeconds, state } = limit;
  const refusal = { code, retryAfterSeconds, state };
  if (onLimit === 'tell') return { effect: 'allow', key, limit: { state, limited: refusal } };
  return { effect: 'deny', code, key, limit: refusal };
}

/** Records the use of an allowed key if a write is due. */
function withUse(
  decision: KeyDecision,
  trace: Trace,
  nowMs: number,
  deps: AuthorizeDeps,
): Authorization | Promise<Authorization> {
  if (decision.effect !== 'allow' || !deps.throttle.claim(decision.key, nowMs, deps.cache)) return { decision, trace };
  return recordUse(decision.key, nowMs, deps).then((use) => ({ decision, trace: { ...trace, ...use } }));
}

async function recordUse(
  key: CachedKey,
  nowMs: number,
  deps: AuthorizeDeps,
): Promise<Pick<Trace, 'lastUsedWrite' | 'lastUsedError'>> {
  const { lookup, cache, throttle, now } = deps;
  const { keyHash } = key;
  try {
    if (!(await isStillDue(key, nowMs, deps))) return { lastUsedWrite: 'superseded' };
    const lastUsedWrite = await lookup.recordUse(keyHash, nowMs, nowMs - throttle.intervalMs);
    if (lastUsedWrite === 'superseded') cache.forget(keyHash);
    return { lastUsedWrite };
  } catch (lastUsedError) {
    throttle.giveBack(keyHash, now());
    return { lastUsedWrite: 'failed', lastUsedError };
  }
}

/** Timeout of the read before a last-used write. It delays the response no longer than the write itself may. */
const READ_BEFORE_WRITE_MS = 300;

/** Reads the key again if its record is older than the due time. A read costs a tenth of a rejected write. */
async function isStillDue(key: CachedKey, nowMs: number, deps: AuthorizeDeps): Promise<boolean> {
  const { cache, throttle } = deps;
  const { keyHash } = key;
  if (throttle.isDue(key, cache.readAtMs(keyHash) ?? nowMs)) return true;
  const current = await withinMs(READ_BEFORE_WRITE_MS, () => cache.refresh(keyHash, () => readKey(keyHash, deps)));
  return (
    current !== undefined &&
    keyStateAt(current.record, current.expiresAtMs, nowMs) === 'active' &&
    throttle.isDue(current, nowMs)
  );
}

/** Returns the code of a refusal or a fault for logs and metrics, or `undefined` if the request is allowed. */
export function refusalCode(decision: KeyDecision | Fault): DenyCode | ErrorCode | 'AUTH_REQUIRED' | undefined {
  switch (decision.effect) {
    case 'allow':
      return undefined;
    case 'unauthenticated':
      return 'AUTH_REQUIRED';
    case 'deny':
      return decision.code;
    case 'fault':
      return decision.error instanceof LatchkeyError ? decision.error.code : 'INTERNAL_ERROR';
  }
}

/** Returns the refusal by a limit, even if the deployment only tells integrations of it. */
export function limitRefusalOf(decision: KeyDecision | Fault): LimitRefusal | undefined {
  if (decision.effect === 'allow') return decision.limit?.limited;
  return decision.effect === 'deny' && 'limit' in decision ? decision.limit : undefined;
}

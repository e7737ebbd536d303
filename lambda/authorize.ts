import { withinMs } from '../keys/dynamodb.ts';
import { type ErrorCode, LatchkeyError } from '../keys/errors.ts';
import type { KeyReader, UseOutcome } from '../keys/reader.ts';
import { hashSecret, type KeyHash } from '../keys/secret.ts';
import { keyStateAt, type KeyState } from '../keys/state.ts';
import { type CachedKey, type KeySettings, toCachedKey } from './cachedKey.ts';
import type { PresentedKey } from './credentials.ts';
import type { LastUsedThrottle } from './lastUsed.ts';
import type { RecordCache } from './recordCache.ts';
import type { Route } from './routes.ts';
import { allowsRoute, hasScopes } from './scopes.ts';

/** The reasons for a refusal. */
export type DenyCode = 'INVALID_KEY' | 'KEY_EXPIRED' | 'KEY_DISABLED' | 'KEY_REVOKED' | 'INSUFFICIENT_SCOPE';

/** The authorizer's decision on a request, with the key that it concerns. */
export type KeyDecision =
  | { readonly effect: 'allow'; readonly key: CachedKey }
  | { readonly effect: 'deny'; readonly code: 'INSUFFICIENT_SCOPE'; readonly key: CachedKey }
  | { readonly effect: 'deny'; readonly code: Exclude<DenyCode, 'INSUFFICIENT_SCOPE'>; readonly key?: CachedKey }
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
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
}

/** The trace of a request that used neither the cache nor the table. */
export const NO_LOOKUP: Trace = Object.freeze({ cacheHit: false, lastUsedWrite: 'not due' });
const NO_SCOPES: readonly string[] = Object.freeze([]);
const CACHE_HIT: Trace = Object.freeze({ cacheHit: true, lastUsedWrite: 'not due' });

const INVALID: KeyDecision = Object.freeze({ effect: 'deny', code: 'INVALID_KEY' });
const ABSENT_KEY: Authorization = Object.freeze({
  decision: Object.freeze({ effect: 'unauthenticated' }),
  trace: NO_LOOKUP,
});
const MALFORMED_KEY: Authorization = Object.freeze({ decision: INVALID, trace: NO_LOOKUP });

/**
 * Decides whether the presented key may use the route. Records the use of an allowed key. Returns the result
 * synchronously if it needs neither a read nor a write, because a promise would double the duration. It doesn't throw
 * or reject if the store fails. It returns a `Fault` with a LatchkeyError `STORE_UNAVAILABLE` or `RECORD_CORRUPT`.
 *
 * `nowMs` is the time of the request, in epoch milliseconds. A key with a scope list needs every scope in `required`.
 */
export function authorize(
  presented: PresentedKey,
  route: Route,
  nowMs: number,
  deps: AuthorizeDeps,
  required: readonly string[] = NO_SCOPES,
): Authorization | Promise<Authorization> {
  if (presented.kind === 'absent') return ABSENT_KEY;
  if (presented.kind === 'malformed') return MALFORMED_KEY;
  const keyHash = hashSecret(presented.secret);
  const cached = deps.cache.get(keyHash, nowMs);
  if (cached === undefined) return readAndDecide(keyHash, route, deps, required);
  return withUse(decide(cached.value, route, nowMs, required), CACHE_HIT, nowMs, deps);
}

async function readAndDecide(
  keyHash: KeyHash,
  route: Route,
  deps: AuthorizeDeps,
  required: readonly string[],
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
    return await withUse(decide(key, route, nowMs, required), trace, nowMs, deps);
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

function decide(key: CachedKey | undefined, route: Route, nowMs: number, required: readonly string[]): KeyDecision {
  if (key === undefined) return INVALID;
  const state = keyStateAt(key.record, key.expiresAtMs, nowMs);
  if (state !== 'active') return { effect: 'deny', code: DENY_CODES[state], key };
  return allowsRoute(key.scopes, route) && hasScopes(key.record, required)
    ? { effect: 'allow', key }
    : { effect: 'deny', code: 'INSUFFICIENT_SCOPE', key };
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

import type { KeyReader, UseOutcome } from '../keys/reader.ts';
import { keyState, type KeyState } from '../keys/state.ts';
import type { KeyRecord, PublicRecord } from '../keys/record.ts';
import { hashSecret, type KeyHash } from '../keys/secret.ts';
import { withinMs } from '../keys/dynamodb.ts';
import type { PresentedKey } from './credentials.ts';
import type { RecordCache } from './recordCache.ts';
import type { Route } from './routes.ts';
import type { Scopes } from './scopes.ts';
import type { LastUsedThrottle } from './lastUsed.ts';

/** Why a key is refused. */
export type DenyCode = 'INVALID_KEY' | 'KEY_EXPIRED' | 'KEY_DISABLED' | 'KEY_REVOKED' | 'INSUFFICIENT_SCOPE';

/** What is to be answered. A fault is none of these: it is thrown, so that no outage reads as an invalid key. */
export type Decision =
  | { readonly effect: 'allow'; readonly record: PublicRecord }
  | { readonly effect: 'deny'; readonly code: 'INSUFFICIENT_SCOPE'; readonly record: PublicRecord }
  | { readonly effect: 'deny'; readonly code: Exclude<DenyCode, 'INSUFFICIENT_SCOPE'>; readonly record?: PublicRecord }
  | { readonly effect: 'unauthenticated' };

/** Told what a decision took. The answer does not depend on it. */
export interface AuthorizeObserver {
  /** A well-formed key was answered, as unknown or not, without a read of this request's own. */
  onCacheHit(): void;
  /** The request's own read is over, also if it failed. */
  onLookup(durationMs: number): void;
  onLastUsedWrite(outcome: UseOutcome): void;
  onLastUsedWriteFailed(record: PublicRecord, error: unknown): void;
}

export interface AuthorizeDeps {
  readonly lookup: Pick<KeyReader, 'get' | 'recordUse'>;
  readonly cache: RecordCache;
  readonly throttle: LastUsedThrottle;
  readonly scopes: Scopes;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const UNAUTHENTICATED: Decision = Object.freeze({ effect: 'unauthenticated' });
const INVALID: Decision = Object.freeze({ effect: 'deny', code: 'INVALID_KEY' });

const DENY_CODES = {
  revoked: 'KEY_REVOKED',
  expired: 'KEY_EXPIRED',
  disabled: 'KEY_DISABLED',
} as const satisfies Record<Exclude<KeyState, 'active'>, DenyCode>;

/**
 * Decides on what a request presented for a route, and notes the use of a key that is allowed. Where nothing is read or written
 * the decision is there at once: a promise takes as long as the rest of what is decided.
 *
 * `nowMs` is when the request came, in epoch milliseconds.
 *
 * @throws LatchkeyError `STORE_UNAVAILABLE`, `RECORD_CORRUPT`, by the promise
 */
export function authorize(
  presented: PresentedKey,
  route: Route,
  nowMs: number,
  deps: AuthorizeDeps,
  observer: AuthorizeObserver,
): Decision | Promise<Decision> {
  if (presented.kind === 'absent') return UNAUTHENTICATED;
  if (presented.kind === 'malformed') return INVALID;
  const keyHash = hashSecret(presented.secret);
  const held = deps.cache.held(keyHash, nowMs);
  if (held === undefined) return readAndDecide(keyHash, route, deps, observer);
  observer.onCacheHit();
  return decide(held.record, route, nowMs, deps, observer);
}

async function readAndDecide(
  keyHash: KeyHash,
  route: Route,
  deps: AuthorizeDeps,
  observer: AuthorizeObserver,
): Promise<Decision> {
  const record = await findRecord(keyHash, deps, observer);
  return decide(record, route, deps.now(), deps, observer);
}

function decide(
  record: KeyRecord | undefined,
  route: Route,
  nowMs: number,
  deps: AuthorizeDeps,
  observer: AuthorizeObserver,
): Decision | Promise<Decision> {
  if (record === undefined) return INVALID;
  const state = keyState(record, nowMs);
  if (state !== 'active') return { effect: 'deny', code: DENY_CODES[state], record };
  if (!deps.scopes.allows(record, route)) return { effect: 'deny', code: 'INSUFFICIENT_SCOPE', record };
  const allowed: Decision = { effect: 'allow', record };
  if (!deps.throttle.claim(record, nowMs, deps.cache)) return allowed;
  return recordUse(record, nowMs, deps, observer).then(() => allowed);
}

async function findRecord(
  keyHash: KeyHash,
  deps: AuthorizeDeps,
  observer: AuthorizeObserver,
): Promise<KeyRecord | undefined> {
  const { lookup, cache, now } = deps;
  let isOwnRead = false;
  const record = await cache.find(keyHash, async (keyHash) => {
    isOwnRead = true;
    const startedAtMs = now();
    try {
      return await lookup.get(keyHash);
    } finally {
      observer.onLookup(now() - startedAtMs);
    }
  });
  if (!isOwnRead) observer.onCacheHit();
  return record;
}

async function recordUse(
  record: KeyRecord,
  nowMs: number,
  deps: AuthorizeDeps,
  observer: AuthorizeObserver,
): Promise<void> {
  const { lookup, cache, throttle, now } = deps;
  try {
    if (!(await isStillDue(record, nowMs, deps))) return observer.onLastUsedWrite('superseded');
    const outcome = await lookup.recordUse(record.keyHash, nowMs, nowMs - throttle.intervalMs);
    if (outcome === 'superseded') cache.forget(record.keyHash);
    observer.onLastUsedWrite(outcome);
  } catch (error) {
    throttle.giveBack(record.keyHash, now());
    observer.onLastUsedWriteFailed(record, error);
  }
}

/** The read may hold up the answer no longer than the write that it comes before. */
const READ_BEFORE_WRITE_MS = 300;

/** A record that was read before its write fell due may be behind the table, and a read costs a tenth of a refused write. */
async function isStillDue(record: KeyRecord, nowMs: number, deps: AuthorizeDeps): Promise<boolean> {
  const { lookup, cache, throttle } = deps;
  if (throttle.isDue(record, cache.readAtMs(record.keyHash) ?? nowMs)) return true;
  const current = await withinMs(READ_BEFORE_WRITE_MS, () =>
    cache.readAnew(record.keyHash, (keyHash) => lookup.get(keyHash)),
  );
  return current !== undefined && keyState(current, nowMs) === 'active' && throttle.isDue(current, nowMs);
}

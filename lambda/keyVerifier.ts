import type { KeyLookup } from '../keys/lookup.ts';
import { publicRecord, type PublicRecord } from '../keys/record.ts';
import { authorize, type AuthorizeDeps, type AuthorizeObserver, type Decision } from './authorize.ts';
import type { Config } from './config.ts';
import { deepFreeze } from './deepFreeze.ts';
import { presentedKey, type PresentedKey } from './presentedKey.ts';
import { RecordCache } from './recordCache.ts';
import type { Route } from './route.ts';
import { UsageThrottle } from './usageThrottle.ts';

export interface KeyVerifierDeps {
  readonly config: Config;
  readonly lookup: Pick<KeyLookup, 'find' | 'recordUse'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Receives the record, frozen and without its hash, of a key whose last-used write failed. The decision stays as it is. */
  readonly onUsageWriteFailed: (record: PublicRecord, error: unknown) => unknown;
}

/**
 * Decides on keys as the authorizer does, for an application that checks them itself: with the same caches, and the same
 * throttle of last-used writes, which live as long as the verifier. Make one and keep it.
 */
export class KeyVerifier {
  readonly #config: Config;
  readonly #deps: AuthorizeDeps;
  readonly #observer: AuthorizeObserver;
  /** By the cached record, the copy that all callers share until the key is read from the table again. */
  readonly #copies = new WeakMap<PublicRecord, PublicRecord>();

  constructor(deps: KeyVerifierDeps) {
    const { config, lookup, now } = deps;
    const throttle = new UsageThrottle({ intervalMs: config.usageWriteSeconds * 1000 });
    const cache = new RecordCache({
      recordMs: config.recordCacheSeconds * 1000,
      staleIfErrorMs: config.staleIfErrorSeconds * 1000,
      now,
    });
    this.#config = config;
    this.#deps = { lookup, cache, throttle, scopes: config.scopes, now };
    this.#observer = {
      onCacheHit: ignore,
      onLookup: ignore,
      onUsageWrite: ignore,
      onUsageWriteFailed: (record, error) => void tell(deps, this.#copyOf(record), error),
    };
  }

  /**
   * Decides on a key, and on a route if scopes are mapped. The key may have `Bearer` before it, as in an `Authorization` header;
   * nothing, an empty text and another scheme are no key. The use of an allowed key is noted before this resolves.
   *
   * A route is `METHOD /path`: a method, one space, and the path as the client sent it, percent-encoded and without its query. If
   * scopes are mapped, a key that has scopes is refused with `INSUFFICIENT_SCOPE` unless a route is given and one of its patterns
   * covers it. No pattern covers a route with a query, a fragment, a dot segment, an empty segment, a space, a control character, a
   * backslash, or an encoded dot, slash or backslash (`%2e`, `%2f`, `%5c`), because your framework may serve it as another path.
   *
   * The decision is frozen. Its record has no `keyHash`. Decisions on one key share the record object until the verifier reads
   * the key from the table again.
   *
   * A refusal is a value. A fault says nothing about the key: answer it as a failure of your own.
   *
   * @throws LatchkeyError `STORE_UNAVAILABLE`, `RECORD_CORRUPT`
   */
  async verify(keyText: string | null | undefined, route?: string | null): Promise<Decision> {
    const presented = readKey(keyText, this.#config);
    const decided = authorize(presented, (route ?? '') as Route, this.#deps.now(), this.#deps, this.#observer);
    return this.#handedOut(decided instanceof Promise ? await decided : decided);
  }

  /** Replaces the cached record by a copy. If a caller could change the cached one, it would change all later decisions. */
  #handedOut(decision: Decision): Decision {
    if (decision.effect === 'unauthenticated' || decision.record === undefined) return decision;
    const record = this.#copyOf(decision.record);
    return Object.freeze(decision.effect === 'allow' ? { effect: 'allow', record } : { ...decision, record });
  }

  #copyOf(record: PublicRecord): PublicRecord {
    const known = this.#copies.get(record);
    if (known !== undefined) return known;
    const copy: PublicRecord = JSON.parse(JSON.stringify(publicRecord(record)));
    this.#copies.set(record, deepFreeze(copy));
    return copy;
  }
}

/** An application that counts its requests does so itself. */
function ignore(): void {}

/** What the application does there may fail, at once or later: that neither changes the decision nor ends the process. */
async function tell(
  { onUsageWriteFailed }: Pick<KeyVerifierDeps, 'onUsageWriteFailed'>,
  record: PublicRecord,
  error: unknown,
): Promise<void> {
  try {
    await onUsageWriteFailed(record, error);
  } catch {
    // The decision stands, and there is nobody else to tell.
  }
}

/** What is no text, such as a list of several headers, is read as no key can read. */
function readKey(keyText: unknown, { keyFormat }: Config): PresentedKey {
  if (typeof keyText !== 'string' && keyText !== undefined && keyText !== null) return { kind: 'malformed' };
  return presentedKey({ kind: 'token', token: keyText ?? '', takesBareKey: true }, [], keyFormat);
}

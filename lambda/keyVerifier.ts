import type { KeyLookup } from '../keys/lookup.ts';
import type { KeyRecord } from '../keys/record.ts';
import { authorize, type AuthorizeDeps, type AuthorizeObserver, type Decision } from './authorize.ts';
import type { Config } from './config.ts';
import { presentedKey, type PresentedKey } from './presentedKey.ts';
import { RecordCache } from './recordCache.ts';
import type { Route } from './route.ts';
import { UsageThrottle } from './usageThrottle.ts';

export interface KeyVerifierDeps {
  readonly config: Config;
  readonly lookup: Pick<KeyLookup, 'find' | 'recordUse'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Told of a last-used write that failed; the decision does not depend on it. */
  readonly onUsageWriteFailed: (record: KeyRecord, error: unknown) => unknown;
}

/**
 * Decides on keys as the authorizer does, for an application that checks them itself: with the same caches, and the same
 * throttle of last-used writes, which live as long as the verifier. Make one and keep it.
 */
export class KeyVerifier {
  readonly #config: Config;
  readonly #deps: AuthorizeDeps;
  readonly #observer: AuthorizeObserver;

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
      onUsageWriteFailed: (record, error) => void tell(deps, record, error),
    };
  }

  /**
   * The decision on a key, and on a route where scopes are mapped: `METHOD /path`. Without a route a key that has scopes is
   * refused there. The key may have `Bearer` before it, as in an `Authorization` header; nothing, an empty text and another
   * scheme are no key. The use of a key that is allowed is noted before this resolves.
   *
   * A refusal is a value. A fault says nothing about the key: answer it as a failure of your own.
   *
   * @throws LatchkeyError `STORE_UNAVAILABLE`, `RECORD_CORRUPT`
   */
  async verify(keyText: string | null | undefined, route?: string | null): Promise<Decision> {
    const presented = readKey(keyText, this.#config);
    return authorize(presented, (route ?? '') as Route, this.#deps.now(), this.#deps, this.#observer);
  }
}

/** An application that counts its requests does so itself. */
function ignore(): void {}

/** What the application does there may fail, at once or later: that neither changes the decision nor ends the process. */
async function tell(
  { onUsageWriteFailed }: Pick<KeyVerifierDeps, 'onUsageWriteFailed'>,
  record: KeyRecord,
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

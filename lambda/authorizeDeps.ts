import type { AuthorizeDeps } from './authorize.ts';
import type { Config } from './config.ts';
import { LastUsedThrottle } from './lastUsed.ts';
import { RecordCache } from './recordCache.ts';

/** The settings, the table and the clock that decisions depend on. */
export interface AuthorizeDepsOptions extends Pick<AuthorizeDeps, 'lookup' | 'now'> {
  readonly config: Config;
}

/**
 * Creates the dependencies of `authorize`. They include a new record cache and a new throttle of last-used writes, so
 * share them between all requests.
 */
export function createAuthorizeDeps({ config, lookup, now }: AuthorizeDepsOptions): AuthorizeDeps {
  const { scopes, plans, lastUsedSeconds, recordCacheSeconds, staleIfErrorSeconds } = config;
  const throttle = new LastUsedThrottle({ intervalMs: lastUsedSeconds * 1000 });
  const cache: AuthorizeDeps['cache'] = new RecordCache({
    recordMs: recordCacheSeconds * 1000,
    staleIfErrorMs: staleIfErrorSeconds * 1000,
    now,
  });
  return { lookup, cache, throttle, scopes, plans, now };
}

import { LatchkeyError } from '../keys/errors.ts';
import type { LimitTaker } from '../keys/limits.ts';
import type { AuthorizeDeps } from './authorize.ts';
import type { Config, OnLimit } from './config.ts';
import { LastUsedThrottle } from './lastUsed.ts';
import { Limiter } from './limiter.ts';
import { RecordCache } from './recordCache.ts';

/** The settings, the table and the clock that decisions depend on. */
export interface AuthorizeDepsOptions extends Pick<AuthorizeDeps, 'lookup' | 'now'> {
  readonly config: Config;
  /** The store of limits. It is required if the authorizer enforces a plan. */
  readonly limitStore?: LimitTaker | undefined;
  /**
   * The response to a request beyond a limit.
   *
   * @default 'deny'
   */
  readonly onLimit?: OnLimit;
}

/**
 * Creates the dependencies of `authorize`. They include a new record cache and a new throttle of last-used writes, so
 * share them between all requests.
 */
export function createAuthorizeDeps({
  config,
  lookup,
  now,
  limitStore,
  onLimit = 'deny',
}: AuthorizeDepsOptions): AuthorizeDeps {
  const { scopes, plans, lastUsedSeconds, recordCacheSeconds, staleIfErrorSeconds, onLimiterFailure, trustedProxies } =
    config;
  const throttle = new LastUsedThrottle({ intervalMs: lastUsedSeconds * 1000 });
  const cache: AuthorizeDeps['cache'] = new RecordCache({
    recordMs: recordCacheSeconds * 1000,
    staleIfErrorMs: staleIfErrorSeconds * 1000,
    now,
  });
  const limiter = createLimiter(config, limitStore, now);
  return { lookup, cache, throttle, scopes, plans, now, limiter, onLimit, onLimiterFailure, trustedProxies };
}

function createLimiter({ plans }: Config, store: LimitTaker | undefined, now: () => number): Limiter | undefined {
  if (plans?.hasLimits !== true) return undefined;
  // A limit that nothing enforces would look as if it applied.
  if (store === undefined) throw new LatchkeyError('CONFIG_INVALID', 'limitStore: expected a store, got nothing');
  return new Limiter({ store, limits: plans.limits, now });
}

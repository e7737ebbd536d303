import { Hono } from 'hono';
import type { ManagementEnv, OwnerCaller } from '../caller.ts';
import { type KeyRoutesDeps, keyRoutes } from '../keyRoutes.ts';
import { RequestProblem } from '../problems.ts';
import type { OwnerLimit } from './ownerLimit.ts';
import type { ManagementSettings } from './settings.ts';

/** What an owner may do, for the page that shows their keys. */
export interface OwnerDescription {
  readonly owner: string;
  /** The scopes that the owner may give, or `null` if their keys have none. */
  readonly scopes: readonly string[] | null;
  /** The plans that the owner may choose, or `null` if they can't. */
  readonly plans: readonly string[] | null;
  /** The longest lifetime of a key, or `null` if a key may live forever. */
  readonly maxLifetimeSeconds: number | null;
  readonly maxKeys: number;
  /** The time after which a revoked key is refused everywhere, or `null` if it's unknown. */
  readonly revocationDelaySeconds: number | null;
  /** Whether the routes report the usage of a key. */
  readonly hasUsage: boolean;
}

export interface OwnerApiDeps extends KeyRoutesDeps {
  readonly settings: Pick<ManagementSettings, 'usageTable' | 'revocationDelaySeconds'>;
  /** The rate of an owner's requests. Without it, they aren't limited. */
  readonly limit: Pick<OwnerLimit, 'take'> | undefined;
}

/**
 * Creates the routes of owners: their description at the root, and their keys. A front sets the caller before. All fronts
 * share the rate of an owner.
 */
export function ownerApi(deps: OwnerApiDeps): Hono<ManagementEnv> {
  const { limit, settings } = deps;
  const api = new Hono<ManagementEnv>();
  api.use(async (c, next) => {
    const retryAfterSeconds = await limit?.take(ownerOf(c.get('caller')).owner);
    if (retryAfterSeconds === undefined) return next();
    throw new RequestProblem('THROTTLED', 'too many requests: try again later', { retryAfterSeconds });
  });
  api.get('/', (c) => c.json(describeOwner(ownerOf(c.get('caller')), settings)));
  api.route('/', keyRoutes('owner', deps));
  return api;
}

/** The routes would serve an operator every key, so a front that sets one is refused. */
function ownerOf(caller: ManagementEnv['Variables']['caller'] | undefined): OwnerCaller {
  if (caller?.kind === 'owner') return caller;
  throw new RequestProblem('UNAUTHENTICATED', 'the request has no identity of an owner');
}

function describeOwner(
  { owner, rules }: OwnerCaller,
  { usageTable, revocationDelaySeconds }: OwnerApiDeps['settings'],
): OwnerDescription {
  return {
    owner,
    scopes: rules.scopes ?? null,
    plans: rules.plans ?? null,
    maxLifetimeSeconds: rules.maxLifetimeSeconds ?? null,
    maxKeys: rules.maxKeysPerOwner,
    revocationDelaySeconds: revocationDelaySeconds ?? null,
    hasUsage: usageTable !== undefined,
  };
}

import type { RetryOptions } from '../../keys/dynamodb.ts';
import type { LimitTaker } from '../../keys/limits.ts';
import type { KeyReader } from '../../keys/reader.ts';
import type { KeyRegistry } from '../../keys/registry.ts';
import { runOnce } from '../idempotency.ts';
import { admitKey } from '../ownerKeys.ts';
import type { StateStore } from '../stateStore.ts';
import { createKeyCheck } from '../verifyKey.ts';
import { createApi } from './createApi.ts';
import { createHandler } from './createHandler.ts';
import { OwnerLimit } from './ownerLimit.ts';
import type { RequestLog } from './requestLog.ts';
import type { ManagementSettings } from './settings.ts';

/** The tables, the settings and the clock of the function. */
export interface ManagementDeps {
  readonly settings: ManagementSettings;
  readonly log: RequestLog;
  /** The state table. */
  readonly store: StateStore;
  /** Returns the registry whose changes name the actor. */
  readonly registryFor: (actor: string) => KeyRegistry;
  /** Reads keys for `POST /keys/verify`. */
  readonly lookup: Pick<KeyReader, 'get' | 'recordUse'>;
  /** The store of limits. It is required if the authorizer enforces a plan, or if owners have a rate limit. */
  readonly limitStore: LimitTaker | undefined;
  readonly retryOptions: RetryOptions;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
  /** Returns a text that no other call returns. */
  readonly randomId: () => string;
}

/** The actor of reads that no caller has asked for. */
const OWN_ACTOR = 'latchkey-management';

/** Creates the Lambda function on its tables. Its caches and leases live as long as the execution environment. */
export function createManagement(deps: ManagementDeps) {
  const { settings, log, store, registryFor, lookup, limitStore, retryOptions, now, randomId } = deps;
  const { config, rateLimit } = settings;
  const registry = registryFor(OWN_ACTOR);
  const api = createApi({
    settings,
    log,
    registryFor,
    now,
    runOnce: (request, work) => runOnce(request, work, { store, now, randomId }),
    admitKey: (admission) => admitKey(admission, { store, registry, now, randomId, retryOptions }),
    verifyKey: createKeyCheck({ config, lookup, limitStore, now }),
    limit:
      limitStore === undefined || rateLimit === undefined
        ? undefined
        : new OwnerLimit({
            store: limitStore,
            rate: rateLimit,
            now,
            onUnchecked: (error) => log.limitsNotChecked(error),
          }),
  });
  return createHandler(api, log);
}

import type { KeyLookup } from '../../keys/lookup.ts';
import { authorize, type Decision } from '../../lambda/authorize.ts';
import { Log } from '../../lambda/log.ts';
import { Metrics } from '../../lambda/metrics.ts';
import type { PresentedKey } from '../../lambda/presentedKey.ts';
import { RecordCache } from '../../lambda/recordCache.ts';
import { RequestObserver, type RequestObserverDeps } from '../../lambda/requestObserver.ts';
import type { Route } from '../../lambda/route.ts';
import { Scopes } from '../../lambda/scopes.ts';
import { UsageThrottle } from '../../lambda/usageThrottle.ts';

export interface EnvironmentOptions {
  readonly recordCacheSeconds: number;
  readonly usageWriteSeconds: number;
  /**
   * Has every record count as just read, so that each environment claims a write by its own cached record: what the
   * throttle did before it was told when a record was read, kept for comparison.
   */
  readonly trustsCachedRecords: boolean;
  /** Which routes each scope opens; none, and every key may do everything, unless given. */
  readonly scopes?: Scopes;
}

export interface EnvironmentDeps {
  readonly lookup: Pick<KeyLookup, 'find' | 'recordUse'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly writeLog: (line: string) => void;
}

/** What one invocation asked of the table. */
export interface TableCalls {
  reads: number;
  writes: number;
}

/** What it asked, and what it was answered. */
export interface Invocation extends Readonly<TableCalls> {
  readonly effect: Decision['effect'];
}

const ROUTE = 'GET /orders' as Route;
/** In the line of a denial; as long as Lambda's. */
const REQUEST_ID = '00000000-0000-0000-0000-000000000000';

/** Does not tell when a record was read. */
class UndatedRecordCache extends RecordCache {
  override readAtMs(): undefined {
    return undefined;
  }
}

/**
 * One execution environment of the authorizer, with the real cache, throttle, decision and metrics, wired as `createHandler`
 * wires them. It lacks what costs the account nothing: reading the event and writing the answer.
 */
export class SimulatedEnvironment {
  readonly #deps: EnvironmentDeps;
  readonly #cache: RecordCache;
  readonly #throttle: UsageThrottle;
  readonly #scopes: Scopes;
  readonly #observing: RequestObserverDeps;

  constructor(options: EnvironmentOptions, deps: EnvironmentDeps) {
    const { now, writeLog } = deps;
    const Cache = options.trustsCachedRecords ? UndatedRecordCache : RecordCache;
    this.#deps = deps;
    this.#scopes = options.scopes ?? new Scopes();
    this.#cache = new Cache({ recordMs: options.recordCacheSeconds * 1000, staleIfErrorMs: 0, now });
    this.#throttle = new UsageThrottle({ intervalMs: options.usageWriteSeconds * 1000 });
    this.#observing = {
      log: new Log({ write: writeLog, now }),
      metrics: new Metrics({ functionName: 'latchkey-authorizer', write: writeLog }),
      scopes: this.#scopes,
      plans: undefined,
      debugSampleRate: 0,
      random: () => 0,
    };
  }

  /** Resolves when the request is answered, to what it took. An environment has one invocation at a time. */
  async invoke(presented: PresentedKey): Promise<Invocation> {
    const { now } = this.#deps;
    const calls: TableCalls = { reads: 0, writes: 0 };
    const lookup = this.#lookupThatCounts(calls);
    const cameAtMs = now();
    const observer = new RequestObserver(this.#observing, REQUEST_ID, cameAtMs);
    observer.onSurface('http-api');
    const deps = { lookup, cache: this.#cache, throttle: this.#throttle, scopes: this.#scopes, now };
    const decision = await authorize(presented, ROUTE, cameAtMs, deps, observer);
    observer.onDecided(decision);
    return { ...calls, effect: decision.effect };
  }

  #lookupThatCounts(calls: TableCalls): EnvironmentDeps['lookup'] {
    const { lookup } = this.#deps;
    return {
      find: (keyHash) => {
        calls.reads++;
        return lookup.find(keyHash);
      },
      recordUse: (keyHash, usedAtMs, cutoffMs) => {
        calls.writes++;
        return lookup.recordUse(keyHash, usedAtMs, cutoffMs);
      },
    };
  }
}

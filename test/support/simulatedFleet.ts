import type { KeyReader, UseOutcome } from '../../keys/reader.ts';
import type { KeyRecord } from '../../keys/record.ts';
import type { KeyHash } from '../../keys/secret.ts';
import { toEpochMs, toTimestamp } from '../../keys/timestamp.ts';
import { authorize, type KeyDecision } from '../../lambda/authorize.ts';
import type { CachedKey } from '../../lambda/cachedKey.ts';
import { createRecorder, Log } from '../../lambda/log.ts';
import { Metrics } from '../../lambda/metrics.ts';
import type { PresentedKey } from '../../lambda/credentials.ts';
import { RecordCache } from '../../lambda/recordCache.ts';
import type { Route } from '../../lambda/routes.ts';
import { Scopes } from '../../lambda/scopes.ts';
import { LastUsedThrottle } from '../../lambda/lastUsed.ts';

interface PlannedStep {
  readonly atMs: number;
  readonly run: () => void;
}

/** A clock that only the simulation advances. */
export class SimulatedClock {
  #nowMs: number;
  /** The planned steps, the latest first. */
  readonly #planned: PlannedStep[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  /** Returns the simulated time in whole epoch milliseconds, the same as `Date.now`. */
  readonly now = (): number => Math.floor(this.#nowMs);

  /** Resolves after this much simulated time. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const atMs = this.#nowMs + ms;
      let index = this.#planned.length;
      while (index > 0 && (this.#planned[index - 1]?.atMs ?? 0) <= atMs) index--;
      this.#planned.splice(index, 0, { atMs, run: resolve });
    });
  }

  /** Number of pending waits. */
  get waiting(): number {
    return this.#planned.length;
  }

  /** Epoch milliseconds of the next pending wait, or Infinity. */
  get nextMs(): number {
    return this.#planned.at(-1)?.atMs ?? Infinity;
  }

  /** Advances the clock to the next pending wait and resolves it. */
  runNext(): void {
    const next = this.#planned.pop();
    if (next === undefined) return;
    this.#nowMs = next.atMs;
    next.run();
  }

  /** Advances the clock to a time, in epoch milliseconds. First run all steps that are due earlier. */
  advanceTo(ms: number): void {
    this.#nowMs = ms;
  }
}

export interface CountingTableOptions {
  /** Duration of a call in milliseconds. The table reads or writes halfway through. */
  readonly readMs: number;
  readonly writeMs: number;
  /** Resolves after this many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
}

/** An in-memory table with simulated delays. It counts the calls that DynamoDB would bill. */
export class CountingTable implements Pick<KeyReader, 'get' | 'recordUse'> {
  readonly #options: CountingTableOptions;
  readonly #records: Map<KeyHash, KeyRecord>;
  /** Number of reads of existing and missing items. */
  reads = 0;
  /** Times of the committed writes by hash, in epoch milliseconds. */
  readonly committed = new Map<KeyHash, number[]>();
  /** Number of writes whose condition failed. DynamoDB also bills these. */
  refused = 0;

  constructor(records: readonly KeyRecord[], options: CountingTableOptions) {
    this.#options = options;
    this.#records = new Map(records.map((record) => [record.keyHash, record]));
  }

  async get(keyHash: KeyHash): Promise<KeyRecord | undefined> {
    this.reads++;
    return this.#halfway(this.#options.readMs, () => this.#records.get(keyHash));
  }

  async recordUse(keyHash: KeyHash, usedAtMs: number, cutoffMs: number): Promise<UseOutcome> {
    return this.#halfway(this.#options.writeMs, () => this.#write(keyHash, usedAtMs, cutoffMs));
  }

  #write(keyHash: KeyHash, usedAtMs: number, cutoffMs: number): UseOutcome {
    const record = this.#records.get(keyHash);
    if (record === undefined || (record.lastUsedAt !== undefined && toEpochMs(record.lastUsedAt) > cutoffMs)) {
      this.refused++;
      return 'superseded';
    }
    this.#records.set(keyHash, { ...record, lastUsedAt: toTimestamp(usedAtMs) });
    const committed = this.committed.get(keyHash);
    if (committed === undefined) this.committed.set(keyHash, [usedAtMs]);
    else committed.push(usedAtMs);
    return 'written';
  }

  async #halfway<T>(ms: number, act: () => T): Promise<T> {
    await this.#options.wait(ms / 2);
    const result = act();
    await this.#options.wait(ms / 2);
    return result;
  }
}

export interface EnvironmentOptions {
  readonly recordCacheSeconds: number;
  readonly lastUsedSeconds: number;
  /**
   * Treats each cached record as just read. Each environment then decides by its own copy whether a last-used write is
   * due. The real throttle checks the time of the read. The comparison shows the savings of that check.
   */
  readonly trustsCachedRecords: boolean;
  /** Routes of each scope. Every key has full access if it is absent. */
  readonly scopes?: Scopes;
}

export interface EnvironmentDeps {
  readonly lookup: Pick<KeyReader, 'get' | 'recordUse'>;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
  readonly writeLog: (line: string) => void;
}

/** Number of table calls that one invocation made. */
export interface TableCalls {
  reads: number;
  writes: number;
}

/** The table calls of an invocation and its decision. */
export interface Invocation extends Readonly<TableCalls> {
  readonly effect: KeyDecision['effect'];
}

const ROUTE = 'GET /orders' as Route;
/** A request id of the same length as Lambda's, so log lines have their real size. */
const REQUEST_ID = '00000000-0000-0000-0000-000000000000';

/** A record cache that hides the time when a record was read. */
class UndatedRecordCache extends RecordCache<CachedKey> {
  override readAtMs(): undefined {
    return undefined;
  }
}

/**
 * One execution environment of the authorizer, with the real cache, throttle, decision and metrics. It combines them
 * the same as `createHandler`. It doesn't parse the event or format the response, because these steps don't make billed
 * calls.
 */
export class SimulatedEnvironment {
  readonly #deps: EnvironmentDeps;
  readonly #cache: RecordCache<CachedKey>;
  readonly #throttle: LastUsedThrottle;
  readonly #scopes: Scopes;
  readonly #record: ReturnType<typeof createRecorder>;

  constructor(options: EnvironmentOptions, deps: EnvironmentDeps) {
    const { now, writeLog } = deps;
    const Cache = options.trustsCachedRecords ? UndatedRecordCache : RecordCache<CachedKey>;
    this.#deps = deps;
    this.#scopes = options.scopes ?? new Scopes();
    this.#cache = new Cache({ recordMs: options.recordCacheSeconds * 1000, staleIfErrorMs: 0, now });
    this.#throttle = new LastUsedThrottle({ intervalMs: options.lastUsedSeconds * 1000 });
    this.#record = createRecorder({
      log: new Log({ write: writeLog, now }),
      metrics: new Metrics({ functionName: 'latchkey-authorizer', write: writeLog }),
      debugSampleRate: 0,
      random: () => 0,
    });
  }

  /**
   * Handles one request. Call it again only after it resolves, because an environment runs one invocation at a time.
   */
  async invoke(presented: PresentedKey): Promise<Invocation> {
    const { now } = this.#deps;
    const calls: TableCalls = { reads: 0, writes: 0 };
    const lookup = this.#lookupCounting(calls);
    const arrivedAtMs = now();
    const scopes = this.#scopes;
    const deps = { lookup, cache: this.#cache, throttle: this.#throttle, scopes, plans: undefined, now };
    const { decision, trace } = await authorize(presented, ROUTE, arrivedAtMs, deps);
    if (decision.effect === 'fault') throw decision.error;
    this.#record({ decision, trace, apiType: 'http-api', requestId: REQUEST_ID, arrivedAtMs });
    return { ...calls, effect: decision.effect };
  }

  #lookupCounting(calls: TableCalls): EnvironmentDeps['lookup'] {
    const { lookup } = this.#deps;
    return {
      get: (keyHash) => {
        calls.reads++;
        return lookup.get(keyHash);
      },
      recordUse: (keyHash, usedAtMs, cutoffMs) => {
        calls.writes++;
        return lookup.recordUse(keyHash, usedAtMs, cutoffMs);
      },
    };
  }
}

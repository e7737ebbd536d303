import type { KeyReader, UseOutcome } from '../../keys/reader.ts';
import type { KeyRecord } from '../../keys/record.ts';
import type { KeyHash } from '../../keys/secret.ts';
import { toEpochMs, toTimestamp } from '../../keys/timestamp.ts';
import { authorize, type Decision } from '../../lambda/authorize.ts';
import { Log, RequestObserver, type RequestObserverDeps } from '../../lambda/log.ts';
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

/** A clock that moves only when the simulation moves it. */
export class SimulatedClock {
  #nowMs: number;
  /** Sorted, the latest first. */
  readonly #planned: PlannedStep[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  /** Returns whole epoch milliseconds, as `Date.now` does. */
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

  /** Moves to the next pending wait and resolves it. */
  runNext(): void {
    const next = this.#planned.pop();
    if (next === undefined) return;
    this.#nowMs = next.atMs;
    next.run();
  }

  /** Moves to a time, in epoch milliseconds. Run everything that is due earlier first. */
  advanceTo(ms: number): void {
    this.#nowMs = ms;
  }
}

export interface CountingTableOptions {
  /** Duration of a call. The table reads or writes halfway through. */
  readonly readMs: number;
  readonly writeMs: number;
  /** Resolves after this many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
}

/** An in-memory table that takes time to answer and counts the calls that DynamoDB would bill. */
export class CountingTable implements Pick<KeyReader, 'get' | 'recordUse'> {
  readonly #options: CountingTableOptions;
  readonly #records: Map<KeyHash, KeyRecord>;
  /** Reads, of existing and of missing items. */
  reads = 0;
  /** Times of the committed writes by hash, in epoch milliseconds. */
  readonly committed = new Map<KeyHash, number[]>();
  /** Writes whose condition failed. DynamoDB bills these too. */
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
   * Treats each cached record as just read, so each environment decides by its own copy whether a last-used write is due. The real
   * throttle doesn't. The comparison shows the savings of its check of the read time.
   */
  readonly trustsCachedRecords: boolean;
  /** Routes of each scope. Without it, every key has full access. */
  readonly scopes?: Scopes;
}

export interface EnvironmentDeps {
  readonly lookup: Pick<KeyReader, 'get' | 'recordUse'>;
  /** Returns epoch milliseconds. */
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
  readonly effect: Decision['effect'];
}

const ROUTE = 'GET /orders' as Route;
/** As long as Lambda's, so that log lines have their real size. */
const REQUEST_ID = '00000000-0000-0000-0000-000000000000';

/** Hides when a record was read. */
class UndatedRecordCache extends RecordCache {
  override readAtMs(): undefined {
    return undefined;
  }
}

/**
 * One execution environment of the authorizer, with the real cache, throttle, decision and metrics, wired as `createHandler` wires
 * them. It leaves out parsing the event and formatting the answer, which make no billed call.
 */
export class SimulatedEnvironment {
  readonly #deps: EnvironmentDeps;
  readonly #cache: RecordCache;
  readonly #throttle: LastUsedThrottle;
  readonly #scopes: Scopes;
  readonly #observing: RequestObserverDeps;

  constructor(options: EnvironmentOptions, deps: EnvironmentDeps) {
    const { now, writeLog } = deps;
    const Cache = options.trustsCachedRecords ? UndatedRecordCache : RecordCache;
    this.#deps = deps;
    this.#scopes = options.scopes ?? new Scopes();
    this.#cache = new Cache({ recordMs: options.recordCacheSeconds * 1000, staleIfErrorMs: 0, now });
    this.#throttle = new LastUsedThrottle({ intervalMs: options.lastUsedSeconds * 1000 });
    this.#observing = {
      log: new Log({ write: writeLog, now }),
      metrics: new Metrics({ functionName: 'latchkey-authorizer', write: writeLog }),
      scopes: this.#scopes,
      plans: undefined,
      debugSampleRate: 0,
      random: () => 0,
    };
  }

  /** Answers one request. Call it again only after it resolves: an environment runs one invocation at a time. */
  async invoke(presented: PresentedKey): Promise<Invocation> {
    const { now } = this.#deps;
    const calls: TableCalls = { reads: 0, writes: 0 };
    const lookup = this.#lookupCounting(calls);
    const startedAtMs = now();
    const observer = new RequestObserver(this.#observing, REQUEST_ID, startedAtMs);
    observer.onApiType('http-api');
    const deps = { lookup, cache: this.#cache, throttle: this.#throttle, scopes: this.#scopes, now };
    const decision = await authorize(presented, ROUTE, startedAtMs, deps, observer);
    observer.onDecided(decision);
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

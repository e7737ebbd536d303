import { concurrently } from './concurrently.ts';
import { LatchkeyError } from './errors.ts';
import { show } from './fields.ts';
import { isKeyId } from './keyId.ts';
import { latencyPercentile } from './latencyHistogram.ts';
import type { RecordsOptions } from './list.ts';
import type { KeyRecord } from './record.ts';
import { type Timestamp, toTimestamp } from './timestamp.ts';
import {
  ALL_KEYS,
  type BusyKey,
  toHourMs,
  toUsageHour,
  type UsageCounts,
  type UsageSource,
  UsageSum,
} from './usage.ts';
import { startOf, type UsagePeriod, type UsagePeriods, usagePeriods } from './usagePeriods.ts';
import type { UsageStore } from './usageStore.ts';

/** Options of `KeyRegistry.usage`. Pass one of `id`, `owner` and `all`. */
export interface UsageOptions {
  /**
   * The id of a key. The table of keys may have deleted the key.
   *
   * @default - reports `owner` or `all`
   */
  readonly id?: string | undefined;
  /**
   * Sums the usage of all keys of this owner. Keys that the table of keys has deleted don't count.
   *
   * @default - reports `id` or `all`
   */
  readonly owner?: string | undefined;
  /**
   * Reports the usage of all keys, with the busiest keys.
   *
   * @default false
   */
  readonly all?: boolean | undefined;
  /**
   * The start: a time in ISO 8601 with a zone, or a date in UTC. The first row contains it.
   *
   * @default - 24 hours, 30 days or 12 months, with the current one
   */
  readonly since?: string | undefined;
  /**
   * The end: a time in ISO 8601 with a zone, or a date. A date means the end of that day in UTC. The row that contains
   * the end is complete.
   *
   * @default - now
   */
  readonly until?: string | undefined;
  /**
   * The length of a row: an hour, a day or a month in UTC.
   *
   * @default 'day'
   */
  readonly by?: UsagePeriod | undefined;
}

/** Latencies in milliseconds. Each differs from the exact percentile by at most 5 % and half a millisecond. */
export interface LatencyPercentiles {
  /** The median. */
  readonly p50: number;
  /** 90 % of the requests took at most this long. */
  readonly p90: number;
  /** 99 % of the requests took at most this long. */
  readonly p99: number;
}

/** The usage of one or several keys in a span of time. */
export interface Usage extends UsageCounts {
  /** The sum of `allowed`, `limited` and `refused`. */
  readonly total: number;
  /** The counts by status code. Only access logs have status codes. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Absent if no request came from an access log. */
  readonly latency?: LatencyPercentiles;
  /** The sources of the counts. Empty if there were no requests. */
  readonly sources: readonly UsageSource[];
}

/** The usage of one hour, day or month. */
export interface UsageRow extends Usage {
  /** The first millisecond of the row. */
  readonly start: Timestamp;
}

/** The requests of one of the busiest keys. */
export interface BusiestKey extends BusyKey {
  /** The sum of `allowed`, `limited` and `refused`. */
  readonly total: number;
}

/** The result of `KeyRegistry.usage`. */
export interface UsageReport {
  /** The start of the first row. */
  readonly since: Timestamp;
  /** The end of the last row, which the row excludes. */
  readonly until: Timestamp;
  /** The length of a row. */
  readonly by: UsagePeriod;
  /** One row for each hour, day or month, oldest first. A row without requests has zeros. */
  readonly rows: readonly UsageRow[];
  /** The usage of all rows together. */
  readonly total: Usage;
  /** The 10 keys with the most requests, busiest first. Only a report of all keys has them. */
  readonly busiest?: readonly BusiestKey[];
  /** One error for each unreadable item. Its requests don't count. */
  readonly corrupt: readonly LatchkeyError[];
}

/** The dependencies of `reportUsage`. */
export interface UsageReportDeps {
  /** `undefined` if the registry has no usage table. */
  readonly store: Pick<UsageStore, 'query'> | undefined;
  /** Yields the records of an owner. */
  readonly records: (options: RecordsOptions) => AsyncIterable<KeyRecord>;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
}

const MAX_BUSIEST_SHOWN = 10;
/** Maximum number of concurrent queries. */
const CONCURRENCY = 8;

/**
 * Reads the usage of a key, of an owner's keys or of all keys.
 *
 * @throws LatchkeyError `CONFIG_INVALID` without a usage table; `INPUT_INVALID`; `NOT_FOUND` if the owner has no keys;
 * `STORE_UNAVAILABLE`
 */
export async function reportUsage(
  options: UsageOptions,
  { store, records, now }: UsageReportDeps,
): Promise<UsageReport> {
  checkSubject(options);
  const periods = usagePeriods(options, now());
  if (store === undefined) {
    throw new LatchkeyError('CONFIG_INVALID', 'usageTableName: expected the name of the usage table, got nothing');
  }
  const report = new Report(store, periods);
  const { id, owner } = options;
  if (owner !== undefined) await report.addOwner(owner, records);
  else await report.add(id ?? ALL_KEYS);
  return id === undefined && owner === undefined ? report.withBusiest() : report.finish();
}

function checkSubject({ id, owner, all }: UsageOptions): void {
  const given = Object.entries({ id, owner, all: all === true ? true : undefined }).filter(
    ([, value]) => value !== undefined,
  );
  if (given.length !== 1) {
    const got = given.length === 0 ? 'none' : given.map(([name]) => name).join(' and ');
    throw new LatchkeyError('INPUT_INVALID', `expected one of id, owner and all, got ${got}`);
  }
  // The message doesn't repeat an id, because it may be a raw key.
  if (id !== undefined && !isKeyId(id)) {
    throw new LatchkeyError('INPUT_INVALID', "id: expected a key's id, such as list shows");
  }
  if (owner !== undefined && (typeof owner !== 'string' || owner === '')) {
    throw new LatchkeyError('INPUT_INVALID', `owner: expected the owner of keys, got ${show(owner)}`);
  }
}

/** Sums items by period. */
class Report {
  readonly #store: Pick<UsageStore, 'query'>;
  readonly #periods: UsagePeriods;
  readonly #sums: ReadonlyMap<number, UsageSum>;
  readonly #total = new UsageSum();
  readonly #candidates = new Map<string, number>();
  readonly #corrupt: LatchkeyError[] = [];

  constructor(store: Pick<UsageStore, 'query'>, periods: UsagePeriods) {
    this.#store = store;
    this.#periods = periods;
    this.#sums = new Map(periods.starts.map((start) => [start, new UsageSum()]));
  }

  async add(keyId: string): Promise<void> {
    for await (const usage of this.#query(keyId)) {
      this.#sums.get(startOf(toHourMs(usage.hour), this.#periods.by))?.addHour(usage);
      this.#total.addHour(usage);
      for (const { keyId: busy, allowed, limited, refused } of usage.busiest ?? []) {
        // Another id would fail the query of its hours.
        if (!isKeyId(busy)) continue;
        this.#candidates.set(busy, (this.#candidates.get(busy) ?? 0) + allowed + limited + refused);
      }
    }
  }

  async addOwner(owner: string, records: UsageReportDeps['records']): Promise<void> {
    const ids = new Set<string>();
    const onCorrupt = (error: LatchkeyError) => {
      if (error.keyId === undefined) this.#corrupt.push(error);
      else ids.add(error.keyId);
    };
    for await (const { id } of records({ owner, onCorrupt })) ids.add(id);
    if (ids.size === 0 && this.#corrupt.length === 0) {
      throw new LatchkeyError('NOT_FOUND', `there is no key of the owner ${show(owner)}`);
    }
    await concurrently(ids, CONCURRENCY, (id) => this.add(id));
  }

  /** Reads the usage of each of the busiest keys, because an hour's list lacks the keys that were less busy then. */
  async withBusiest(): Promise<UsageReport> {
    const candidates = [...this.#candidates].toSorted(([, a], [, b]) => b - a).slice(0, MAX_BUSIEST_SHOWN);
    const busiest: BusiestKey[] = [];
    await concurrently(candidates, CONCURRENCY, async ([keyId]) => {
      const sum = new UsageSum();
      for await (const usage of this.#query(keyId)) sum.addHour(usage);
      const { allowed, limited, refused, total } = sum;
      busiest.push({ keyId, allowed, limited, refused, total });
    });
    return { ...this.finish(), busiest: busiest.toSorted((a, b) => b.total - a.total || (a.keyId < b.keyId ? -1 : 1)) };
  }

  finish(): UsageReport {
    const { by, starts, endMs } = this.#periods;
    return {
      since: toTimestamp(starts[0] ?? endMs),
      until: toTimestamp(endMs),
      by,
      rows: [...this.#sums].map(([start, sum]): UsageRow => Object.assign({ start: toTimestamp(start) }, toUsage(sum))),
      total: toUsage(this.#total),
      corrupt: this.#corrupt,
    };
  }

  #query(keyId: string) {
    const { starts, endMs } = this.#periods;
    return this.#store.query({
      keyId,
      first: toUsageHour(starts[0] ?? endMs),
      last: toUsageHour(endMs - 1),
      onCorrupt: (error) => this.#corrupt.push(error),
    });
  }
}

function toUsage({ allowed, limited, refused, total, statuses, latency, sources }: UsageSum): Usage {
  const [p50, p90, p99] = [0.5, 0.9, 0.99].map((fraction) => latencyPercentile(latency, fraction));
  return {
    allowed,
    limited,
    refused,
    total,
    statuses,
    ...(p50 === undefined || p90 === undefined || p99 === undefined
      ? {}
      : { latency: { p50: Math.round(p50), p90: Math.round(p90), p99: Math.round(p99) } }),
    sources: [...sources].toSorted(),
  };
}

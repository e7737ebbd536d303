import {
  ALL_KEYS,
  type ApiUsage,
  type BusyKey,
  type HourUsage,
  MAX_BUSIEST,
  type UsageHour,
  type UsageSource,
  UsageSum,
} from '../../keys/usage.ts';
import { type CountedRequests, parseAccessLine, parseUsageLine } from './logLines.ts';

/** The log that a line belongs to. */
export interface LineOrigin {
  readonly source: UsageSource;
  /** The ids of the APIs that write to the access log. Empty for the log of the authorizer. */
  readonly apiIds: ReadonlySet<string>;
}

export interface RollUpOptions {
  /** The ids of the APIs that are counted by their access log. Their counts in the authorizer's log are skipped. */
  readonly accessLogApis: ReadonlySet<string>;
  /** The first hour to count. */
  readonly first: UsageHour;
  /** The last hour to count. */
  readonly last: UsageHour;
}

/** The numbers of lines by what became of them. */
export interface LineCounts {
  counted: number;
  /** Lines that don't count: without a key, of other hours, or of an API that another log counts. */
  skipped: number;
  /** Lines that don't have one of Latchkey's formats. */
  ignored: number;
}

/** The requests of one hour. */
interface HourCounts {
  readonly keys: Map<string, Map<string, UsageSum>>;
  /** The requests without a known key, because the line of their environment was full. */
  readonly other: Map<string, UsageSum>;
}

/**
 * Sums log lines to usage by key, hour and API. The result depends only on the lines, in any order. The size depends on
 * the number of keys, not on the number of lines.
 */
export class UsageRollUp {
  readonly lines: LineCounts = { counted: 0, skipped: 0, ignored: 0 };
  readonly #options: RollUpOptions;
  readonly #hours = new Map<UsageHour, HourCounts>();

  constructor(options: RollUpOptions) {
    this.#options = options;
  }

  /** Adds a line. A line that isn't completely valid doesn't change the counts. */
  add(text: string, { source, apiIds }: LineOrigin): void {
    const requests = source === 'access-log' ? parseAccessLine(text, apiIds) : parseUsageLine(text);
    if (requests === undefined) {
      this.lines.ignored++;
      return;
    }
    const counted = requests.filter((each) => this.#counts(each, source));
    for (const each of counted) this.#count(each, source);
    if (counted.length > 0) this.lines.counted++;
    else this.lines.skipped++;
  }

  /** Yields the usage of each key in each hour, and the total of each hour. Hours without requests are absent. */
  *items(): Generator<HourUsage, void, undefined> {
    for (const [hour, { keys, other }] of this.#hours) {
      const total = new Map<string, UsageSum>();
      const busiest: BusyKey[] = [];
      addApis(total, other);
      for (const [keyId, apis] of keys) {
        addApis(total, apis);
        const all = new UsageSum();
        for (const sum of apis.values()) all.add(toApiUsage(sum));
        busiest.push({ keyId, allowed: all.allowed, limited: all.limited, refused: all.refused });
        yield { keyId, hour, apis: toApis(apis) };
      }
      yield { keyId: ALL_KEYS, hour, apis: toApis(total), busiest: toBusiest(busiest) };
    }
  }

  #counts({ hour, apiId }: CountedRequests, source: UsageSource): boolean {
    const { first, last, accessLogApis } = this.#options;
    return hour >= first && hour <= last && (source === 'access-log' || !accessLogApis.has(apiId));
  }

  #count({ keyId, hour, apiId, usage }: CountedRequests, source: UsageSource): void {
    const counts = getOrAdd(this.#hours, hour, () => ({ keys: new Map(), other: new Map() }));
    const apis = keyId === undefined ? counts.other : getOrAdd(counts.keys, keyId, () => new Map<string, UsageSum>());
    getOrAdd(apis, apiId, () => new UsageSum()).add({ ...usage, source });
  }
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  const existing = map.get(key);
  if (existing !== undefined) return existing;
  const value = create();
  map.set(key, value);
  return value;
}

function addApis(total: Map<string, UsageSum>, apis: ReadonlyMap<string, UsageSum>): void {
  for (const [apiId, sum] of apis) getOrAdd(total, apiId, () => new UsageSum()).add(toApiUsage(sum));
}

function toApis(apis: ReadonlyMap<string, UsageSum>): HourUsage['apis'] {
  return Object.fromEntries([...apis].map(([apiId, sum]) => [apiId, toApiUsage(sum)]));
}

/** Returns the keys with the most requests, busiest first. */
export function toBusiest(keys: readonly BusyKey[]): readonly BusyKey[] {
  return keys.toSorted(compareBusiness).slice(0, MAX_BUSIEST);
}

/** Compares ids last, so that the order doesn't depend on the order of the lines. */
function compareBusiness(one: BusyKey, other: BusyKey): number {
  return totalOf(other) - totalOf(one) || (one.keyId < other.keyId ? -1 : 1);
}

/** Returns the stored form of the requests to one API, all of which come from one source. */
export function toApiUsage({ sources, allowed, limited, refused, statuses, latency }: UsageSum): ApiUsage {
  const [source = 'minute-lines'] = sources;
  return {
    source,
    allowed,
    limited,
    refused,
    ...(Object.keys(statuses).length === 0 ? {} : { statuses }),
    ...(Object.keys(latency).length === 0 ? {} : { latency }),
  };
}

function totalOf({ allowed, limited, refused }: BusyKey): number {
  return allowed + limited + refused;
}

import { type BusyKey, type HourUsage, type UsageHour, UsageSum } from '../../keys/usage.ts';
import type { UsageStore } from '../../keys/usageStore.ts';
import { toApiUsage, toBusiest, UsageRollUp } from '../../lambda/usageRollup/rollUp.ts';

interface LocalUsageDeps {
  /** The ids of the APIs that are counted by their access logs. */
  readonly accessLogApis: ReadonlySet<string>;
  readonly retentionDays: number;
  readonly store: Pick<UsageStore, 'put' | 'query'>;
  /** Logs a line about a failed write. */
  readonly writeLog: (line: string) => void;
}

/** The interval between two writes, so that a chart fills while you watch it. */
const INTERVAL_MS = 2000;
const MINUTE_LINES = { source: 'minute-lines', apiIds: new Set<string>() } as const;

/**
 * Rolls up the usage of the gateway's requests with the code of the deployed function. It keeps the counts of all lines
 * since the start in memory, instead of the lines. It adds them to the hours that an earlier run with the same data
 * directory has written.
 */
export class LocalUsage {
  readonly #deps: LocalUsageDeps;
  readonly #usage: UsageRollUp;
  /** The item of an earlier run, by key and hour. */
  readonly #earlier = new Map<string, HourUsage | undefined>();
  /** The number of requests in the item at its last write, by key and hour. */
  readonly #written = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(deps: LocalUsageDeps) {
    this.#deps = deps;
    const { accessLogApis } = deps;
    const [first, last] = ['0000-01-01T00', '9999-12-31T23'] as const;
    this.#usage = new UsageRollUp({ accessLogApis, first: first as UsageHour, last: last as UsageHour });
  }

  /** Counts a line of an API's access log. */
  addAccessLine(apiId: string, line: string): void {
    if (this.#deps.accessLogApis.has(apiId)) this.#usage.add(line, { source: 'access-log', apiIds: new Set([apiId]) });
  }

  /** Counts a usage line of the authorizer. */
  addUsageLine(line: string): void {
    this.#usage.add(line, MINUTE_LINES);
  }

  /** Writes the usage every few seconds until `stop`. */
  start(): void {
    this.#timer = setInterval(() => void this.write(), INTERVAL_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.write();
  }

  /** Writes the items that have changed since the last write. A failed write is logged and repeated the next time. */
  write(): Promise<void> {
    this.#writing = this.#writing.then(() =>
      this.#writeChanged().catch((error: unknown) => {
        this.#deps.writeLog(`usage: ${error instanceof Error ? error.message : String(error)}`);
      }),
    );
    return this.#writing;
  }

  async #writeChanged(): Promise<void> {
    const { store, retentionDays } = this.#deps;
    const changed = [...this.#usage.items()].filter((item) => this.#written.get(idOf(item)) !== countOf(item));
    const merged: HourUsage[] = [];
    for (const item of changed) merged.push(mergeUsage(item, await this.#earlierOf(item)));
    await store.put(merged, retentionDays);
    for (const item of changed) this.#written.set(idOf(item), countOf(item));
  }

  async #earlierOf(item: HourUsage): Promise<HourUsage | undefined> {
    const id = idOf(item);
    if (!this.#earlier.has(id)) {
      const { keyId, hour } = item;
      let earlier: HourUsage | undefined;
      const query = { keyId, first: hour, last: hour, onCorrupt: () => {} };
      for await (const stored of this.#deps.store.query(query)) earlier = stored;
      this.#earlier.set(id, earlier);
    }
    return this.#earlier.get(id);
  }
}

function idOf({ keyId, hour }: HourUsage): string {
  return `${keyId} ${hour}`;
}

function countOf(item: HourUsage): number {
  const sum = new UsageSum();
  sum.addHour(item);
  return sum.total;
}

function mergeUsage(item: HourUsage, earlier: HourUsage | undefined): HourUsage {
  if (earlier === undefined) return item;
  const apis = new Map<string, UsageSum>();
  for (const [apiId, usage] of [...Object.entries(item.apis), ...Object.entries(earlier.apis)]) {
    const sum = apis.get(apiId) ?? new UsageSum();
    sum.add(usage);
    apis.set(apiId, sum);
  }
  const merged = { ...item, apis: Object.fromEntries([...apis].map(([apiId, sum]) => [apiId, toApiUsage(sum)])) };
  if (item.busiest === undefined) return merged;
  return { ...merged, busiest: toBusiest(mergeKeys([...item.busiest, ...(earlier.busiest ?? [])])) };
}

function mergeKeys(keys: readonly BusyKey[]): readonly BusyKey[] {
  const merged = new Map<string, BusyKey>();
  for (const key of keys) {
    const other = merged.get(key.keyId);
    merged.set(key.keyId, {
      keyId: key.keyId,
      allowed: key.allowed + (other?.allowed ?? 0),
      limited: key.limited + (other?.limited ?? 0),
      refused: key.refused + (other?.refused ?? 0),
    });
  }
  return [...merged.values()];
}

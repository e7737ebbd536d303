import type { UseOutcome } from '../keys/reader.ts';

/** CloudWatch's namespace for all of Latchkey's metrics. */
export const METRIC_NAMESPACE = 'Latchkey';

/** Every metric, with its unit as CloudWatch calls it. */
export const METRIC_UNITS = {
  Allowed: 'Count',
  Denied: 'Count',
  Faults: 'Count',
  CacheHits: 'Count',
  LookupLatency: 'Milliseconds',
  LastUsedWrites: 'Count',
  LastUsedWritesSkipped: 'Count',
  LastUsedWriteFailures: 'Count',
} as const;

export type MetricName = keyof typeof METRIC_UNITS;

export interface MetricsOptions {
  /** The dimension that all metrics have. */
  readonly functionName: string;
  /** Takes one line without its end. */
  readonly write: (line: string) => void;
}

type CountName = Exclude<MetricName, 'LookupLatency'>;
type Counts = Record<CountName, number>;

/** What is counted of one surface apart; refusals by their code. */
interface ApiTypeCounts {
  allowed: number;
  readonly denied: Map<string, number>;
  readonly faults: Map<string, number>;
}

const BATCH_MS = 60_000;
/** What somebody may be woken for does not wait. */
const URGENT_BATCH_MS = 1_000;
/** "Specification: Embedded metric format": the most values of one metric in a document. */
const MOST_VALUES = 100;
/** What stands for the surface of an event that is of none. */
const NO_API_TYPE = 'unknown';

/** Every request that is allowed is in exactly one of these. */
const USAGE_METRICS = {
  'not due': 'LastUsedWritesSkipped',
  superseded: 'LastUsedWritesSkipped',
  written: 'LastUsedWrites',
  failed: 'LastUsedWriteFailures',
} as const satisfies Record<LastUsedWrite, CountName>;

/**
 * Counts requests, and writes the counts as lines of CloudWatch's embedded metric format: with the request that is counted a
 * minute or more after the last lines, or a second or more where a fault or a failed last-used write waits. A timer would not
 * do, for Lambda freezes the environment between requests: what waits when the environment ends is lost.
 */
export class Metrics {
  readonly #options: MetricsOptions;
  #totals = noCounts();
  readonly #apiTypes = new Map<string, ApiTypeCounts>();
  readonly #lookupMs = new SampledValues(MOST_VALUES);
  #writtenAtMs: number | undefined;
  #isUrgent = false;

  constructor(options: MetricsOptions) {
    this.#options = options;
  }

  /** `cameAtMs` is when the request came, in epoch milliseconds. */
  count(request: ObservedRequest, cameAtMs: number): void {
    const totals = this.#totals;
    const ofApiType = this.#countsOf(request.apiType ?? NO_API_TYPE);
    if (request.isCacheHit) totals.CacheHits++;
    if (request.lookupMs !== undefined) this.#lookupMs.add(Math.max(0, request.lookupMs));
    if (request.outcome === 'allowed') {
      totals.Allowed++;
      totals[USAGE_METRICS[request.lastUsedWrite]]++;
      ofApiType.allowed++;
      if (request.lastUsedWrite === 'failed') this.#isUrgent = true;
    } else if (request.outcome === 'denied') {
      totals.Denied++;
      increment(ofApiType.denied, request.code);
    } else {
      totals.Faults++;
      increment(ofApiType.faults, request.code);
      this.#isUrgent = true;
    }
    this.#writeIfDue(cameAtMs);
  }

  #countsOf(apiType: string): ApiTypeCounts {
    const known = this.#apiTypes.get(apiType);
    if (known !== undefined) return known;
    const counts: ApiTypeCounts = { allowed: 0, denied: new Map(), faults: new Map() };
    this.#apiTypes.set(apiType, counts);
    return counts;
  }

  /**
   * A request may have come before the one that wrote the last lines. Lines further to come were written by a clock that has since
   * been put back: they hold nothing up.
   */
  #writeIfDue(nowMs: number): void {
    const sinceMs = nowMs - (this.#writtenAtMs ?? -Infinity);
    if (sinceMs > -BATCH_MS && sinceMs < (this.#isUrgent ? URGENT_BATCH_MS : BATCH_MS)) return;
    this.#writtenAtMs = nowMs;
    this.#isUrgent = false;
    this.#write(nowMs);
  }

  #write(nowMs: number): void {
    const { functionName, write } = this.#options;
    const totals = { ...this.#totals, LookupLatency: this.#lookupMs.takeAll() };
    const countsApart = [...this.#apiTypes].flatMap(([apiType, counts]) => takeCounts(apiType, counts));
    this.#totals = noCounts();
    for (const line of metricLines(functionName, totals, countsApart, nowMs)) write(line);
  }
}

/** Leaves nothing. */
function takeCounts(ApiType: string, counts: ApiTypeCounts): readonly CountApart[] {
  const { allowed, denied, faults } = counts;
  const byReason = (name: MetricName, codes: ReadonlyMap<string, number>) =>
    [...codes].map(([Reason, count]) => ({ name, count, dimensions: { ApiType, Reason } }));
  const taken: CountApart[] = [...byReason('Denied', denied), ...byReason('Faults', faults)];
  if (allowed > 0) taken.unshift({ name: 'Allowed', count: allowed, dimensions: { ApiType } });
  counts.allowed = 0;
  denied.clear();
  faults.clear();
  return taken;
}

function noCounts(): Counts {
  return {
    Allowed: 0,
    Denied: 0,
    Faults: 0,
    CacheHits: 0,
    LastUsedWrites: 0,
    LastUsedWritesSkipped: 0,
    LastUsedWriteFailures: 0,
  };
}

function increment(counts: Map<string, number>, code: string): void {
  counts.set(code, (counts.get(code) ?? 0) + 1);
}

/** By metric, its value or values. */
export type MetricValues = Readonly<Record<MetricName, number | readonly number[]>>;

/** What is counted under more dimensions than the total is. */
export interface CountApart {
  readonly name: MetricName;
  readonly count: number;
  /** Beside `FunctionName`. */
  readonly dimensions: Readonly<Record<string, string>>;
}

/** A metric and the sets of dimensions that it is to be had by. */
type Definition = readonly [name: MetricName, sets: readonly (readonly string[])[]];

const METRIC_NAMES = Object.keys(METRIC_UNITS) as readonly MetricName[];
const OF_TOTALS = ['FunctionName'];

/**
 * Documents of CloudWatch's embedded metric format: of the totals, by `FunctionName` alone, and of what was counted apart. A
 * document holds one value of a metric, for all sets of dimensions that it names. So a count apart that is all of its total
 * shares the total's document, as long as no dimension there has another value: mostly there is one line. What is zero is left
 * out: CloudWatch bills a metric for the hours it has.
 */
export function metricLines(
  functionName: string,
  totals: MetricValues,
  countsApart: readonly CountApart[],
  timestampMs: number,
): readonly string[] {
  const shared: Record<string, string> = { FunctionName: functionName };
  const setsOf = new Map<MetricName, readonly (readonly string[])[]>();
  const lines: string[] = [];
  for (const { name, count, dimensions } of countsApart) {
    const set = [...OF_TOTALS, ...Object.keys(dimensions)];
    if (count === totals[name] && agree(shared, dimensions)) {
      Object.assign(shared, dimensions);
      setsOf.set(name, [OF_TOTALS, set]);
    } else {
      const members = { FunctionName: functionName, ...dimensions };
      lines.push(documentOf([[name, [set]]], members, { [name]: count }, timestampMs));
    }
  }
  const some = METRIC_NAMES.filter((name) => !isNothing(totals[name]));
  const definitions = some.map((name): Definition => [name, setsOf.get(name) ?? [OF_TOTALS]]);
  return [documentOf(definitions, shared, totals, timestampMs), ...lines];
}

/** Whether no dimension has one value here and another there. */
function agree(shared: Readonly<Record<string, string>>, dimensions: CountApart['dimensions']): boolean {
  return Object.entries(dimensions).every(([name, value]) => (shared[name] ?? value) === value);
}

function isNothing(value: MetricValues[MetricName]): boolean {
  return typeof value === 'number' ? value === 0 : value.length === 0;
}

function documentOf(
  definitions: readonly Definition[],
  dimensions: Readonly<Record<string, string>>,
  values: Partial<MetricValues>,
  Timestamp: number,
): string {
  const members = Object.fromEntries(definitions.map(([name]) => [name, values[name]]));
  const CloudWatchMetrics = [...directivesOf(definitions)];
  return JSON.stringify({ _aws: { Timestamp, CloudWatchMetrics }, ...dimensions, ...members });
}

/** One for the metrics that are by one set of dimensions each, and one for each that is by two. */
function* directivesOf(definitions: readonly Definition[]) {
  const directive = ([, Dimensions]: Definition, some: readonly Definition[]) => ({
    Namespace: METRIC_NAMESPACE,
    Dimensions,
    Metrics: some.map(([Name]) => ({ Name, Unit: METRIC_UNITS[Name] })),
  });
  const byOne = definitions.filter(([, sets]) => sets.length === 1);
  const [first] = byOne;
  if (first !== undefined) yield directive(first, byOne);
  for (const definition of definitions) if (definition[1].length > 1) yield directive(definition, [definition]);
}

/**
 * At most so many of the values that it is given, spread evenly over all of them: whenever it is full, it drops every second
 * one and from then on takes one where it took two. Which values those are depends on their order alone.
 */
export class SampledValues {
  readonly #capacity: number;
  readonly #values: number[] = [];
  #given = 0;
  #stride = 1;

  /** `capacity` is at least 1. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(value: number): void {
    const isTaken = this.#given++ % this.#stride === 0;
    if (!isTaken) return;
    this.#values.push(value);
    if (this.#values.length > this.#capacity) this.#thin();
  }

  /** What was taken since the last call. */
  takeAll(): readonly number[] {
    this.#given = 0;
    this.#stride = 1;
    return this.#values.splice(0);
  }

  #thin(): void {
    this.#stride *= 2;
    let kept = 0;
    for (let at = 0; at < this.#values.length; at += 2) this.#values[kept++] = this.#values[at] ?? 0;
    this.#values.length = kept;
  }
}

/** What one request came to: nothing of its event, and of its key nothing but the id. */
export type ObservedRequest = AllowedRequest | RefusedRequest;

/** What became of the last-used write of a request that was allowed. */
export type LastUsedWrite = UseOutcome | 'not due' | 'failed';

interface AnyRequest {
  /** The surface's name, once the event is known to be of one. */
  readonly apiType: string | undefined;
  /** The key's id, where the key is known. */
  readonly keyId: string | undefined;
  /** Whether a well-formed key was answered without a read of the request's own. */
  readonly isCacheHit: boolean;
  /** How long its own read took, in milliseconds; absent where it made none. */
  readonly lookupMs: number | undefined;
}

export interface AllowedRequest extends AnyRequest {
  readonly outcome: 'allowed';
  readonly lastUsedWrite: LastUsedWrite;
}

export interface RefusedRequest extends AnyRequest {
  readonly outcome: 'denied' | 'fault';
  /** Why: the code that the log has. */
  readonly code: string;
}

import {
  type Fault,
  type KeyDecision,
  type LastUsedWrite,
  limitRefusalOf,
  refusalCode,
  type Trace,
} from './authorize.ts';

/** CloudWatch's namespace for all of Latchkey's metrics. */
export const METRIC_NAMESPACE = 'Latchkey';

/** Every metric, with its CloudWatch unit. */
export const METRIC_UNITS = {
  Allowed: 'Count',
  Denied: 'Count',
  Faults: 'Count',
  CacheHits: 'Count',
  LookupLatency: 'Milliseconds',
  LastUsedWrites: 'Count',
  LastUsedWritesSkipped: 'Count',
  LastUsedWriteFailures: 'Count',
  Limited: 'Count',
  LimitWrites: 'Count',
  LimiterFailures: 'Count',
} as const;

export type MetricName = keyof typeof METRIC_UNITS;

/** The events of one request, from which the metrics and the log are derived. */
export interface HandledRequest {
  readonly decision: KeyDecision | Fault;
  readonly trace: Trace;
  /** The name of the event source; absent if the event's source is unknown. */
  readonly apiType: string | undefined;
  /** Lambda's request id of the invocation. */
  readonly requestId: string | undefined;
  /** Time at which the request arrived, in epoch milliseconds. */
  readonly arrivedAtMs: number;
}

export interface MetricsOptions {
  /** Value of the dimension `FunctionName` of every metric. */
  readonly functionName: string;
  /** Writes one line. The line doesn't end with a line break. */
  readonly write: (line: string) => void;
}

type CountName = Exclude<MetricName, 'LookupLatency'>;
type Counts = Record<CountName, number>;

/** The counts of one API type, with refusals by code. */
interface ApiTypeCounts {
  allowed: number;
  readonly denied: Map<string, number>;
  readonly faults: Map<string, number>;
}

const BATCH_MS = 60_000;
/** Maximum delay of faults in milliseconds. It is short, because an alarm may depend on them. */
const URGENT_BATCH_MS = 1_000;
/** Maximum number of values of one metric in a document ("Specification: Embedded metric format"). */
const MOST_VALUES = 100;
/** The dimension `ApiType` of an event whose source is unknown. */
const NO_API_TYPE = 'unknown';

/** The metrics of allowed requests. Each allowed request counts in exactly one of them. */
const LAST_USED_METRICS = {
  'not due': 'LastUsedWritesSkipped',
  superseded: 'LastUsedWritesSkipped',
  written: 'LastUsedWrites',
  failed: 'LastUsedWriteFailures',
} as const satisfies Record<LastUsedWrite, CountName>;

/**
 * Counts requests and writes the counts as lines of CloudWatch's embedded metric format. A request writes the counts if
 * the last lines are a minute old. The limit is one second if a fault or a failed write is pending. It
 * doesn't use a timer, because Lambda freezes the execution environment between requests. Pending counts are lost if
 * Lambda stops the execution environment without `flush`.
 */
export class Metrics {
  readonly #options: MetricsOptions;
  #totals = noCounts();
  readonly #apiTypes = new Map<string, ApiTypeCounts>();
  readonly #lookupMs = new SampledValues(MOST_VALUES);
  #writtenAtMs: number | undefined;
  #isUrgent = false;
  #isPending = false;

  constructor(options: MetricsOptions) {
    this.#options = options;
  }

  count({ decision, trace, apiType, arrivedAtMs }: Omit<HandledRequest, 'requestId'>): void {
    this.#isPending = true;
    const totals = this.#totals;
    const counts = this.#countsFor(apiType ?? NO_API_TYPE);
    if (trace.cacheHit) totals.CacheHits++;
    if (trace.lookupMs !== undefined) this.#lookupMs.add(Math.max(0, trace.lookupMs));
    this.#countLimits(decision, trace);
    const code = refusalCode(decision);
    if (code === undefined) {
      totals.Allowed++;
      totals[LAST_USED_METRICS[trace.lastUsedWrite]]++;
      counts.allowed++;
      if (trace.lastUsedWrite === 'failed') this.#isUrgent = true;
    } else if (decision.effect === 'fault') {
      totals.Faults++;
      increment(counts.faults, code);
      this.#isUrgent = true;
    } else {
      totals.Denied++;
      increment(counts.denied, code);
    }
    this.#writeIfDue(arrivedAtMs);
  }

  /** Writes the pending counts. It doesn't write a line if there aren't any. */
  flush(nowMs: number): void {
    if (this.#isPending) this.#write(nowMs);
  }

  #countLimits(decision: HandledRequest['decision'], { limitWrites, limiterError }: Trace): void {
    if (limitRefusalOf(decision) !== undefined) this.#totals.Limited++;
    if (limitWrites !== undefined) this.#totals.LimitWrites += limitWrites;
    if (limiterError === undefined) return;
    this.#totals.LimiterFailures++;
    this.#isUrgent = true;
  }

  #countsFor(apiType: string): ApiTypeCounts {
    const known = this.#apiTypes.get(apiType);
    if (known !== undefined) return known;
    const counts: ApiTypeCounts = { allowed: 0, denied: new Map(), faults: new Map() };
    this.#apiTypes.set(apiType, counts);
    return counts;
  }

  /**
   * Writes the counts if they are due. A request may have arrived before the request that wrote the last lines. Lines
   * that are further in the future don't delay the write, because the clock has been set back since.
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
    const counts = [...this.#apiTypes].flatMap(([apiType, apiTypeCounts]) => takeCounts(apiType, apiTypeCounts));
    this.#totals = noCounts();
    this.#isPending = false;
    for (const line of metricLines(functionName, totals, counts, nowMs)) write(line);
  }
}

/** Returns the counts and resets them. */
function takeCounts(ApiType: string, counts: ApiTypeCounts): readonly DimensionedCount[] {
  const { allowed, denied, faults } = counts;
  const byReason = (name: MetricName, codes: ReadonlyMap<string, number>) =>
    [...codes].map(([Reason, count]) => ({ name, count, dimensions: { ApiType, Reason } }));
  const dimensioned: DimensionedCount[] = [...byReason('Denied', denied), ...byReason('Faults', faults)];
  if (allowed > 0) dimensioned.unshift({ name: 'Allowed', count: allowed, dimensions: { ApiType } });
  counts.allowed = 0;
  denied.clear();
  faults.clear();
  return dimensioned;
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
    Limited: 0,
    LimitWrites: 0,
    LimiterFailures: 0,
  };
}

function increment(counts: Map<string, number>, code: string): void {
  counts.set(code, (counts.get(code) ?? 0) + 1);
}

/** The value or values of each metric. */
type MetricValues = Readonly<Record<MetricName, number | readonly number[]>>;

/** A count with more dimensions than its metric's total. */
interface DimensionedCount {
  readonly name: MetricName;
  readonly count: number;
  /** The dimensions in addition to `FunctionName`. */
  readonly dimensions: Readonly<Record<string, string>>;
}

/** A metric and its sets of dimensions. */
type Definition = readonly [name: MetricName, sets: readonly (readonly string[])[]];

const METRIC_NAMES = Object.keys(METRIC_UNITS) as readonly MetricName[];
const TOTAL_DIMENSIONS = ['FunctionName'];

/**
 * Returns documents of CloudWatch's embedded metric format: the totals by `FunctionName`, and the counts with more
 * dimensions. A document has one value of a metric for all its sets of dimensions. A count that equals its total can
 * therefore share the total's document, unless a dimension there has another value. There is usually one line. Zeros
 * are omitted, because CloudWatch bills a metric for every hour in which it has a value.
 */
function metricLines(
  functionName: string,
  totals: MetricValues,
  counts: readonly DimensionedCount[],
  timestampMs: number,
): readonly string[] {
  const shared: Record<string, string> = { FunctionName: functionName };
  const setsByName = new Map<MetricName, readonly (readonly string[])[]>();
  const lines: string[] = [];
  for (const { name, count, dimensions } of counts) {
    const set = [...TOTAL_DIMENSIONS, ...Object.keys(dimensions)];
    if (count === totals[name] && agree(shared, dimensions)) {
      Object.assign(shared, dimensions);
      setsByName.set(name, [TOTAL_DIMENSIONS, set]);
    } else {
      const members = { FunctionName: functionName, ...dimensions };
      lines.push(metricDocument([[name, [set]]], members, { [name]: count }, timestampMs));
    }
  }
  const names = METRIC_NAMES.filter((name) => !isZero(totals[name]));
  const definitions = names.map((name): Definition => [name, setsByName.get(name) ?? [TOTAL_DIMENSIONS]]);
  return [metricDocument(definitions, shared, totals, timestampMs), ...lines];
}

/** Returns whether two sets of dimensions agree in every dimension that both contain. */
function agree(shared: Readonly<Record<string, string>>, dimensions: DimensionedCount['dimensions']): boolean {
  return Object.entries(dimensions).every(([name, value]) => (shared[name] ?? value) === value);
}

function isZero(value: MetricValues[MetricName]): boolean {
  return typeof value === 'number' ? value === 0 : value.length === 0;
}

function metricDocument(
  definitions: readonly Definition[],
  dimensions: Readonly<Record<string, string>>,
  values: Partial<MetricValues>,
  Timestamp: number,
): string {
  const members = Object.fromEntries(definitions.map(([name]) => [name, values[name]]));
  const CloudWatchMetrics = [...metricDirectives(definitions)];
  return JSON.stringify({ _aws: { Timestamp, CloudWatchMetrics }, ...dimensions, ...members });
}

/** Returns one directive for all metrics with one set of dimensions, and one for each metric with two. */
function* metricDirectives(definitions: readonly Definition[]) {
  const directive = ([, Dimensions]: Definition, metrics: readonly Definition[]) => ({
    Namespace: METRIC_NAMESPACE,
    Dimensions,
    Metrics: metrics.map(([Name]) => ({ Name, Unit: METRIC_UNITS[Name] })),
  });
  const withOneSet = definitions.filter(([, sets]) => sets.length === 1);
  const [first] = withOneSet;
  if (first !== undefined) yield directive(first, withOneSet);
  for (const definition of definitions) if (definition[1].length > 1) yield directive(definition, [definition]);
}

/**
 * A bounded sample, spread evenly over all added values. A full sample drops every second value. It then accepts half
 * as many. The selection depends only on the values' order.
 */
export class SampledValues {
  readonly #capacity: number;
  readonly #values: number[] = [];
  #added = 0;
  #stride = 1;

  /** Creates an empty sample. `capacity` is at least 1. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(value: number): void {
    const isSampled = this.#added++ % this.#stride === 0;
    if (!isSampled) return;
    this.#values.push(value);
    if (this.#values.length > this.#capacity) this.#thin();
  }

  /** Returns the sample and empties it. */
  takeAll(): readonly number[] {
    this.#added = 0;
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

import { METRIC_NAMESPACE, METRIC_UNITS, type MetricName } from './metricNames.ts';
import type { ObservedRequest, UsageWrite } from './observedRequest.ts';
import { SampledValues } from './sampledValues.ts';

export interface MetricsOptions {
  /** The dimension that all metrics have. */
  readonly functionName: string;
  /** Takes one line without its end. */
  readonly write: (line: string) => void;
}

type CountName = Exclude<MetricName, 'LookupLatency'>;
type Counts = Record<CountName, number>;
type Values = Partial<Record<MetricName, number | readonly number[]>>;

/** What is counted of one surface apart; refusals by their code. */
interface SurfaceCounts {
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
const NO_SURFACE = 'unknown';

const METRIC_NAMES = Object.keys(METRIC_UNITS) as readonly MetricName[];

/** Every request that is allowed is in exactly one of these. */
const USAGE_METRICS = {
  'not due': 'UsageWritesSkipped',
  superseded: 'UsageWritesSkipped',
  written: 'UsageWrites',
  failed: 'UsageWriteFailures',
} as const satisfies Record<UsageWrite, CountName>;

/**
 * Counts requests, and writes the counts as lines of CloudWatch's embedded metric format: with the request that is counted a
 * minute or more after the last lines, or a second or more where a fault or a failed last-used write waits. A timer would not
 * do, for Lambda freezes the environment between requests: what waits when the environment ends is lost.
 */
export class Metrics {
  readonly #options: MetricsOptions;
  #totals = noCounts();
  readonly #surfaces = new Map<string, SurfaceCounts>();
  readonly #lookupMs = new SampledValues(MOST_VALUES);
  #writtenAtMs: number | undefined;
  #isUrgent = false;

  constructor(options: MetricsOptions) {
    this.#options = options;
  }

  /** `cameAtMs` is when the request came, in epoch milliseconds. */
  count(request: ObservedRequest, cameAtMs: number): void {
    const totals = this.#totals;
    const ofSurface = this.#countsOf(request.surface ?? NO_SURFACE);
    if (request.isCacheHit) totals.CacheHits++;
    if (request.lookupMs !== undefined) this.#lookupMs.add(Math.max(0, request.lookupMs));
    if (request.outcome === 'allowed') {
      totals.Allowed++;
      totals[USAGE_METRICS[request.usageWrite]]++;
      ofSurface.allowed++;
      if (request.usageWrite === 'failed') this.#isUrgent = true;
    } else if (request.outcome === 'denied') {
      totals.Denied++;
      increment(ofSurface.denied, request.code);
    } else {
      totals.Faults++;
      increment(ofSurface.faults, request.code);
      this.#isUrgent = true;
    }
    this.#writeIfDue(cameAtMs);
  }

  #countsOf(surface: string): SurfaceCounts {
    const known = this.#surfaces.get(surface);
    if (known !== undefined) return known;
    const counts: SurfaceCounts = { allowed: 0, denied: new Map(), faults: new Map() };
    this.#surfaces.set(surface, counts);
    return counts;
  }

  /** Lines to come in time were written by a clock that has since been put back: they hold nothing up. */
  #writeIfDue(nowMs: number): void {
    const sinceMs = nowMs - (this.#writtenAtMs ?? -Infinity);
    if (sinceMs >= 0 && sinceMs < (this.#isUrgent ? URGENT_BATCH_MS : BATCH_MS)) return;
    this.#writtenAtMs = nowMs;
    this.#isUrgent = false;
    this.#writeTotals(nowMs);
    for (const [surface, counts] of this.#surfaces) this.#writeSurface(surface, counts, nowMs);
  }

  #writeTotals(nowMs: number): void {
    this.#write({}, { ...this.#totals, LookupLatency: this.#lookupMs.takeAll() }, nowMs);
    this.#totals = noCounts();
  }

  #writeSurface(Surface: string, counts: SurfaceCounts, nowMs: number): void {
    if (counts.allowed > 0) this.#write({ Surface }, { Allowed: counts.allowed }, nowMs);
    for (const [Reason, Denied] of counts.denied) this.#write({ Surface, Reason }, { Denied }, nowMs);
    for (const [Reason, Faults] of counts.faults) this.#write({ Surface, Reason }, { Faults }, nowMs);
    counts.allowed = 0;
    counts.denied.clear();
    counts.faults.clear();
  }

  /** One document, which can hold one value of a metric. What is zero is left out: CloudWatch bills a metric for the hours it has. */
  #write(more: Readonly<Record<string, string>>, values: Values, Timestamp: number): void {
    const { functionName: FunctionName, write } = this.#options;
    const dimensions = { FunctionName, ...more };
    const some = METRIC_NAMES.filter((name) => !isNothing(values[name]));
    const directive = {
      Namespace: METRIC_NAMESPACE,
      Dimensions: [Object.keys(dimensions)],
      Metrics: some.map((Name) => ({ Name, Unit: METRIC_UNITS[Name] })),
    };
    const members = Object.fromEntries(some.map((name) => [name, values[name]]));
    write(JSON.stringify({ _aws: { Timestamp, CloudWatchMetrics: [directive] }, ...dimensions, ...members }));
  }
}

function noCounts(): Counts {
  return {
    Allowed: 0,
    Denied: 0,
    Faults: 0,
    CacheHits: 0,
    UsageWrites: 0,
    UsageWritesSkipped: 0,
    UsageWriteFailures: 0,
  };
}

function increment(counts: Map<string, number>, code: string): void {
  counts.set(code, (counts.get(code) ?? 0) + 1);
}

function isNothing(value: Values[MetricName]): boolean {
  return value === undefined || (typeof value === 'number' ? value === 0 : value.length === 0);
}

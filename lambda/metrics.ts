import { metricLines, type CountApart } from './metricLines.ts';
import type { MetricName } from './metricNames.ts';
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
    const countsApart = [...this.#surfaces].flatMap(([surface, counts]) => takeCounts(surface, counts));
    this.#totals = noCounts();
    for (const line of metricLines(functionName, totals, countsApart, nowMs)) write(line);
  }
}

/** Leaves nothing. */
function takeCounts(Surface: string, counts: SurfaceCounts): readonly CountApart[] {
  const { allowed, denied, faults } = counts;
  const byReason = (name: MetricName, codes: ReadonlyMap<string, number>) =>
    [...codes].map(([Reason, count]) => ({ name, count, dimensions: { Surface, Reason } }));
  const taken: CountApart[] = [...byReason('Denied', denied), ...byReason('Faults', faults)];
  if (allowed > 0) taken.unshift({ name: 'Allowed', count: allowed, dimensions: { Surface } });
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
    UsageWrites: 0,
    UsageWritesSkipped: 0,
    UsageWriteFailures: 0,
  };
}

function increment(counts: Map<string, number>, code: string): void {
  counts.set(code, (counts.get(code) ?? 0) + 1);
}

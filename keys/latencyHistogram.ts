import { isPlainObject } from './json.ts';

/**
 * The counts of requests by latency, by the number of their bucket. A bucket is 10 % wide, and empty buckets are absent.
 * Histograms of several hours can be added, unlike percentiles.
 */
export type LatencyHistogram = Readonly<Record<string, number>>;

/** Maximum relative error of a percentile. */
export const LATENCY_ERROR = 0.05;

/** The ratio of a bucket's upper limit to its lower limit (Masson, Rim and Lee, "DDSketch", VLDB 2019, section 2). */
const GAMMA = (1 + LATENCY_ERROR) / (1 - LATENCY_ERROR);
/** Latencies above this one count as this one. It's the maximum duration of a Lambda function. */
const MAX_MS = 900_000;
const MAX_BUCKET = toBucket(MAX_MS);

/** Counts a request's latency in milliseconds. A latency below 1 ms counts as 1 ms. */
export function addLatency(histogram: Record<string, number>, ms: number): void {
  const bucket = toBucket(ms);
  histogram[bucket] = (histogram[bucket] ?? 0) + 1;
}

/**
 * Returns a percentile in milliseconds by the nearest-rank method, or `undefined` for an empty histogram. The fraction
 * is above 0 and at most 1, such as 0.99. The result differs from the exact percentile by at most `LATENCY_ERROR`, if that
 * is between 1 ms and 15 minutes.
 */
export function latencyPercentile(histogram: LatencyHistogram, fraction: number): number | undefined {
  const buckets = Object.entries(histogram).map(([bucket, count]) => ({ bucket: Number(bucket), count }));
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  const rank = Math.ceil(fraction * total);
  let seen = 0;
  for (const { bucket, count } of buckets.toSorted((a, b) => a.bucket - b.bucket)) {
    seen += count;
    if (seen >= rank) return toMs(bucket);
  }
  return undefined;
}

/** Returns a histogram from a stored value, or `undefined` if the value isn't one. */
export function parseLatencyHistogram(value: unknown): LatencyHistogram | undefined {
  if (!isPlainObject(value)) return undefined;
  const isValid = Object.entries(value).every(
    ([bucket, count]) =>
      /^\d{1,3}$/.test(bucket) && Number(bucket) <= MAX_BUCKET && Number.isSafeInteger(count) && (count as number) > 0,
  );
  return isValid ? (value as LatencyHistogram) : undefined;
}

/** Returns the bucket whose limits are `GAMMA ** (bucket - 1)` and `GAMMA ** bucket`. The upper limit belongs to it. */
function toBucket(ms: number): number {
  return Math.ceil(Math.log(Math.min(Math.max(ms, 1), MAX_MS)) / Math.log(GAMMA));
}

/** Returns the latency from which both limits of the bucket have the same relative distance. */
function toMs(bucket: number): number {
  return (2 * GAMMA ** bucket) / (GAMMA + 1);
}

/** CloudWatch's namespace for all of Latchkey's metrics. */
export const METRIC_NAMESPACE = 'Latchkey';

/** Every metric, with its unit as CloudWatch calls it. */
export const METRIC_UNITS = {
  Allowed: 'Count',
  Denied: 'Count',
  Faults: 'Count',
  CacheHits: 'Count',
  LookupLatency: 'Milliseconds',
  UsageWrites: 'Count',
  UsageWritesSkipped: 'Count',
  UsageWriteFailures: 'Count',
} as const;

export type MetricName = keyof typeof METRIC_UNITS;

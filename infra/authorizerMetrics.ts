import { Metric, Stats, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';
import { METRIC_NAMESPACE, METRIC_UNITS, type MetricName } from '../lambda/metricNames.ts';
import { propError } from './propChecks.ts';

/** Makes the metrics that a function counts in. */
export class AuthorizerMetrics {
  readonly #construct: IConstruct;
  readonly #function: IFunction;
  readonly #isCounted: boolean;

  /** `isCounted` says whether the function emits metrics. Errors carry the path of `construct`. */
  constructor(construct: IConstruct, lambda: IFunction, { isCounted }: { readonly isCounted: boolean }) {
    this.#construct = construct;
    this.#function = lambda;
    this.#isCounted = isCounted;
  }

  /**
   * Of the whole function, or of the further dimensions that `options` has. Counts are summed; of a time it is the 99th
   * percentile, unless `options` say otherwise.
   *
   * @throws LatchkeyError `CONFIG_INVALID` where the function counts nothing: an alarm on what never comes would stay silent
   */
  metric(metricName: MetricName, { dimensionsMap, ...options }: MetricOptions = {}): Metric {
    if (!this.#isCounted) {
      throw propError(this.#construct, `metrics: got false, wanted true for the metric ${metricName}`);
    }
    const metric = new Metric({
      namespace: METRIC_NAMESPACE,
      metricName,
      dimensionsMap: { FunctionName: this.#function.functionName, ...dimensionsMap },
      statistic: METRIC_UNITS[metricName] === 'Count' ? Stats.SUM : Stats.p(99),
      ...options,
    });
    return metric.attachTo(this.#function);
  }
}

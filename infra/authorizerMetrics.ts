import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  type MetricOptions,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Function as LambdaFunction, IFunction } from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { Construct, IConstruct } from 'constructs';
import { METRIC_NAMESPACE, METRIC_UNITS, type MetricName } from '../lambda/metrics.ts';
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

/**
 * The line of a request without a key. Its answer is an error of the function everywhere but in AppSync. The message tells it from
 * the line that the same request has if it is in the sample.
 */
const UNAUTHORIZED = FilterPattern.all(
  FilterPattern.stringValue('$.message', '=', 'denied'),
  FilterPattern.stringValue('$.code', '=', 'AUTH_REQUIRED'),
  FilterPattern.stringValue('$.apiType', '!=', 'appsync'),
);

/**
 * Counts the requests without a key that are answered by an error. A function has one filter at most: what two write is one metric,
 * of the sum of both.
 */
export function unauthorizedFilter(scope: Construct, lambda: IFunction, logGroup: ILogGroup): MetricFilter {
  return new MetricFilter(scope, 'Unauthorized', {
    logGroup,
    filterPattern: UNAUTHORIZED,
    metricNamespace: METRIC_NAMESPACE,
    // A filter with a default value can have no dimensions: the name tells functions apart.
    metricName: `Unauthorized-${lambda.functionName}`,
    metricValue: '1',
    defaultValue: 0,
  });
}

/** A canary of five minutes is over before periods of five minutes tell anything. */
const PERIOD = Duration.minutes(1);

/** Fewer errors than this in a minute may be of requests that Lambda counts in one minute and the log has in the next. */
const LEAST_ERRORS = 2;

const ERROR_PERCENT = 10;

interface RolloutAlarmProps {
  readonly lambda: LambdaFunction;
  /** What requests are moved over. */
  readonly aliasName: string;
  /** Of the whole function: a log does not tell versions apart. */
  readonly unauthorized: IMetric;
}

/**
 * Rings where the version that requests are moved to fails, other than by answering a request without a key. It is of that version
 * alone: one that fails already can be replaced. Lambda has data of it while requests go to two versions, so that it is silent at
 * all other times.
 *
 * Where the log is behind Lambda's own numbers, there is no data yet, rather than errors that nothing is taken off.
 */
export function rolloutAlarm(scope: Construct, { lambda, aliasName, unauthorized }: RolloutAlarmProps): Alarm {
  // "Types of metrics for Lambda functions": the dimensions of a version behind an alias that has two.
  const dimensionsMap = {
    FunctionName: lambda.functionName,
    Resource: `${lambda.functionName}:${aliasName}`,
    ExecutedVersion: lambda.currentVersion.version,
  };
  const unexpected = '(all - unauthorized)';
  const failures = `IF(failed < ${unexpected}, failed, ${unexpected})`;
  return new Alarm(scope, 'RolloutAlarm', {
    alarmDescription:
      'The version that requests are being moved to fails, and is taken back. Runbook: docs/operations.md#alarm-rollout',
    metric: new MathExpression({
      label: 'Errors of the new version, %',
      expression: `IF(${failures} >= ${LEAST_ERRORS}, 100 * ${failures} / invocations, 0)`,
      usingMetrics: {
        failed: lambda.metricErrors({ dimensionsMap }),
        invocations: lambda.metricInvocations({ dimensionsMap }),
        all: lambda.metricErrors(),
        unauthorized,
      },
      period: PERIOD,
    }),
    threshold: ERROR_PERCENT,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    evaluationPeriods: 3,
    datapointsToAlarm: 2,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}

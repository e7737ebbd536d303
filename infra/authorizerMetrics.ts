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
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { METRIC_NAMESPACE, METRIC_UNITS, type MetricName } from '../lambda/metrics.ts';

/**
 * Returns a metric that the function emits, for the whole function or for further dimensions in `options`. The default statistic of a
 * count is its sum; that of a time is its 99th percentile.
 */
export function functionMetric(
  lambda: LambdaFunction,
  metricName: MetricName,
  { dimensionsMap, ...options }: MetricOptions = {},
): Metric {
  const metric = new Metric({
    namespace: METRIC_NAMESPACE,
    metricName,
    dimensionsMap: { FunctionName: lambda.functionName, ...dimensionsMap },
    statistic: METRIC_UNITS[metricName] === 'Count' ? Stats.SUM : Stats.p(99),
    ...options,
  });
  return metric.attachTo(lambda);
}

/**
 * Matches the log line of a request without a key. Except for AppSync, the function answers such a request with an error. If the
 * request is in the debug sample it has a second line, which has another message.
 */
const UNAUTHORIZED = FilterPattern.all(
  FilterPattern.stringValue('$.message', '=', 'denied'),
  FilterPattern.stringValue('$.code', '=', 'AUTH_REQUIRED'),
  FilterPattern.stringValue('$.apiType', '!=', 'appsync'),
);

/**
 * Creates the filter that counts requests without a key that the function answers with an error. Create one for each function: the
 * metric of two filters would be the sum of both.
 */
export function unauthorizedFilter(scope: Construct, lambda: LambdaFunction, logGroup: ILogGroup): MetricFilter {
  return new MetricFilter(scope, 'Unauthorized', {
    logGroup,
    filterPattern: UNAUTHORIZED,
    metricNamespace: METRIC_NAMESPACE,
    // A filter with a default value can't have dimensions, so the name distinguishes functions.
    metricName: `Unauthorized-${lambda.functionName}`,
    metricValue: '1',
    defaultValue: 0,
  });
}

/** A canary of five minutes ends before an alarm with periods of five minutes reacts. */
const PERIOD = Duration.minutes(1);

/** Lambda may count a request in one minute while the log has it in the next. That explains fewer errors than this. */
const LEAST_ERRORS = 2;

const ERROR_PERCENT = 10;

interface RolloutAlarmProps {
  readonly lambda: LambdaFunction;
  /** The alias that moves to the new version. */
  readonly aliasName: string;
  /** The count for the whole function, because a log doesn't distinguish versions. */
  readonly unauthorized: IMetric;
}

/**
 * Creates the alarm that is raised if the new version fails for requests that have a key. It ignores the old version, so you can
 * replace a version that already fails. Lambda has data of the new version only while requests go to two versions. So the alarm is
 * quiet at all other times.
 *
 * If the log is later than Lambda's own metrics, there is no data yet. So the alarm never sees errors without the ones to subtract.
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
      'The new version of the function fails, so CodeDeploy rolls it back. Runbook: docs/operations.md#alarm-rollout',
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

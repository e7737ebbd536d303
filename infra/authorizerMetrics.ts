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
 * Returns a metric of the whole function, or of further dimensions in `options`. The default statistic is the sum for a
 * count, and the 99th percentile for a time.
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
 * Matches the log line of a request without a key. The function answers such a request with an error, except for
 * AppSync. A request in the debug sample has a second line with another message.
 */
const UNAUTHORIZED = FilterPattern.all(
  FilterPattern.stringValue('$.message', '=', 'denied'),
  FilterPattern.stringValue('$.code', '=', 'AUTH_REQUIRED'),
  FilterPattern.stringValue('$.apiType', '!=', 'appsync'),
  FilterPattern.stringValue('$.apiType', '!=', 'appsync-events'),
);

/**
 * Creates the metric filter that counts requests without a key if the function throws an error for them. Create only one
 * filter for each function. Two filters would double the metric.
 */
export function unauthorizedFilter(scope: Construct, lambda: LambdaFunction, logGroup: ILogGroup): MetricFilter {
  return new MetricFilter(scope, 'Unauthorized', {
    logGroup,
    filterPattern: UNAUTHORIZED,
    metricNamespace: METRIC_NAMESPACE,
    // A filter with a default value can't have dimensions, so the metric's name identifies the function.
    metricName: `Unauthorized-${lambda.functionName}`,
    metricValue: '1',
    defaultValue: 0,
  });
}

/** The alarm's period. A canary deployment of five minutes ends before an alarm with periods of five minutes reacts. */
const PERIOD = Duration.minutes(1);

/**
 * The minimum number of errors. Lambda and the log may count a request in different minutes. The mismatch can explain
 * only one error.
 */
const LEAST_ERRORS = 2;

const ERROR_PERCENT = 10;

interface RolloutAlarmProps {
  readonly lambda: LambdaFunction;
  /** The alias that points to the new version. */
  readonly aliasName: string;
  /** The count for the whole function, because the log doesn't distinguish versions. */
  readonly unauthorized: IMetric;
}

/**
 * Creates the alarm that is raised if the new version fails for requests with a key. It ignores the old version, so you
 * can replace a version that already fails. Lambda emits data for the new version only while the alias points to two
 * versions. The alarm is therefore quiet at all other times.
 *
 * The alarm doesn't have data until the log's count arrives, which may be later than Lambda's metrics. The alarm
 * therefore never evaluates errors without the count to subtract.
 */
export function rolloutAlarm(scope: Construct, { lambda, aliasName, unauthorized }: RolloutAlarmProps): Alarm {
  // "Types of metrics for Lambda functions" lists the dimensions of a version behind an alias with two versions.
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

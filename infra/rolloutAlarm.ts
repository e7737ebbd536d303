import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, MathExpression, TreatMissingData, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

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

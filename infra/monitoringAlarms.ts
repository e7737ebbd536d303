import { Duration, Token, Tokenization } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  MathExpression,
  Stats,
  TreatMissingData,
  type AlarmProps,
  type IMetric,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { ApiKeyAuthorizer } from './apiKeyAuthorizer.ts';
import type { UsagePlanSyncFunction } from './usagePlanSyncFunction.ts';
import { propError } from './propChecks.ts';
import type { ApiKeyMonitoringProps } from './apiKeyMonitoringProps.ts';

/** The alarms that are on. */
export interface MonitoringAlarms {
  readonly fault: Alarm | undefined;
  readonly throttle: Alarm | undefined;
  readonly error: Alarm | undefined;
  readonly denial: Alarm | undefined;
  readonly usagePlanSync: Alarm | undefined;
}

/** Sections of docs/operations.md. */
const RUNBOOKS = {
  Faults: 'alarm-faults',
  Throttles: 'alarm-throttles',
  ErrorRate: 'alarm-error-rate',
  DenialSurge: 'alarm-denial-surge',
  UsagePlanSync: 'alarm-usage-plan-sync',
} as const;

const PERIOD = Duration.minutes(5);

/**
 * A share is judged twice before it counts: data of the last period may still be on the way, and AWS advises against judging by
 * `FILL` of the last period alone ("Using math expressions with CloudWatch metrics").
 */
const TWICE = { evaluationPeriods: 3, datapointsToAlarm: 2 };

/** How far the function may be behind the table before somebody should know: keys on a plan are refused until it has caught up. */
const MOST_BEHIND = Duration.minutes(5);

/**
 * Makes every alarm that its prop does not turn off.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, listing every problem: prop, value got, value wanted
 */
export function monitoringAlarms(scope: Construct, props: ApiKeyMonitoringProps): MonitoringAlarms {
  checkThresholds(scope, props);
  const { authorizer, faultThreshold = 1, throttleThreshold = 1, errorPercentThreshold = 1 } = props;
  const { denialPercentThreshold = 50, leastDenials = 100, usagePlanSyncAlarm = true } = props;
  const usagePlanSync = authorizer.plans?.usagePlanSync;
  const period = PERIOD;
  return {
    fault: alarm(scope, 'Faults', faultThreshold, () => ({
      metric: authorizer.metricFaults({ period }),
      alarmDescription: 'Requests could not be decided, and were answered with an error.',
    })),
    throttle: alarm(scope, 'Throttles', throttleThreshold, () => ({
      metric: authorizer.function.metricThrottles({ period }),
      alarmDescription: 'Lambda turned requests away before they could be decided.',
    })),
    error: alarm(scope, 'ErrorRate', errorPercentThreshold, () => ({
      metric: errorPercent(authorizer),
      alarmDescription: 'The function fails, other than by answering a request without a key.',
      ...TWICE,
    })),
    denial: alarm(scope, 'DenialSurge', denialPercentThreshold, () => ({
      metric: denialPercent(authorizer, leastDenials),
      alarmDescription: 'Many requests are refused.',
      ...TWICE,
    })),
    usagePlanSync:
      usagePlanSync &&
      alarm(scope, 'UsagePlanSync', usagePlanSyncAlarm && 1, () => ({
        metric: usagePlanSyncInTrouble(usagePlanSync),
        alarmDescription: 'Keys on a plan are refused, for API Gateway does not know them.',
      })),
  };
}

/** A threshold of zero would keep an alarm raised, and one beyond reach would never raise it. */
function checkThresholds(scope: Construct, props: ApiKeyMonitoringProps): void {
  const { faultThreshold, throttleThreshold, errorPercentThreshold, denialPercentThreshold, leastDenials } = props;
  const problems = [
    ...wrong({ faultThreshold, throttleThreshold, leastDenials }, Number.MAX_SAFE_INTEGER, 'a number above 0'),
    ...wrong({ errorPercentThreshold, denialPercentThreshold }, 100, 'a number above 0, at most 100'),
  ];
  if (problems.length > 0) throw propError(scope, ...problems);
}

function wrong(
  thresholds: Readonly<Record<string, number | false | undefined>>,
  most: number,
  wanted: string,
): readonly string[] {
  const given = Object.entries(thresholds).filter(
    ([, value]) => typeof value === 'number' && !Token.isUnresolved(value),
  );
  const outside = given.filter(([, value]) => !(Number(value) > 0 && Number(value) <= most));
  return outside.map(([prop, value]) => `${prop}: got ${String(value)}, wanted ${wanted}`);
}

/** No data is no trouble: without requests there is none. */
function alarm(
  scope: Construct,
  id: keyof typeof RUNBOOKS,
  threshold: number | false,
  more: () => Partial<AlarmProps> & { readonly metric: IMetric; readonly alarmDescription: string },
): Alarm | undefined {
  if (threshold === false) return undefined;
  const { alarmDescription, ...others } = more();
  return new Alarm(scope, id, {
    evaluationPeriods: 1,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: TreatMissingData.NOT_BREACHING,
    threshold,
    alarmDescription: `${alarmDescription} Runbook: docs/operations.md#${RUNBOOKS[id]}`,
    ...others,
  });
}

/**
 * Of the errors that Lambda counts, those thrown for a request without a key are taken off. They are counted from the log and not
 * by the function's own metrics, which come up to a minute later, so that both numbers are of the same minutes.
 */
function errorPercent(authorizer: ApiKeyAuthorizer): IMetric {
  const { function: lambda } = authorizer;
  return new MathExpression({
    label: 'Errors, %',
    expression: 'IF(errors > FILL(unauthorized, 0), 100 * (errors - FILL(unauthorized, 0)) / invocations, 0)',
    usingMetrics: {
      errors: lambda.metricErrors(),
      invocations: lambda.metricInvocations(),
      unauthorized: authorizer.metricUnauthorized(),
    },
    period: PERIOD,
  });
}

/** Faults are not among the decisions. What is zero has no data. */
function denialPercent(authorizer: ApiKeyAuthorizer, leastDenials: number): IMetric {
  return new MathExpression({
    label: 'Denials, %',
    expression: `IF(denied >= ${Tokenization.stringifyNumber(leastDenials)}, 100 * denied / (denied + FILL(allowed, 0)), 0)`,
    usingMetrics: { denied: authorizer.metricDenied(), allowed: authorizer.metricAllowed() },
    period: PERIOD,
  });
}

/**
 * 1 where a key was passed over, the function failed or was kept from running, or is behind; and else 0. Lambda tells how far behind
 * it is of batches that ran alone.
 */
function usagePlanSyncInTrouble(usagePlanSync: UsagePlanSyncFunction): IMetric {
  const { function: lambda } = usagePlanSync;
  return new MathExpression({
    label: 'Keys without their plan',
    expression: `IF(FILL(refused, 0) + FILL(errors, 0) + FILL(throttles, 0) > 0, 1, IF(FILL(behind, 0) >= ${MOST_BEHIND.toMilliseconds()}, 1, 0))`,
    usingMetrics: {
      refused: usagePlanSync.metricRefused(),
      errors: lambda.metricErrors(),
      throttles: lambda.metricThrottles(),
      behind: lambda.metric('IteratorAge', { statistic: Stats.MAXIMUM }),
    },
    period: PERIOD,
  });
}

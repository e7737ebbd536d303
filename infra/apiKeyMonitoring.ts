import { Duration, Token, Tokenization } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  type Dashboard,
  type IAlarmAction,
  type IMetric,
  MathExpression,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { ApiKeyAuthorizer } from './apiKeyAuthorizer.ts';
import type { ApiKeyEvents } from './apiKeyEvents.ts';
import type { IApiKeyTable } from './apiKeyTable.ts';
import type { ApiKeyUsage } from './apiKeyUsage.ts';
import { monitoringDashboard } from './monitoringDashboard.ts';
import { propError } from './propChecks.ts';
import type { UsagePlanSyncFunction } from './usagePlanSyncFunction.ts';

/** Properties of `ApiKeyMonitoring`: the authorizer, the thresholds of its alarms, and the actions of the alarms. */
export interface ApiKeyMonitoringProps {
  /** The authorizer to monitor. Its prop `metrics` must not be `false`. */
  readonly authorizer: ApiKeyAuthorizer;

  /**
   * The table whose capacity the dashboard shows.
   *
   * @default - the dashboard omits the table
   */
  readonly table?: IApiKeyTable;

  /**
   * The actions of every alarm.
   *
   * @default [] - CloudWatch only shows the alarm's state
   */
  readonly alarmActions?: readonly IAlarmAction[];

  /**
   * The actions of every alarm when its state returns to OK.
   *
   * @default []
   */
  readonly okActions?: readonly IAlarmAction[];

  /**
   * Creates a dashboard.
   *
   * @default true
   */
  readonly dashboard?: boolean;

  /**
   * The number of faults within 5 minutes that raises the alarm. A fault is a request that the authorizer couldn't
   * decide, because DynamoDB didn't respond or a record is corrupt. `false` omits the alarm.
   *
   * @default 1
   */
  readonly faultThreshold?: number | false;

  /**
   * The number of throttled requests within 5 minutes that raises the alarm. `false` omits the alarm.
   *
   * @default 1
   */
  readonly throttleThreshold?: number | false;

  /**
   * The percentage of failed invocations that raises the alarm, in two of three periods of 5 minutes. Requests without
   * a key don't count as failed, although API Gateway requires an error response for them. `false` omits the alarm.
   *
   * @default 1
   */
  readonly errorPercentThreshold?: number | false;

  /**
   * The percentage of denials among all decisions that raises the alarm, in two of three periods of 5 minutes. `false`
   * omits the alarm.
   *
   * @default 50
   */
  readonly denialPercentThreshold?: number | false;

  /**
   * Minimum number of denials within 5 minutes before their percentage can raise the alarm.
   *
   * @default 100
   */
  readonly leastDenials?: number;

  /**
   * Creates the alarm on the function that syncs usage plans. The alarm is raised if the function skips a key, fails,
   * is throttled, or is 5 minutes behind the table. The construct doesn't create the alarm if all plans are shared.
   *
   * @default true
   */
  readonly usagePlanSyncAlarm?: boolean;

  /**
   * The usage of the authorizer's keys. The construct then creates an alarm on the function that writes it. The alarm is
   * raised if a run fails or is throttled.
   *
   * @default - the usage isn't monitored
   */
  readonly usage?: ApiKeyUsage;

  /**
   * The number of requests within 5 minutes whose limits the function couldn't check, because DynamoDB didn't respond
   * in time. A single slow response doesn't raise the alarm by default. `false` omits the alarm. The construct creates it
   * only if the authorizer has a plan with `enforce: 'authorizer'`.
   *
   * @default 10
   */
  readonly limiterFailureThreshold?: number | false;

  /**
   * The events of the table's keys. The construct then creates an alarm on events that could not be sent, and one on
   * events that are late.
   *
   * @default - the events aren't monitored
   */
  readonly events?: ApiKeyEvents;
}

/** Alarms and a dashboard for an authorizer. docs/operations.md lists their runbooks and costs. */
export class ApiKeyMonitoring extends Construct {
  /**
   * The alarm that is raised if the authorizer couldn't decide requests. It's absent if `faultThreshold` is `false`.
   */
  readonly faultAlarm: Alarm | undefined;

  /** The alarm that is raised if Lambda throttles requests. It's absent if `throttleThreshold` is `false`. */
  readonly throttleAlarm: Alarm | undefined;

  /**
   * The alarm that is raised if the function fails, including failures that the function's own metrics can't count.
   * It's absent if `errorPercentThreshold` is `false`. It's too slow for a canary deployment. Use the authorizer's
   * `rolloutAlarm` for that.
   */
  readonly errorAlarm: Alarm | undefined;

  /** The alarm that is raised if too many requests are denied. It's absent if `denialPercentThreshold` is `false`. */
  readonly denialAlarm: Alarm | undefined;

  /**
   * The alarm that is raised if the function that syncs usage plans has a problem. Keys on a plan may then be rejected.
   * The alarm is absent if all plans are shared.
   */
  readonly usagePlanSyncAlarm: Alarm | undefined;

  /**
   * The alarm that is raised if the usage of an hour wasn't written. The next run catches up within three hours. The
   * alarm is absent without the prop `usage`.
   */
  readonly usageAlarm: Alarm | undefined;

  /**
   * The alarm that is raised if the function couldn't check limits. Keys may then exceed them, unless
   * `onLimiterFailure` is `deny`. It's absent if `limiterFailureThreshold` is `false`, or if no plan has
   * `enforce: 'authorizer'`.
   */
  readonly limiterFailureAlarm: Alarm | undefined;

  /**
   * The alarm that is raised while the dead-letter queue of the events has messages. It's absent without the prop
   * `events`.
   */
  readonly lostEventsAlarm: Alarm | undefined;

  /**
   * The alarm that is raised if the function of the events fails, is throttled, or is 15 minutes behind the table. It's
   * absent without the prop `events`.
   */
  readonly lateEventsAlarm: Alarm | undefined;

  /** The dashboard of decisions, latencies and capacity. It's absent if the prop `dashboard` is `false`. */
  readonly dashboard: Dashboard | undefined;

  /**
   * Creates the alarms and the dashboard.
   *
   * @throws LatchkeyError `CONFIG_INVALID`, with a list of every invalid prop, or if the authorizer's prop `metrics` is
   * `false`
   */
  constructor(scope: Construct, id: string, props: ApiKeyMonitoringProps) {
    super(scope, id);
    checkThresholds(this, props);
    const { authorizer, table, faultThreshold = 1, throttleThreshold = 1, errorPercentThreshold = 1 } = props;
    const { denialPercentThreshold = 50, leastDenials = 100, usagePlanSyncAlarm = true } = props;
    const usagePlanSync = authorizer.plans?.usagePlanSync;
    this.faultAlarm = createAlarm(this, 'Faults', faultThreshold, () => ({
      metric: authorizer.metricFaults({ period: PERIOD }),
      alarmDescription: 'Requests could not be decided, and were answered with an error.',
    }));
    this.throttleAlarm = createAlarm(this, 'Throttles', throttleThreshold, () => ({
      metric: authorizer.function.metricThrottles({ period: PERIOD }),
      alarmDescription: 'Lambda throttled requests before the authorizer could decide on them.',
    }));
    this.errorAlarm = createAlarm(this, 'ErrorRate', errorPercentThreshold, () => ({
      metric: errorPercent(authorizer),
      alarmDescription: 'The authorizer fails for requests that have a key.',
      ...TWICE,
    }));
    this.denialAlarm = createAlarm(this, 'DenialSurge', denialPercentThreshold, () => ({
      metric: denialPercent(authorizer, leastDenials),
      alarmDescription: 'Many requests are denied.',
      ...TWICE,
    }));
    this.usagePlanSyncAlarm =
      usagePlanSync &&
      createAlarm(this, 'UsagePlanSync', usagePlanSyncAlarm && 1, () => ({
        metric: usagePlanSyncTrouble(usagePlanSync),
        alarmDescription: 'Keys on a plan are refused because API Gateway has no API key for them.',
      }));
    const { usage } = props;
    this.usageAlarm =
      usage &&
      createAlarm(this, 'Usage', 1, () => ({
        metric: usageTrouble(usage),
        alarmDescription: 'The usage of API keys was not written.',
      }));
    this.limiterFailureAlarm = createLimiterFailureAlarm(this, props);
    this.lostEventsAlarm = props.events && createLostEventsAlarm(this, props.events);
    this.lateEventsAlarm = props.events && createLateEventsAlarm(this, props.events);
    this.dashboard = props.dashboard === false ? undefined : monitoringDashboard(this, authorizer, table, this.alarms);
    this.#addActions(props);
  }

  /** All alarms that the construct created. */
  get alarms(): readonly Alarm[] {
    const { faultAlarm, throttleAlarm, errorAlarm, denialAlarm, usagePlanSyncAlarm, limiterFailureAlarm } = this;
    const all = [
      faultAlarm,
      throttleAlarm,
      errorAlarm,
      denialAlarm,
      usagePlanSyncAlarm,
      limiterFailureAlarm,
      this.usageAlarm,
      this.lostEventsAlarm,
      this.lateEventsAlarm,
    ];
    return all.filter((alarm) => alarm !== undefined);
  }

  #addActions({ alarmActions = [], okActions = [] }: ApiKeyMonitoringProps): void {
    for (const alarm of this.alarms) {
      alarm.addAlarmAction(...alarmActions);
      alarm.addOkAction(...okActions);
    }
  }
}

const PERIOD = Duration.minutes(5);

/**
 * Requires two of three periods. Data of the last period may not have arrived. AWS advises against alarms that use
 * `FILL` on only the last period ("Using math expressions with CloudWatch metrics").
 */
const TWICE = { evaluationPeriods: 3, datapointsToAlarm: 2 };

/**
 * The maximum age of a record that the function hasn't read yet. Keys on a plan are rejected until the function has
 * read their records.
 */
const MAX_DELAY = Duration.minutes(5);

/** The maximum age of a record that the function of the events hasn't read yet. */
const MAX_EVENT_DELAY = Duration.minutes(15);

/** The sections of docs/operations.md about the alarms. */
const RUNBOOKS = {
  Faults: 'alarm-faults',
  Throttles: 'alarm-throttles',
  ErrorRate: 'alarm-error-rate',
  DenialSurge: 'alarm-denial-surge',
  UsagePlanSync: 'alarm-usage-plan-sync',
  Usage: 'alarm-usage',
  LimiterFailures: 'alarm-limiter-failures',
  LostEvents: 'alarm-lost-events',
  LateEvents: 'alarm-late-events',
} as const;

/** Rejects zero, which would keep an alarm raised, and percentages over 100, which would never raise it. */
function checkThresholds(scope: Construct, props: ApiKeyMonitoringProps): void {
  const { faultThreshold, throttleThreshold, errorPercentThreshold, denialPercentThreshold, leastDenials } = props;
  const { limiterFailureThreshold } = props;
  const problems = [
    ...thresholdProblems(
      { faultThreshold, throttleThreshold, leastDenials, limiterFailureThreshold },
      Number.MAX_SAFE_INTEGER,
      'a number above 0',
    ),
    ...thresholdProblems({ errorPercentThreshold, denialPercentThreshold }, 100, 'a number above 0, at most 100'),
  ];
  if (problems.length > 0) throw propError(scope, ...problems);
}

function thresholdProblems(
  thresholds: Readonly<Record<string, number | boolean | undefined>>,
  most: number,
  expected: string,
): readonly string[] {
  // The type through jsii is a boolean instead of `false`.
  const given = Object.entries(thresholds).filter(
    ([, value]) => value !== undefined && value !== false && !Token.isUnresolved(value),
  );
  const outside = given.filter(([, value]) => !(typeof value === 'number' && value > 0 && value <= most));
  return outside.map(([prop, value]) => `${prop}: expected ${expected}, got ${String(value)}`);
}

/**
 * Creates an alarm, or returns `undefined` if the threshold is `false`. Missing data doesn't raise the alarm, because
 * it only means that there weren't any requests.
 */
function createAlarm(
  scope: Construct,
  id: keyof typeof RUNBOOKS,
  threshold: number | false,
  getProps: () => Partial<AlarmProps> & { readonly metric: IMetric; readonly alarmDescription: string },
): Alarm | undefined {
  if (threshold === false) return undefined;
  const { alarmDescription, ...others } = getProps();
  return new Alarm(scope, id, {
    evaluationPeriods: 1,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: TreatMissingData.NOT_BREACHING,
    threshold,
    alarmDescription: `${alarmDescription} Runbook: docs/operations.md#${RUNBOOKS[id]}`,
    ...others,
  });
}

/** Creates the alarm on limits if the authorizer has a table of limits. */
function createLimiterFailureAlarm(
  scope: Construct,
  { authorizer, limiterFailureThreshold = 10 }: ApiKeyMonitoringProps,
): Alarm | undefined {
  if (authorizer.limits === undefined) return undefined;
  return createAlarm(scope, 'LimiterFailures', limiterFailureThreshold, () => ({
    metric: authorizer.metricLimiterFailures({ period: PERIOD }),
    alarmDescription: 'The limits of requests could not be checked.',
  }));
}

function createLostEventsAlarm(scope: Construct, { deadLetterQueue }: ApiKeyEvents): Alarm | undefined {
  return createAlarm(scope, 'LostEvents', 1, () => ({
    metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: PERIOD }),
    alarmDescription: 'Events of API keys could not be sent.',
  }));
}

function createLateEventsAlarm(scope: Construct, events: ApiKeyEvents): Alarm | undefined {
  return createAlarm(scope, 'LateEvents', 1, () => ({
    metric: eventTrouble(events),
    alarmDescription: 'Events of API keys are late.',
  }));
}

/**
 * Returns the percentage of errors without those for requests without a key. It counts those in the log, because the
 * function's own metrics arrive up to a minute later.
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

/**
 * Returns the percentage of denials. Faults don't count, because they aren't decisions. The function doesn't emit
 * zeros.
 */
function denialPercent(authorizer: ApiKeyAuthorizer, leastDenials: number): IMetric {
  return new MathExpression({
    label: 'Denials, %',
    expression: `IF(denied >= ${Tokenization.stringifyNumber(leastDenials)}, 100 * denied / (denied + FILL(allowed, 0)), 0)`,
    usingMetrics: { denied: authorizer.metricDenied(), allowed: authorizer.metricAllowed() },
    period: PERIOD,
  });
}

/**
 * Returns 1 if the function skipped a key, failed, was throttled or is behind. Otherwise, returns 0. Lambda reports the
 * iterator age only for batches that it processed.
 */
function usagePlanSyncTrouble(usagePlanSync: UsagePlanSyncFunction): IMetric {
  const { function: lambda } = usagePlanSync;
  return new MathExpression({
    label: 'Keys without their plan',
    expression: `IF(FILL(refused, 0) + FILL(errors, 0) + FILL(throttles, 0) > 0, 1, IF(FILL(behind, 0) >= ${MAX_DELAY.toMilliseconds()}, 1, 0))`,
    usingMetrics: {
      refused: usagePlanSync.metricRefused(),
      errors: lambda.metricErrors(),
      throttles: lambda.metricThrottles(),
      behind: lambda.metric('IteratorAge', { statistic: Stats.MAXIMUM }),
    },
    period: PERIOD,
  });
}

/** Returns the number of runs that failed or were throttled. Lambda tries a failed run twice more. */
function usageTrouble({ function: lambda }: ApiKeyUsage): IMetric {
  return new MathExpression({
    label: 'Runs that failed',
    expression: 'FILL(errors, 0) + FILL(throttles, 0)',
    usingMetrics: { errors: lambda.metricErrors(), throttles: lambda.metricThrottles() },
    period: PERIOD,
  });
}

/**
 * Returns 1 if the function of the events failed, was throttled or is behind. Otherwise, returns 0. Lambda reports the
 * iterator age only for batches that it processed.
 */
function eventTrouble({ function: lambda }: ApiKeyEvents): IMetric {
  return new MathExpression({
    label: 'Late events',
    expression: `IF(FILL(errors, 0) + FILL(throttles, 0) > 0, 1, IF(FILL(behind, 0) >= ${MAX_EVENT_DELAY.toMilliseconds()}, 1, 0))`,
    usingMetrics: {
      errors: lambda.metricErrors(),
      throttles: lambda.metricThrottles(),
      behind: lambda.metric('IteratorAge', { statistic: Stats.MAXIMUM }),
    },
    period: PERIOD,
  });
}

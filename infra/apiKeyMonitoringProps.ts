import type { IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch';
import type { ApiKeyAuthorizer } from './apiKeyAuthorizer.ts';
import type { IApiKeyTable } from './apiKeyTable.ts';

/** What is watched, what raises an alarm, and who is told. */
export interface ApiKeyMonitoringProps {
  /** What is watched. It must count in metrics, as it does unless told otherwise. */
  readonly authorizer: ApiKeyAuthorizer;

  /**
   * The table whose capacity is on the dashboard.
   *
   * @default - none
   */
  readonly table?: IApiKeyTable;

  /**
   * What every alarm does when it is raised.
   *
   * @default [] - it is seen in CloudWatch, and nobody is told
   */
  readonly alarmActions?: readonly IAlarmAction[];

  /**
   * Whether there is a dashboard.
   *
   * @default true
   */
  readonly dashboard?: boolean;

  /**
   * How many requests in 5 minutes may not be decided before the alarm is raised: DynamoDB does not answer, a record is corrupt.
   * `false` for no such alarm.
   *
   * @default 1
   */
  readonly faultThreshold?: number | false;

  /**
   * How many requests in 5 minutes Lambda may throttle before the alarm is raised. `false` for no such alarm.
   *
   * @default 1
   */
  readonly throttleThreshold?: number | false;

  /**
   * Which share of invocations may fail before the alarm is raised, in percent, in two of three periods of 5 minutes. A request
   * without a key, which API Gateway wants answered by an error, does not count. `false` for no such alarm.
   *
   * @default 1
   */
  readonly errorPercentThreshold?: number | false;

  /**
   * Which share of decisions may be denials before the alarm is raised, in percent, in two of three periods of 5 minutes. `false`
   * for no such alarm.
   *
   * @default 50
   */
  readonly denialPercentThreshold?: number | false;

  /**
   * With fewer denials than this in 5 minutes their share raises no alarm.
   *
   * @default 100
   */
  readonly leastDenials?: number;

  /**
   * Whether an alarm is raised where the function that makes API keys for plans passes a key over, fails, is throttled, or is 5
   * minutes behind. There is none where no plan is per key.
   *
   * @default true
   */
  readonly usagePlanSyncAlarm?: boolean;
}

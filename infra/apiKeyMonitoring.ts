import type { Alarm, Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { monitoringAlarms } from './monitoringAlarms.ts';
import { monitoringDashboard } from './monitoringDashboard.ts';
import type { ApiKeyMonitoringProps } from './apiKeyMonitoringProps.ts';

/**
 * Alarms on what keeps an authorizer from deciding, and a dashboard of what it decides. docs/operations.md says for each alarm what
 * to do, and what all of it costs.
 */
export class ApiKeyMonitoring extends Construct {
  /** Requests could not be decided. Each alarm is absent where its prop is false. */
  readonly faultAlarm: Alarm | undefined;

  /** Lambda turned requests away. */
  readonly throttleAlarm: Alarm | undefined;

  /** The function fails, also in ways that it cannot count itself. It is too slow for a canary: see `rolloutAlarm` of the authorizer. */
  readonly errorAlarm: Alarm | undefined;

  /** Many requests are refused. */
  readonly denialAlarm: Alarm | undefined;

  /** Keys on a plan are refused, for their API keys are missing. Absent also where no plan is per key. */
  readonly usagePlanSyncAlarm: Alarm | undefined;

  /** What the function decides and how it does; absent where `dashboard` is false. */
  readonly dashboard: Dashboard | undefined;

  /** Throws LatchkeyError `CONFIG_INVALID`, listing every prop that is wrong, and where the authorizer counts in no metrics. */
  constructor(scope: Construct, id: string, props: ApiKeyMonitoringProps) {
    super(scope, id);
    const alarms = monitoringAlarms(this, props);
    this.faultAlarm = alarms.fault;
    this.throttleAlarm = alarms.throttle;
    this.errorAlarm = alarms.error;
    this.denialAlarm = alarms.denial;
    this.usagePlanSyncAlarm = alarms.usagePlanSync;
    this.dashboard = props.dashboard === false ? undefined : monitoringDashboard(this, props, this.alarms);
    for (const alarm of this.alarms) alarm.addAlarmAction(...(props.alarmActions ?? []));
  }

  /** Those that there are. */
  get alarms(): readonly Alarm[] {
    const all = [this.faultAlarm, this.throttleAlarm, this.errorAlarm, this.denialAlarm, this.usagePlanSyncAlarm];
    return all.filter((alarm) => alarm !== undefined);
  }
}

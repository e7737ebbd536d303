import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { type Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  EventSourceMapping,
  FilterCriteria,
  FilterRule,
  type Function as LambdaFunction,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { METRIC_NAMESPACE } from '../lambda/metrics.ts';
import type { IApiKeyTable } from './apiKeyTable.ts';
import { latchkeyFunction, type SharedFunctionSettings } from './latchkeyFunction.ts';
import { acknowledgeWildcards } from './nag.ts';
import { grantEncryptionKey, STREAM_ACTIONS } from './tableGrants.ts';

/** Matches the log lines of skipped keys and failed cold starts. The function logs a WARN for work that it retries. */
const REFUSED = FilterPattern.stringValue('$.level', '=', 'ERROR');

const LOSSES_BY_LOG_LEVEL = {
  FATAL: 'the log line of each key that gets no API key, and with it the alarm',
} as const;

const IDS_ASSIGNED_LATER =
  'API Gateway assigns the id of an API key when it is created. The policy cannot list ids of keys that do not exist yet.';

export interface UsagePlanSyncFunctionProps extends SharedFunctionSettings {
  readonly table: IApiKeyTable;
  /** The namespace from `planNamespace`. */
  readonly namespace: string;
  /** Plan name → usage plan id. It contains only plans that limit each key. */
  readonly usagePlanIds: Readonly<Record<string, string>>;
  /** The usage plan ids of shared plans. */
  readonly sharedUsagePlanIds: readonly string[];
}

/**
 * The function that reads the table's stream. It creates and deletes an API Gateway API key for each Latchkey key whose
 * plan isn't shared (docs/adr/0010).
 */
export class UsagePlanSyncFunction extends Construct {
  /**
   * The Lambda function. Use it for alarms. Its iterator age shows how far it is behind the table. An error means that
   * a whole batch failed.
   */
  readonly function: LambdaFunction;

  /** The log group, with one line for each skipped or delayed key. */
  readonly logGroup: ILogGroup;

  #refused: MetricFilter | undefined;

  /** @internal */
  static _create(scope: Construct, id: string, props: UsagePlanSyncFunctionProps): UsagePlanSyncFunction {
    return new UsagePlanSyncFunction(scope, id, props);
  }

  private constructor(scope: Construct, id: string, props: UsagePlanSyncFunctionProps) {
    super(scope, id);
    const { table, namespace, usagePlanIds, sharedUsagePlanIds } = props;
    const streamArn = table.streamArn();
    const created = latchkeyFunction(this, {
      bundle: 'usage-plan-sync',
      description: 'Latchkey: keeps an API key of API Gateway for each key whose plan is per key',
      timeout: Duration.minutes(2),
      environment: {
        LATCHKEY_PLAN_NAMESPACE: namespace,
        LATCHKEY_USAGE_PLANS: Stack.of(this).toJsonString(usagePlanIds),
        LATCHKEY_SHARED_USAGE_PLANS: Stack.of(this).toJsonString(sharedUsagePlanIds),
      },
      shared: props,
      grant: (role) => this.#grant(role, streamArn, props),
      lossesByLogLevel: LOSSES_BY_LOG_LEVEL,
    });
    this.function = created.function;
    this.logGroup = created.logGroup;
    this.#readStream(streamArn);
  }

  /**
   * Returns the metric for the number of skipped keys and of cold starts that failed because of an invalid setting. A
   * metric filter on the log counts them. The first call creates the filter.
   */
  metricRefused(options?: MetricOptions): Metric {
    this.#refused ??= new MetricFilter(this, 'Refused', {
      logGroup: this.logGroup,
      filterPattern: REFUSED,
      metricNamespace: METRIC_NAMESPACE,
      metricName: `UsagePlanSyncRefused-${this.function.functionName}`,
      metricValue: '1',
      defaultValue: 0,
    });
    return this.#refused.metric({ statistic: Stats.SUM, ...options });
  }

  /**
   * Reads only records that have a plan before or after the write. A failing record delays later ones for a day at
   * most.
   */
  #readStream(eventSourceArn: string): void {
    const plan = { S: FilterRule.exists() };
    new EventSourceMapping(this, 'Stream', {
      target: this.function,
      eventSourceArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 25,
      // API Gateway adds only one key to a plan at a time. Parallel batches of one shard would interfere with each
      // other.
      parallelizationFactor: 1,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      filters: ['NewImage', 'OldImage'].map((image) => FilterCriteria.filter({ dynamodb: { [image]: { plan } } })),
    });
  }

  #grant(
    role: IRole,
    streamArn: string,
    { table, usagePlanIds, sharedUsagePlanIds }: UsagePlanSyncFunctionProps,
  ): void {
    const allow = (actions: readonly string[], resources: string[]) =>
      role.addToPrincipalPolicy(new PolicyStatement({ actions: [...actions], resources }));
    allow(STREAM_ACTIONS, [streamArn]);
    grantEncryptionKey(table.resource, role, ['kms:Decrypt']);

    const ids = Object.values(usagePlanIds);
    allow(['apigateway:GET'], [this.#arn('/apikeys'), this.#arn('/usageplans')]);
    allow(['apigateway:POST'], [this.#arn('/apikeys'), ...ids.map((id) => this.#arn(`/usageplans/${id}/keys`))]);
    const memberships = [...ids, ...sharedUsagePlanIds].map((id) => this.#arn(`/usageplans/${id}/keys/*`));
    const deletable = [this.#arn('/apikeys/*'), ...memberships];
    allow(['apigateway:DELETE'], deletable);
    acknowledgeWildcards(role, deletable, IDS_ASSIGNED_LATER);
  }

  /** Omits the account from the ARN ("How Amazon API Gateway works with IAM"). */
  #arn(resource: string): string {
    return Stack.of(this).formatArn({
      service: 'apigateway',
      account: '',
      resource,
      arnFormat: ArnFormat.NO_RESOURCE_NAME,
    });
  }
}

import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  EventSourceMapping,
  FilterCriteria,
  FilterRule,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import { FilterPattern, type ILogGroup, LogGroup, MetricFilter, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { METRIC_NAMESPACE } from '../lambda/metrics.ts';
import type { IApiKeyTable } from './apiKeyTable.ts';
import { functionBundle, warnOfUsagePlanLogLevel } from './authorizerFunction.ts';
import { acknowledgeWildcards } from './nag.ts';
import { grantEncryptionKey } from './tableGrants.ts';

const BUNDLE = functionBundle('usage-plan-sync');

/** "Using Lambda with DynamoDB": what the role of a function that follows a stream may do. */
const STREAM_ACTIONS: readonly string[] = [
  'dynamodb:DescribeStream',
  'dynamodb:GetRecords',
  'dynamodb:GetShardIterator',
  'dynamodb:ListStreams',
];

/** A key that was passed over, or a function that does not start; what is tried again is a WARN. */
const REFUSED = FilterPattern.stringValue('$.level', '=', 'ERROR');

const IDS_MADE_UP_LATER =
  'API Gateway makes up the id of an API key when it is made: those that this function makes cannot be named before.';

export interface UsagePlanSyncFunctionProps {
  readonly table: IApiKeyTable;
  readonly namespace: string;
  /** By plan, the usage plan that limits each of its keys. */
  readonly usagePlanIds: Readonly<Record<string, string>>;
  /** Of the plans that are shared. */
  readonly sharedUsagePlanIds: readonly string[];
  readonly logRetention: RetentionDays | undefined;
}

/**
 * The function that follows the table's stream, and makes and deletes an API key of API Gateway for each Latchkey key whose plan
 * is per key (docs/adr/0010).
 */
export class UsagePlanSyncFunction extends Construct {
  /** For alarms: its iterator age tells how far it is behind, its errors that a whole batch failed. */
  readonly function: LambdaFunction;

  /** Where each key that was refused or delayed has a line. */
  readonly logGroup: ILogGroup;

  #refused: MetricFilter | undefined;

  constructor(scope: Construct, id: string, props: UsagePlanSyncFunctionProps) {
    super(scope, id);
    const { table, namespace, usagePlanIds, sharedUsagePlanIds, logRetention } = props;
    const logGroup = new LogGroup(this, 'Logs', {
      retention: logRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const streamArn = table.streamArn();
    this.logGroup = logGroup;
    this.function = new LambdaFunction(this, 'Function', {
      description: 'Latchkey: keeps an API key of API Gateway for each key whose plan is per key',
      code: Code.fromAsset(BUNDLE),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 256,
      timeout: Duration.minutes(2),
      environment: {
        LATCHKEY_PLAN_NAMESPACE: namespace,
        LATCHKEY_USAGE_PLANS: Stack.of(this).toJsonString(usagePlanIds),
        LATCHKEY_SHARED_USAGE_PLANS: Stack.of(this).toJsonString(sharedUsagePlanIds),
      },
      role: this.#role(logGroup, streamArn, props),
      logGroup,
      loggingFormat: LoggingFormat.JSON,
    });
    this.#follow(streamArn);
    warnOfUsagePlanLogLevel(this.function);
  }

  /**
   * Keys that were passed over, and starts that a setting kept from being: a metric filter on the log counts them, which is made
   * when this is first asked for.
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

  /** What is on no plan, before and after, is not brought at all. A failure holds up what comes after it for a day at most. */
  #follow(eventSourceArn: string): void {
    const plan = { S: FilterRule.exists() };
    new EventSourceMapping(this, 'Stream', {
      target: this.function,
      eventSourceArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 25,
      // Two at once on one shard would be in each other's way: API Gateway puts one key on a plan at a time.
      parallelizationFactor: 1,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      filters: ['NewImage', 'OldImage'].map((image) => FilterCriteria.filter({ dynamodb: { [image]: { plan } } })),
    });
  }

  #role(logGroup: LogGroup, streamArn: string, props: UsagePlanSyncFunctionProps): Role {
    const usagePlanIds = Object.values(props.usagePlanIds);
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    const allow = (actions: readonly string[], resources: string[]) =>
      role.addToPrincipalPolicy(new PolicyStatement({ actions: [...actions], resources }));
    allow(STREAM_ACTIONS, [streamArn]);
    grantEncryptionKey(props.table.table, role, ['kms:Decrypt']);

    allow(['apigateway:GET'], [this.#arn('/apikeys'), this.#arn('/usageplans')]);
    allow(
      ['apigateway:POST'],
      [this.#arn('/apikeys'), ...usagePlanIds.map((id) => this.#arn(`/usageplans/${id}/keys`))],
    );
    const left = [...usagePlanIds, ...props.sharedUsagePlanIds].map((id) => this.#arn(`/usageplans/${id}/keys/*`));
    const deleted = [this.#arn('/apikeys/*'), ...left];
    allow(['apigateway:DELETE'], deleted);
    acknowledgeWildcards(role, deleted, IDS_MADE_UP_LATER);
    return role;
  }

  /** "How Amazon API Gateway works with IAM": resources of its own management have no account. */
  #arn(resource: string): string {
    return Stack.of(this).formatArn({
      service: 'apigateway',
      account: '',
      resource,
      arnFormat: ArnFormat.NO_RESOURCE_NAME,
    });
  }
}

import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { IRestApi, RestApiBase } from 'aws-cdk-lib/aws-apigateway';
import type { HttpApi, IHttpApi, IWebSocketApi, WebSocketApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { AttributeType, Billing, TableEncryptionV2, TableV2, type ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Grant, type IGrantable, type IRole } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Architecture, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { USAGE_ATTRIBUTE, USAGE_RETENTION_DAYS } from '../keys/usage.ts';
import { SETTINGS } from '../lambda/config.ts';
import { isApiId, USAGE_ROLLUP_VARIABLES } from '../lambda/usageRollup/settings.ts';
import { ApiKeyAuthorizer } from './apiKeyAuthorizer.ts';
import type { IApiKeyAuthorizer } from './iApiKeyAuthorizer.ts';
import { latchkeyFunction, runtimeProblems } from './latchkeyFunction.ts';
import { acknowledgeWildcards } from './nag.ts';
import { isKnown, propError } from './propChecks.ts';
import { grantUsageRead, grantUsageWrite } from './tableGrants.ts';

/** An API's access log in the format of `ApiKeyAccessLogFormat`. Pass either `api` or `apiId`. */
export interface ApiAccessLog {
  /** The log group to which the API's stage writes. Its log class must be Standard. Several APIs may share it. */
  readonly logGroup: ILogGroup;

  /**
   * The API whose stage writes to the log group.
   *
   * @default - the API `apiId`
   */
  readonly api?: IRestApi | RestApiBase | IHttpApi | HttpApi | IWebSocketApi | WebSocketApi;

  /**
   * The id of the API whose stage writes to the log group.
   *
   * @default - the id of `api`
   */
  readonly apiId?: string;
}

/** Properties of `ApiKeyUsage`: the authorizer, the access logs, and the table's protection. */
export interface ApiKeyUsageProps {
  /**
   * The authorizer whose keys are counted. The construct turns on the usage lines of an `ApiKeyAuthorizer`. Set the prop
   * `usage` of an imported authorizer where you create it, and pass its `logGroup` here.
   */
  readonly authorizer: IApiKeyAuthorizer;

  /**
   * The authorizer's log group. Its log class must be Standard.
   *
   * @default - the log group of an `ApiKeyAuthorizer`
   */
  readonly logGroup?: ILogGroup;

  /**
   * The APIs that are counted by their access log. An access log is exact behind the gateway's cache. It also has status
   * codes and latencies. Its stage must have the format of `ApiKeyAccessLogFormat`.
   *
   * @default [] - every API is counted by the authorizer's usage lines
   */
  readonly accessLogs?: readonly ApiAccessLog[];

  /**
   * The duration for which the table keeps an hour. DynamoDB deletes older hours at no cost.
   *
   * @default Duration.days(400)
   */
  readonly retention?: Duration;

  /**
   * The table's name.
   *
   * @default - CloudFormation generates a name
   */
  readonly tableName?: string;

  /**
   * The encryption of the table at rest.
   *
   * @default - a key that DynamoDB owns, at no cost
   */
  readonly encryption?: TableEncryptionV2;

  /**
   * The removal policy of the table if you remove it from the stack. `RETAIN` also turns the deletion protection on.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * The Node.js runtime of the function, Node.js 20 or newer.
   *
   * @default Runtime.NODEJS_24_X
   */
  readonly runtime?: Runtime;

  /**
   * The instruction set of the function.
   *
   * @default Architecture.ARM_64
   */
  readonly architecture?: Architecture;

  /**
   * The KMS key that encrypts the environment variables of the function. They don't contain secrets. The construct
   * grants the function the permission to decrypt them.
   *
   * @default - a key that AWS manages
   */
  readonly environmentEncryption?: IKey;

  /**
   * The time for which CloudWatch keeps the function's log. It contains one line for each run.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;

  /**
   * The removal policy of the function's log group.
   *
   * @default RemovalPolicy.DESTROY
   */
  readonly logRemovalPolicy?: RemovalPolicy;
}

/** The minute of each hour at which the function runs. The lines of the last hour have arrived by then. */
const MINUTE = '5';

const LOSSES_BY_LOG_LEVEL = {
  WARN: 'the summary of each run',
  ERROR: 'the summary of each run',
  FATAL: 'the summary of each run and the reason of each failure',
} as const;

const ALL_STREAMS =
  'The execution environments and API Gateway create the streams of a log group. Their names are not known before.';

/**
 * The number of requests of each key: a table with an item per key and hour, and a function that writes it each hour
 * from the authorizer's log and from access logs (docs/usage.md).
 */
export class ApiKeyUsage extends Construct {
  /** The table. Use its name for the output `UsageTableName` and for `latchkey --usage-table`. */
  readonly table: TableV2;

  /** The function that writes the table. A run that fails is an error of the function. The next run catches up. */
  readonly function: LambdaFunction;

  /** The function's log group, with one line for each run. */
  readonly functionLogGroup: ILogGroup;

  /**
   * Creates the table, the function and its schedule.
   *
   * @throws LatchkeyError `CONFIG_INVALID`, with a list of every invalid prop
   */
  constructor(scope: Construct, id: string, props: ApiKeyUsageProps) {
    super(scope, id);
    const { authorizer, accessLogs = [], retention = Duration.days(USAGE_RETENTION_DAYS) } = props;
    const own = authorizer instanceof ApiKeyAuthorizer ? authorizer : undefined;
    const logGroup = props.logGroup ?? own?.logGroup;
    const problems = [
      ...retentionProblems(retention),
      ...accessLogProblems(accessLogs),
      ...runtimeProblems(props.runtime),
    ];
    if (logGroup === undefined) {
      problems.push('logGroup: expected the log group of the imported authorizer, got none');
    }
    if (logGroup === undefined || problems.length > 0) throw propError(this, ...problems);
    own?.function.addEnvironment(SETTINGS.usage.variable, 'true');

    this.table = usageTable(this, props);
    const logGroups = [...new Set([logGroup, ...accessLogs.map((each) => each.logGroup)])];
    const created = latchkeyFunction(this, {
      bundle: 'usage-rollup',
      description: 'Latchkey: writes the usage of the last hours of each key',
      timeout: Duration.minutes(15),
      environment: {
        [USAGE_ROLLUP_VARIABLES.tableName]: this.table.tableName,
        [USAGE_ROLLUP_VARIABLES.logGroup]: logGroup.logGroupName,
        [USAGE_ROLLUP_VARIABLES.accessLogs]: Stack.of(this).toJsonString(
          accessLogs.map((each) => ({ logGroup: each.logGroup.logGroupName, apiId: apiIdOf(each) })),
        ),
        [USAGE_ROLLUP_VARIABLES.retentionDays]: String(retention.toDays()),
      },
      shared: props,
      grant: (role) => {
        grantUsageWrite(this.#resource, role);
        grantReadLogs(role, logGroups);
      },
      lossesByLogLevel: LOSSES_BY_LOG_LEVEL,
      options: { memorySize: 512 },
    });
    this.function = created.function;
    this.functionLogGroup = created.logGroup;
    new Rule(this, 'Schedule', {
      description: 'Latchkey: writes the usage of API keys each hour',
      schedule: Schedule.cron({ minute: MINUTE }),
      targets: [new LambdaTarget(this.function)],
    });
  }

  /** The table's name. Use it for the output `UsageTableName`. */
  get tableName(): string {
    return this.table.tableName;
  }

  /** Grants the permission that `registry.usage()`, the command line and the console need: to query the table. */
  grantRead(grantee: IGrantable): Grant {
    return grantUsageRead(this.#resource, grantee);
  }

  get #resource(): ITable {
    // The CDK's classes declare `undefined` for properties that its interfaces omit. Exact optional property types
    // require this assertion.
    return this.table as ITable;
  }
}

function usageTable(scope: Construct, props: ApiKeyUsageProps): TableV2 {
  const { removalPolicy = RemovalPolicy.RETAIN, tableName, encryption } = props;
  return new TableV2(scope, 'Table', {
    ...(tableName !== undefined && { tableName }),
    partitionKey: { name: USAGE_ATTRIBUTE.keyId, type: AttributeType.STRING },
    sortKey: { name: USAGE_ATTRIBUTE.hour, type: AttributeType.STRING },
    timeToLiveAttribute: USAGE_ATTRIBUTE.purgeAfter,
    billing: Billing.onDemand(),
    encryption: encryption ?? TableEncryptionV2.dynamoOwnedKey(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: removalPolicy === RemovalPolicy.RETAIN,
    removalPolicy,
  });
}

/** Grants reading with filters. Log groups don't need more, and don't have a narrower resource than their streams. */
function grantReadLogs(role: IRole, logGroups: readonly ILogGroup[]): void {
  const resourceArns = logGroups.map(({ logGroupArn }) => logGroupArn);
  Grant.addToPrincipal({ grantee: role, actions: ['logs:FilterLogEvents'], resourceArns });
  acknowledgeWildcards(role, resourceArns, ALL_STREAMS);
}

function apiIdOf({ api, apiId }: ApiAccessLog): string {
  if (api === undefined) return apiId ?? '';
  return 'restApiId' in api ? api.restApiId : api.apiId;
}

function retentionProblems(retention: Duration): string[] {
  const days = retention.isUnresolved() ? undefined : retention.toDays({ integral: false });
  const isValid = days !== undefined && Number.isInteger(days) && days >= 1 && days <= 36_500;
  const got = days === undefined ? 'one that only the deployment knows' : `${days} days`;
  return isValid ? [] : [`retention: expected whole days from 1 to 36500, got ${got}`];
}

function accessLogProblems(accessLogs: readonly ApiAccessLog[]): string[] {
  return accessLogs.flatMap(({ api, apiId }, at) => {
    if ((api === undefined) === (apiId === undefined)) {
      const got = api === undefined ? 'neither' : 'both';
      return [`accessLogs[${at}]: expected api or apiId, got ${got}`];
    }
    if (!isKnown(apiId) || isApiId(apiId)) return [];
    return [`accessLogs[${at}]: apiId: expected the id of an API such as a1b2c3d4e5, got ${JSON.stringify(apiId)}`];
  });
}

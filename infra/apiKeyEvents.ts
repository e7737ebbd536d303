import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableEncryptionV2, TableV2, type ITable } from 'aws-cdk-lib/aws-dynamodb';
import {
  Archive,
  EventBus,
  EventField,
  type EventPattern,
  type IEventBus,
  Rule,
  RuleTargetInput,
  Schedule,
} from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Grant, type IGrantable, type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  type Architecture,
  EventSourceMapping,
  type Function as LambdaFunction,
  type Runtime,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { ILogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { HISTORY_ATTRIBUTE, HISTORY_RETENTION_DAYS } from '../keys/history.ts';
import { KEY_EVENT_SOURCE, KEY_EVENT_TYPES } from '../keys/keyEvent.ts';
import { KEY_EVENTS_VARIABLES } from '../lambda/keyEvents/settings.ts';
import type { IApiKeyLimits } from './apiKeyLimits.ts';
import type { IApiKeyTable } from './apiKeyTable.ts';
import { latchkeyFunction, runtimeProblems } from './latchkeyFunction.ts';
import { acknowledge } from './nag.ts';
import { checkText, propError } from './propChecks.ts';
import {
  grantEncryptionKey,
  grantFindKeys,
  grantHistoryRead,
  grantHistoryWrite,
  grantMarkLimits,
  grantScanKeys,
  STREAM_ACTIONS,
  type TableProp,
  tableReference,
} from './tableGrants.ts';

/** Properties of `ApiKeyEvents`: the table, the event bus, the history, and what gives events. */
export interface ApiKeyEventsProps {
  /** The table of keys. The construct turns on its stream. An imported table needs `tableStreamArn`. */
  readonly table: IApiKeyTable;

  /**
   * The event bus that gets the events.
   *
   * @default - the default event bus of the account and the Region
   */
  readonly eventBus?: IEventBus;

  /**
   * Keeps the events of each key in a table, which `latchkey history` reads. Pass a duration to keep them for another
   * time than 400 days. DynamoDB deletes older events at no cost.
   *
   * @default false
   */
  readonly history?: boolean | Duration;

  /**
   * The encryption of the history table at rest. The table has no secrets or hashes.
   *
   * @default - a key that DynamoDB owns, at no cost
   */
  readonly historyEncryption?: TableEncryptionV2;

  /**
   * The removal policy of the history table if you remove it from the stack. `RETAIN` also turns its deletion protection
   * on.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly historyRemovalPolicy?: RemovalPolicy;

  /**
   * Keeps the events in an archive of EventBridge for this duration. You can replay them to new rules. You can't search
   * an archive.
   *
   * @default - no archive
   */
  readonly archive?: Duration;

  /**
   * The time without a use after which an active key gives the event `KeyUnused`, in whole days.
   *
   * @default - no events about unused keys
   */
  readonly unusedAfter?: Duration;

  /**
   * The table of limits, whose quotas give the event `QuotaNearlySpent` at 80 % and at 100 %. Only quotas per day, week or
   * month do, in the hour after.
   *
   * @default - no events about quotas
   */
  readonly limits?: IApiKeyLimits;

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
   * The time for which CloudWatch keeps the function's log. It contains one line for each scheduled run, and for each
   * event that could not be sent.
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

const LIMITS_TABLE: TableProp = { name: 'limits', advice: 'pass the ApiKeyLimits of the authorizer in this Region' };

/** The hour of the day, in UTC, at which the function looks for keys that expire or are unused. */
const DAILY_HOUR = '6';
/** The minute of each hour at which the function looks for quotas that are nearly spent. */
const QUOTA_MINUTE = '10';

/** A stream keeps a record for 24 hours. The function gives up before, so that the dead-letter queue gets the rest. */
const MAX_RECORD_AGE = Duration.hours(23);
/**
 * Most of the stream's records are last-used writes, which give no event. A larger batch and a longer window make fewer
 * invocations of them (docs/cost.md).
 */
const BATCH_SIZE = 1000;
const BATCHING_WINDOW = Duration.seconds(5);

const LOSSES_BY_LOG_LEVEL = {
  WARN: 'the summary of each scheduled run',
  ERROR: 'the summary of each scheduled run, and the line of each event that is tried again',
  FATAL: 'the line of each event that could not be sent',
} as const;

const IS_DEAD_LETTER_QUEUE = 'It is the dead-letter queue itself. An alarm of ApiKeyMonitoring watches it.';

/**
 * The events of keys in EventBridge: of every change, from the table's stream, and of keys that expire, are unused or
 * have nearly spent their quota, by schedules (docs/events.md).
 *
 * Each event is sent at least once. A record of the stream without an event goes to a dead-letter queue. Create only one
 * of these constructs for a table, also if the table has replicas. A stream has at most two readers.
 */
export class ApiKeyEvents extends Construct {
  /** The event bus that gets the events. */
  readonly eventBus: IEventBus;

  /** The function that sends the events. */
  readonly function: LambdaFunction;

  /** The function's log group. */
  readonly functionLogGroup: ILogGroup;

  /** The queue of records and scheduled runs whose events could not be sent. Its messages have ids and no fields. */
  readonly deadLetterQueue: Queue;

  /** The history table. It's absent unless the prop `history` is set. */
  readonly historyTable: TableV2 | undefined;

  /** The archive. It's absent without the prop `archive`. */
  readonly archive: Archive | undefined;

  readonly #tableArn: string;

  /**
   * Creates the function with its schedules, its dead-letter queue, and the history table and the archive if you want
   * them.
   *
   * @throws LatchkeyError `CONFIG_INVALID`, with a list of every invalid prop
   */
  constructor(scope: Construct, id: string, props: ApiKeyEventsProps) {
    super(scope, id);
    const { table, archive, limits, history = false } = props;
    const problems = [
      ...(typeof history === 'boolean' ? [] : dayProblems('history', history)),
      ...dayProblems('archive', archive),
      ...dayProblems('unusedAfter', props.unusedAfter),
      ...runtimeProblems(props.runtime),
    ];
    if (problems.length > 0) throw propError(this, ...problems);

    this.#tableArn = table.tableArn;
    this.eventBus = props.eventBus ?? EventBus.fromEventBusName(this, 'DefaultBus', 'default');
    this.historyTable = history === false ? undefined : historyTable(this, props);
    this.deadLetterQueue = deadLetterQueue(this);
    const streamArn = table.streamArn();
    const created = latchkeyFunction(this, {
      bundle: 'key-events',
      description: 'Latchkey: sends the events of API keys to EventBridge',
      timeout: Duration.minutes(15),
      environment: this.#environment(props),
      shared: props,
      grant: (role) => this.#grant(role, streamArn, props),
      lossesByLogLevel: LOSSES_BY_LOG_LEVEL,
      options: { memorySize: 512, deadLetterQueue: this.deadLetterQueue },
    });
    this.function = created.function;
    this.functionLogGroup = created.logGroup;
    this.#readStream(streamArn);
    this.#schedule('Daily', 'keys', Schedule.cron({ hour: DAILY_HOUR, minute: '0' }));
    if (limits !== undefined) this.#schedule('Quotas', 'quotas', Schedule.cron({ minute: QUOTA_MINUTE }));
    this.archive =
      archive &&
      new Archive(this, 'Archive', {
        sourceEventBus: this.eventBus,
        description: 'Latchkey: the events of API keys',
        eventPattern: this.eventPattern(),
        retention: archive,
      });
  }

  /** The name of the history table, for the output `HistoryTableName`. It's absent without a history. */
  get historyTableName(): string | undefined {
    return this.historyTable?.tableName;
  }

  /**
   * Returns the pattern of a rule that matches events of this table, such as
   * `new Rule(this, 'Expiry', { eventBus: events.eventBus, eventPattern: events.eventPattern('KeyExpiring'), targets })`.
   * Without detail types, it matches all events.
   *
   * @throws LatchkeyError `CONFIG_INVALID` for another detail type than those in docs/events.md
   */
  eventPattern(...detailTypes: string[]): EventPattern {
    for (const detailType of detailTypes) checkText(this, 'detailTypes', detailType, KEY_EVENT_TYPES);
    return {
      source: [KEY_EVENT_SOURCE],
      resources: [this.#tableArn],
      ...(detailTypes.length > 0 && { detailType: detailTypes }),
    };
  }

  /**
   * Grants the permission that `latchkey history` and `registry.history()` need: to query the history table.
   *
   * @throws LatchkeyError `CONFIG_INVALID` without the prop `history`
   */
  grantReadHistory(grantee: IGrantable): Grant {
    if (this.historyTable === undefined) throw propError(this, 'history: expected true or a duration, got no history');
    return grantHistoryRead(this.historyTable as ITable, grantee);
  }

  #environment({ table, history, unusedAfter, limits }: ApiKeyEventsProps): Record<string, string> {
    const historyDays = history instanceof Duration ? history.toDays() : HISTORY_RETENTION_DAYS;
    const { historyTable: historyVariable, historyDays: daysVariable } = KEY_EVENTS_VARIABLES;
    return {
      [KEY_EVENTS_VARIABLES.tableName]: tableReference(this, table.resource).value,
      [KEY_EVENTS_VARIABLES.tableArn]: table.tableArn,
      [KEY_EVENTS_VARIABLES.busName]: this.eventBus.eventBusArn,
      [KEY_EVENTS_VARIABLES.deadLetterQueue]: this.deadLetterQueue.queueUrl,
      ...(this.historyTable && {
        [historyVariable]: this.historyTable.tableName,
        [daysVariable]: String(historyDays),
      }),
      ...(unusedAfter && { [KEY_EVENTS_VARIABLES.unusedDays]: String(unusedAfter.toDays()) }),
      ...(limits && { [KEY_EVENTS_VARIABLES.limitsTable]: tableReference(this, limits.resource, LIMITS_TABLE).value }),
    };
  }

  #grant(role: IRole, streamArn: string, { table, limits }: ApiKeyEventsProps): void {
    role.addToPrincipalPolicy(new PolicyStatement({ actions: [...STREAM_ACTIONS], resources: [streamArn] }));
    grantEncryptionKey(table.resource, role, ['kms:Decrypt']);
    grantScanKeys(table.resource, role);
    if (limits !== undefined) {
      grantMarkLimits(limits.resource, role);
      grantFindKeys(table.resource, role);
    }
    if (this.historyTable !== undefined) grantHistoryWrite(this.historyTable as ITable, role);
    Grant.addToPrincipal({
      grantee: role,
      actions: ['events:PutEvents'],
      resourceArns: [this.eventBus.eventBusArn],
      conditions: { StringEquals: { 'events:source': KEY_EVENT_SOURCE } },
    });
    Grant.addToPrincipal({
      grantee: role,
      actions: ['sqs:SendMessage'],
      resourceArns: [this.deadLetterQueue.queueArn],
    });
  }

  /** One batch of a shard at a time, because the events of a key are sent in order. */
  #readStream(eventSourceArn: string): void {
    new EventSourceMapping(this, 'Stream', {
      target: this.function,
      eventSourceArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: BATCH_SIZE,
      maxBatchingWindow: BATCHING_WINDOW,
      parallelizationFactor: 1,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      maxRecordAge: MAX_RECORD_AGE,
      onFailure: new SqsDlq(this.deadLetterQueue),
    });
  }

  #schedule(id: string, run: 'keys' | 'quotas', schedule: Schedule): void {
    // The input has the time of the schedule, so that a repeated invocation gives the same events.
    const event = RuleTargetInput.fromObject({ run, time: EventField.time });
    new Rule(this, id, {
      description: `Latchkey: sends the events of ${run} by a schedule`,
      schedule,
      targets: [new LambdaTarget(this.function, { event, deadLetterQueue: this.deadLetterQueue })],
    });
  }
}

function historyTable(scope: Construct, props: ApiKeyEventsProps): TableV2 {
  const { historyEncryption, historyRemovalPolicy: removalPolicy = RemovalPolicy.RETAIN } = props;
  return new TableV2(scope, 'History', {
    partitionKey: { name: HISTORY_ATTRIBUTE.keyId, type: AttributeType.STRING },
    sortKey: { name: HISTORY_ATTRIBUTE.at, type: AttributeType.STRING },
    timeToLiveAttribute: HISTORY_ATTRIBUTE.purgeAfter,
    billing: Billing.onDemand(),
    encryption: historyEncryption ?? TableEncryptionV2.dynamoOwnedKey(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: removalPolicy === RemovalPolicy.RETAIN,
    removalPolicy,
  });
}

function deadLetterQueue(scope: Construct): Queue {
  const queue = new Queue(scope, 'DeadLetters', {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  acknowledge(queue, { 'AwsSolutions-SQS3': IS_DEAD_LETTER_QUEUE });
  return queue;
}

function dayProblems(prop: string, duration: Duration | undefined): readonly string[] {
  if (duration === undefined) return [];
  const days = duration.isUnresolved() ? undefined : duration.toDays({ integral: false });
  if (days !== undefined && Number.isInteger(days) && days >= 1 && days <= 36_500) return [];
  const got = days === undefined ? 'one that only the deployment knows' : `${days} days`;
  return [`${prop}: expected whole days from 1 to 36500, got ${got}`];
}

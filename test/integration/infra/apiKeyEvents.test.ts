import { App, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { TableEncryptionV2 } from 'aws-cdk-lib/aws-dynamodb';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Runtime } from 'aws-cdk-lib/aws-lambda';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyEvents, type ApiKeyEventsProps } from '../../../infra/apiKeyEvents.ts';
import { ApiKeyLimits } from '../../../infra/apiKeyLimits.ts';
import { ApiKeyMonitoring } from '../../../infra/apiKeyMonitoring.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { createHistoryTableInput } from '../../../keys/history.ts';
import { readKeyEventsSettings } from '../../../lambda/keyEvents/settings.ts';
import { authorizerUnderTest, FAST, problemOf } from './authorizerUnderTest.ts';

type Props = Omit<ApiKeyEventsProps, 'table'>;

function build(propsOf: (stack: Stack) => Props = () => ({})) {
  const stack = new Stack(new App({ context: FAST }), 'Orders');
  const table = new ApiKeyTable(stack, 'Keys');
  const events = new ApiKeyEvents(stack, 'Events', { table, ...propsOf(stack) });
  return { stack, table, events };
}

const templateOf = (propsOf?: (stack: Stack) => Props) => Template.fromStack(build(propsOf).stack);

/** Returns the environment variables of the function, with a word for each value that CloudFormation fills in. */
function variablesIn(template: Template): Record<string, string> {
  const [lambda] = Object.values(template.findResources('AWS::Lambda::Function'));
  const variables: Record<string, unknown> = lambda?.['Properties'].Environment.Variables;
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, typeof value === 'string' ? value : 'filled-in']),
  );
}

const actionsIn = (template: Template): string[] =>
  Object.values(template.findResources('AWS::IAM::Policy')).flatMap(({ Properties }) =>
    Properties.PolicyDocument.Statement.flatMap(({ Action }: { Action: string | string[] }) => Action),
  );

const DEFAULT = templateOf();
const FULL = templateOf((stack) => ({
  history: Duration.days(30),
  archive: Duration.days(365),
  unusedAfter: Duration.days(90),
  limits: new ApiKeyLimits(stack, 'Limits'),
  eventBus: new EventBus(stack, 'Bus'),
}));

describe('ApiKeyEvents', () => {
  test('turns on the stream of the table with old and new images', () => {
    DEFAULT.hasResourceProperties('AWS::DynamoDB::GlobalTable', {
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    });
  });

  test('reads the stream in order, in large batches, with a dead-letter queue', () => {
    DEFAULT.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 1000,
      MaximumBatchingWindowInSeconds: 5,
      ParallelizationFactor: 1,
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRecordAgeInSeconds: 23 * 3600,
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::GetAtt': [Match.stringLikeRegexp('^EventsDead'), 'Arn'] } },
      },
    });
  });

  test('encrypts the dead-letter queue and accepts only TLS', () => {
    DEFAULT.hasResourceProperties('AWS::SQS::Queue', { SqsManagedSseEnabled: true, MessageRetentionPeriod: 1_209_600 });
    DEFAULT.hasResourceProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });

  test('runs daily with the time of the schedule, and each hour only with limits', () => {
    const target = (run: string) => [
      Match.objectLike({
        InputTransformer: {
          InputPathsMap: { time: '$.time' },
          InputTemplate: `{"run":"${run}","time":<time>}`,
        },
        DeadLetterConfig: Match.anyValue(),
      }),
    ];
    DEFAULT.resourceCountIs('AWS::Events::Rule', 1);
    DEFAULT.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'cron(0 6 * * ? *)',
      Targets: target('keys'),
    });
    FULL.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'cron(10 * * * ? *)',
      Targets: target('quotas'),
    });
  });

  test('sends to the default event bus without a history or an archive, unless you ask for them', () => {
    DEFAULT.resourceCountIs('AWS::DynamoDB::GlobalTable', 1);
    DEFAULT.resourceCountIs('AWS::Events::Archive', 0);
    expect(JSON.stringify(DEFAULT.toJSON())).toContain(':event-bus/default');
    expect(build().events.historyTableName).toBeUndefined();
    expect(readKeyEventsSettings(variablesIn(DEFAULT))).not.toHaveProperty('historyTable');
  });

  test('creates a history with the schema of the function, a TTL, recovery and protection', () => {
    const { KeySchema, AttributeDefinitions, BillingMode } = createHistoryTableInput('history');
    FULL.hasResource('AWS::DynamoDB::GlobalTable', {
      DeletionPolicy: 'Retain',
      Properties: {
        KeySchema,
        AttributeDefinitions,
        BillingMode,
        TimeToLiveSpecification: { AttributeName: 'purgeAfter', Enabled: true },
        Replicas: [
          Match.objectLike({
            DeletionProtectionEnabled: true,
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          }),
        ],
      },
    });
  });

  test('deletes the history with the stack if you say so', () => {
    const template = templateOf(() => ({ history: true, historyRemovalPolicy: RemovalPolicy.DESTROY }));
    template.hasResource('AWS::DynamoDB::GlobalTable', {
      DeletionPolicy: 'Delete',
      Properties: Match.objectLike({ KeySchema: createHistoryTableInput('history').KeySchema }),
    });
    expect(variablesIn(template)['LATCHKEY_EVENTS_HISTORY_DAYS']).toBe('400');
  });

  test('archives the events of its table', () => {
    FULL.hasResourceProperties('AWS::Events::Archive', {
      RetentionDays: 365,
      EventPattern: { source: ['latchkey'], resources: [Match.anyValue()] },
    });
  });

  test('passes settings that the function accepts', () => {
    expect(readKeyEventsSettings(variablesIn(FULL))).toMatchObject({ historyDays: 30, unusedDays: 90 });
    expect(readKeyEventsSettings(variablesIn(FULL))).toHaveProperty('limitsTable');
  });

  test('grants the function only what its props need', () => {
    const stream = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'].map(
      (action) => `dynamodb:${action}`,
    );
    const queue = ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:SendMessage'];
    const basis = [
      ...stream,
      ...queue,
      'dynamodb:Scan',
      'events:PutEvents',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
    ];
    const more = ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem'];
    expect([...new Set(actionsIn(DEFAULT))].toSorted()).toEqual(basis.toSorted());
    expect([...new Set(actionsIn(FULL))].toSorted()).toEqual([...basis, ...more].toSorted());
  });

  test('lets the function send only events of Latchkey', () => {
    FULL.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          {
            Effect: 'Allow',
            Action: 'events:PutEvents',
            Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Bus'), 'Arn'] },
            Condition: { StringEquals: { 'events:source': 'latchkey' } },
          },
        ]),
      },
    });
  });

  test('grants operators only queries of the history, and nothing without one', () => {
    const { stack, events } = build(() => ({ history: true }));
    const roleIn = (scope: Stack) =>
      new Role(scope, 'Operator', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
    events.grantReadHistory(roleIn(stack));
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      Roles: [{ Ref: Match.stringLikeRegexp('^Operator') }],
      PolicyDocument: { Statement: [Match.objectLike({ Effect: 'Allow', Action: 'dynamodb:Query' })] },
    });
    const without = build();
    expect(() => without.events.grantReadHistory(roleIn(without.stack))).toThrow(
      'history: expected true or a duration',
    );
  });

  test('uses the keys of encrypted tables', () => {
    const stack = new Stack(new App({ context: FAST }), 'Encrypted', {
      env: { region: 'eu-west-1', account: '123456789012' },
    });
    const encryption = TableEncryptionV2.customerManagedKey(new Key(stack, 'Key'));
    const table = new ApiKeyTable(stack, 'Keys', { encryption });
    new ApiKeyEvents(stack, 'Events', { table, history: true, historyEncryption: encryption });
    expect(actionsIn(Template.fromStack(stack))).toContain('kms:Decrypt');
  });

  test('returns patterns of rules for its table', () => {
    const { events, table } = build();
    expect(events.eventPattern()).toEqual({ source: ['latchkey'], resources: [table.tableArn] });
    expect(events.eventPattern('KeyExpiring', 'KeyUnused')).toMatchObject({ detailType: ['KeyExpiring', 'KeyUnused'] });
    expect(() => events.eventPattern('KeyExpires')).toThrow('detailTypes: expected KeyCreated or');
  });

  test.each<[string, Props, string]>([
    [
      'a history of half a day',
      { history: Duration.hours(12) },
      'history: expected whole days from 1 to 36500, got 0.5 days',
    ],
    ['an archive of no days', { archive: Duration.days(0) }, 'archive: expected whole days'],
    ['unused keys after hours', { unusedAfter: Duration.hours(5) }, 'unusedAfter: expected whole days'],
    ['an old runtime', { runtime: Runtime.NODEJS_18_X }, 'runtime: expected Node.js 20 or newer'],
  ])('rejects %s', (_, props, message) => {
    expect(problemOf(() => build(() => props))).toContain(message);
  });

  test('rejects an imported table without the ARN of its stream', () => {
    const stack = new Stack(new App({ context: FAST }), 'Imported');
    const table = ApiKeyTable.fromTableName(stack, 'Keys', 'keys');
    expect(problemOf(() => new ApiKeyEvents(stack, 'Events', { table }))).toContain('tableStreamArn');
  });

  test('passes cdk-nag’s AwsSolutionsChecks', () => {
    const app = new App();
    const stack = new Stack(app, 'Orders');
    new ApiKeyEvents(stack, 'Events', {
      table: new ApiKeyTable(stack, 'Keys'),
      history: true,
      archive: Duration.days(1),
    });
    expect(new AwsSolutionsChecks(app).validateScope(app).violations.map(({ ruleName }) => ruleName)).toEqual([]);
  });
});

test('ApiKeyMonitoring has an alarm on lost events and one on late events', () => {
  const { stack, authorizer } = authorizerUnderTest();
  const events = new ApiKeyEvents(stack, 'Events', { table: new ApiKeyTable(stack, 'OtherKeys') });
  const { lostEventsAlarm, lateEventsAlarm } = new ApiKeyMonitoring(stack, 'Monitoring', { authorizer, events });
  expect([lostEventsAlarm, lateEventsAlarm]).not.toContain(undefined);
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    MetricName: 'ApproximateNumberOfMessagesVisible',
    Threshold: 1,
    AlarmDescription: Match.stringLikeRegexp('docs/operations.md#alarm-lost-events'),
  });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    AlarmDescription: Match.stringLikeRegexp('docs/operations.md#alarm-late-events'),
    Metrics: Match.arrayWith([Match.objectLike({ MetricStat: { Metric: { MetricName: 'IteratorAge' } } })]),
  });
});

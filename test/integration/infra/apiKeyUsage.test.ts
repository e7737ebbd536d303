import { App, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, WebSocketApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { TableEncryptionV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { ApiKeyUsage, type ApiKeyUsageProps } from '../../../infra/apiKeyUsage.ts';
import { createUsageTableInput } from '../../../keys/usage.ts';
import { readUsageRollupSettings } from '../../../lambda/usageRollup/settings.ts';
import { authorizerUnderTest, FAST, problemOf } from './authorizerUnderTest.ts';

type Props = Omit<ApiKeyUsageProps, 'authorizer'>;

function build(propsOf: (stack: Stack) => Props = () => ({})) {
  const { stack, authorizer } = authorizerUnderTest();
  const usage = new ApiKeyUsage(stack, 'Usage', { authorizer, ...propsOf(stack) });
  return { stack, authorizer, usage };
}

/** Returns the statements of the roll-up's role, and the environment variables of the roll-up. */
function rollUpIn(stack: Stack, template = Template.fromStack(stack)) {
  const [rollUp] = Object.values(template.findResources('AWS::Lambda::Function', { Properties: { Timeout: 900 } }));
  const policies = Object.entries(template.findResources('AWS::IAM::Policy'));
  const [, policy] = policies.find(([id]) => id.startsWith('Usage')) ?? [];
  return {
    template,
    statements: policy?.['Properties'].PolicyDocument.Statement,
    variables: rollUp?.['Properties'].Environment.Variables,
  };
}

const DEFAULT = rollUpIn(build().stack);

describe('ApiKeyUsage', () => {
  test('turns on the usage lines of the authorizer', () => {
    DEFAULT.template.hasResourceProperties('AWS::Lambda::Function', {
      Description: 'Latchkey: decides on API keys',
      Environment: { Variables: Match.objectLike({ LATCHKEY_USAGE: 'true' }) },
    });
  });

  test('creates a table with the schema of the roll-up, a TTL, recovery and protection', () => {
    const { KeySchema, AttributeDefinitions, BillingMode } = createUsageTableInput('usage');
    DEFAULT.template.hasResource('AWS::DynamoDB::GlobalTable', {
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

  test('creates the function with the runtime, the architecture, the key and the log of the props', () => {
    const { stack } = build((scope) => ({
      runtime: Runtime.NODEJS_20_X,
      architecture: Architecture.X86_64,
      environmentEncryption: new Key(scope, 'Key'),
      logRetention: RetentionDays.ONE_DAY,
      logRemovalPolicy: RemovalPolicy.RETAIN,
    }));
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Timeout: 900,
      Runtime: 'nodejs20.x',
      Architectures: ['x86_64'],
      KmsKeyArn: Match.anyValue(),
    });
    template.hasResource('AWS::Logs::LogGroup', { DeletionPolicy: 'Retain', Properties: { RetentionInDays: 1 } });
    expect(rollUpIn(stack, template).statements).toContainEqual(expect.objectContaining({ Action: 'kms:Decrypt' }));
  });

  test('runs the roll-up each hour at a minute past', () => {
    DEFAULT.template.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'cron(5 * * * ? *)',
      State: 'ENABLED',
      Targets: [Match.objectLike({ Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^UsageFunction'), 'Arn'] } })],
    });
  });

  test('lets the roll-up write its log, put items, and read the authorizer’s log, and nothing else', () => {
    const arnOf = (id: string) => ({ 'Fn::GetAtt': [Match.stringLikeRegexp(id), 'Arn'] });
    expect(DEFAULT.statements).toHaveLength(3);
    DEFAULT.template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [
          { Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: arnOf('^UsageLogs') },
          { Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: arnOf('^UsageTable') },
          { Effect: 'Allow', Action: 'logs:FilterLogEvents', Resource: arnOf('^AuthorizerLogs') },
        ],
      },
    });
  });

  test('counts APIs of each type by their access logs, and may read those logs', () => {
    const { stack } = build((scope) => {
      const shared = new LogGroup(scope, 'Shared');
      return {
        accessLogs: [
          { logGroup: shared, api: new RestApi(scope, 'Rest') },
          { logGroup: shared, api: new HttpApi(scope, 'Http') },
          { logGroup: new LogGroup(scope, 'Other'), api: new WebSocketApi(scope, 'WebSocket') },
          { logGroup: LogGroup.fromLogGroupName(scope, 'Existing', 'existing'), apiId: 'a1b2c3' },
        ],
      };
    });
    const { variables, statements } = rollUpIn(stack, Template.fromStack(withMethod(stack)));
    const text: string = variables.LATCHKEY_USAGE_ACCESS_LOGS['Fn::Join'][1]
      .map((part: unknown) => (typeof part === 'string' ? part : 'x'))
      .join('');
    const environment = {
      LATCHKEY_USAGE_TABLE: 't',
      LATCHKEY_USAGE_LOG_GROUP: 'g',
      LATCHKEY_USAGE_RETENTION_DAYS: '400',
    };
    expect(readUsageRollupSettings({ ...environment, LATCHKEY_USAGE_ACCESS_LOGS: text }).accessLogs).toHaveLength(4);
    expect(text).toContain('{"logGroup":"existing","apiId":"a1b2c3"}');
    const read = statements.find(({ Action }: { Action: string }) => Action === 'logs:FilterLogEvents');
    expect(read.Resource).toHaveLength(4);
  });

  test('grants operators only queries of the table', () => {
    const { stack, usage } = build();
    usage.grantRead(new Role(stack, 'Operator', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }));
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [
          {
            Action: 'dynamodb:Query',
            Effect: 'Allow',
            Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('^UsageTable'), 'Arn'] },
          },
        ],
      },
    });
  });

  test('lets the roll-up use the table’s own key through DynamoDB only', () => {
    const stack = new Stack(new App({ context: FAST }), 'Test', { env: { region: 'eu-west-1' } });
    const authorizer = new ApiKeyAuthorizer(stack, 'Authorizer', { table: new ApiKeyTable(stack, 'Keys') });
    const encryption = TableEncryptionV2.customerManagedKey(new Key(stack, 'Key'));
    new ApiKeyUsage(stack, 'Usage', { authorizer, encryption });
    const { statements } = rollUpIn(stack);
    const use = statements.find(({ Action }: { Action: unknown }) => String(Action).includes('kms:'));
    expect(use.Condition).toEqual({ StringEquals: { 'kms:ViaService': 'dynamodb.eu-west-1.amazonaws.com' } });
  });

  test('deletes the table with the stack only if you ask for it', () => {
    const { stack } = build(() => ({ removalPolicy: RemovalPolicy.DESTROY, retention: Duration.days(30) }));
    const { template, variables } = rollUpIn(stack);
    const tables = Object.entries(template.findResources('AWS::DynamoDB::GlobalTable'));
    const [, table] = tables.find(([id]) => id.startsWith('Usage')) ?? [];
    expect(table).toMatchObject({
      DeletionPolicy: 'Delete',
      Properties: { Replicas: [expect.objectContaining({ DeletionProtectionEnabled: false })] },
    });
    expect(variables.LATCHKEY_USAGE_RETENTION_DAYS).toBe('30');
  });

  test('has no finding of cdk-nag, also with a log group from elsewhere', () => {
    const { stack } = build((scope) => ({
      accessLogs: [{ logGroup: LogGroup.fromLogGroupName(scope, 'Existing', 'existing'), apiId: 'a1b2c3' }],
    }));
    const { violations } = new AwsSolutionsChecks(stack.node.root).validateScope(stack);
    expect(violations).toEqual([]);
  });

  describe('with an imported authorizer', () => {
    const imported = (props: Props = {}) => {
      const stack = new Stack(new App({ context: FAST }), 'Test');
      const authorizer = ApiKeyAuthorizer.fromFunctionArn(
        stack,
        'Authorizer',
        'arn:aws:lambda:eu-west-1:123456789012:function:orders-authorizer',
      );
      return new ApiKeyUsage(stack, 'Usage', { authorizer, ...props });
    };

    test('requires its log group', () => {
      expect(problemOf(() => imported())).toBe('logGroup: expected the log group of the imported authorizer, got none');
    });
  });

  test.each<[Props, string]>([
    [{ retention: Duration.hours(36) }, 'retention: expected whole days from 1 to 36500, got 1.5 days'],
    [{ retention: Duration.days(0) }, 'retention: expected whole days from 1 to 36500, got 0 days'],
    [{ runtime: Runtime.NODEJS_18_X }, 'runtime: expected Node.js 20 or newer, such as nodejs24.x, got nodejs18.x'],
    [{ accessLogs: [{ logGroup: undefined as never }] }, 'accessLogs[0]: expected api or apiId, got neither'],
    [
      { accessLogs: [{ logGroup: undefined as never, apiId: 'https://a.example' }] },
      'accessLogs[0]: apiId: expected the id of an API such as a1b2c3d4e5, got "https://a.example"',
    ],
  ])('rejects %j', (props, problem) => {
    expect(problemOf(() => build(() => props))).toBe(problem);
  });
});

/** Adds a method, because a REST API without one doesn't synthesize. */
function withMethod(stack: Stack): Stack {
  const rest = stack.node.findChild('Rest');
  if (rest instanceof RestApi) rest.root.addMethod('GET');
  return stack;
}

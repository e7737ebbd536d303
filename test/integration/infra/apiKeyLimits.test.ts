import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { TableEncryptionV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyLimits, type ApiKeyLimitsAttributes, type IApiKeyLimits } from '../../../infra/apiKeyLimits.ts';
import { createLimitsTableInput } from '../../../keys/limits.ts';
import { refusalOf } from './authorizerUnderTest.ts';

const TABLE = 'AWS::DynamoDB::GlobalTable';

/** Synthesizes a stack with the table from `makeLimits` and a role with the grant. */
function granted(makeLimits: (stack: Stack) => IApiKeyLimits, grant: 'grantTake' | 'grantManage'): Template {
  const stack = new Stack(new App(), 'Test', { env: { region: 'eu-west-1' } });
  makeLimits(stack)[grant](new Role(stack, 'Grantee', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }));
  return Template.fromStack(stack);
}

const statementsOf = (template: Template) =>
  Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    ({ Properties }) => Properties.PolicyDocument.Statement,
  );

const takeStatement = (Resource: unknown) => ({
  Effect: 'Allow',
  Action: 'dynamodb:UpdateItem',
  Resource,
  Condition: {
    'ForAllValues:StringEquals': {
      'dynamodb:Attributes': [
        'subject',
        'granted',
        'tat',
        'plan',
        'limit',
        'period',
        'rateLimit',
        'burstLimit',
        'purgeAfter',
      ],
    },
    Null: { 'dynamodb:Attributes': 'false' },
    StringEqualsIfExists: { 'dynamodb:ReturnValues': 'UPDATED_NEW' },
  },
});

describe('ApiKeyLimits', () => {
  const byDefault = granted((stack) => new ApiKeyLimits(stack, 'Limits'), 'grantTake');
  const Resource = { 'Fn::GetAtt': [Object.keys(byDefault.findResources(TABLE))[0], 'Arn'] };

  test('creates an on-demand table with TTL, which CloudFormation deletes with its stack', () => {
    const { KeySchema, AttributeDefinitions } = createLimitsTableInput('');
    byDefault.hasResource(TABLE, {
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Delete',
      Properties: {
        TableName: Match.absent(),
        KeySchema,
        AttributeDefinitions,
        BillingMode: 'PAY_PER_REQUEST',
        TimeToLiveSpecification: { AttributeName: 'purgeAfter', Enabled: true },
        SSESpecification: { SSEEnabled: false },
        StreamSpecification: Match.absent(),
      },
    });
  });

  test('has neither replicas nor point-in-time recovery, because old counts would let keys exceed their quotas', () => {
    byDefault.hasResourceProperties(TABLE, {
      Replicas: [{ Region: 'eu-west-1', PointInTimeRecoverySpecification: Match.absent() }],
    });
  });

  test('has the name and the removal policy that you pass', () => {
    const props = { tableName: 'limits', removalPolicy: RemovalPolicy.RETAIN };
    granted((stack) => new ApiKeyLimits(stack, 'Limits', props), 'grantTake').hasResource(TABLE, {
      DeletionPolicy: 'Retain',
      Properties: { TableName: 'limits' },
    });
  });

  test('passes cdk-nag’s AwsSolutionsChecks', () => {
    const app = new App();
    new ApiKeyLimits(new Stack(app, 'Test'), 'Limits');
    const { violations } = new AwsSolutionsChecks(app).validateScope(app);
    expect(violations.map(({ ruleName }) => ruleName)).toEqual([]);
  });

  test('grantTake allows only an UpdateItem of the counters, which returns only updated attributes', () => {
    expect(statementsOf(byDefault)).toEqual([takeStatement(Resource)]);
  });

  test('grantManage allows only to read and to update counts', () => {
    const template = granted((stack) => new ApiKeyLimits(stack, 'Limits'), 'grantManage');
    const Action = ['dynamodb:BatchGetItem', 'dynamodb:UpdateItem'];
    expect(statementsOf(template)).toEqual([{ Effect: 'Allow', Action, Resource }]);
  });

  test.each(['grantTake', 'grantManage'] as const)(
    '%s includes the use of a key of your own through DynamoDB',
    (grant) => {
      const encryption = (stack: Stack) => TableEncryptionV2.customerManagedKey(new Key(stack, 'Key') as IKey);
      const template = granted((stack) => new ApiKeyLimits(stack, 'Limits', { encryption: encryption(stack) }), grant);
      expect(statementsOf(template)).toContainEqual(
        expect.objectContaining({
          Action: expect.arrayContaining(['kms:Decrypt']),
          Condition: { StringEquals: { 'kms:ViaService': 'dynamodb.eu-west-1.amazonaws.com' } },
        }),
      );
    },
  );
});

describe('an imported ApiKeyLimits', () => {
  const ARN = 'arn:aws:dynamodb:eu-west-1:111111111111:table/limits';

  test.each<[string, (stack: Stack) => IApiKeyLimits]>([
    ['fromTableArn', (stack) => ApiKeyLimits.fromTableArn(stack, 'Limits', ARN)],
    ['fromTableAttributes', (stack) => ApiKeyLimits.fromTableAttributes(stack, 'Limits', { tableArn: ARN })],
  ])('grants the permissions on the table of %s', (_, makeLimits) => {
    const template = granted(makeLimits, 'grantTake');
    template.resourceCountIs(TABLE, 0);
    expect(statementsOf(template)).toEqual([takeStatement(ARN)]);
  });

  test('has the name and the ARN of its table', () => {
    const stack = new Stack(new App(), 'Test', { env: { region: 'eu-west-1', account: '111111111111' } });
    const { tableName, tableArn } = ApiKeyLimits.fromTableName(stack, 'Limits', 'limits');
    expect(tableName).toBe('limits');
    expect(stack.resolve(tableArn)).toEqual({
      'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':dynamodb:eu-west-1:111111111111:table/limits']],
    });
  });

  test.each<[string, ApiKeyLimitsAttributes]>([
    ['neither', {}],
    [`both limits and ${ARN}`, { tableName: 'limits', tableArn: ARN }],
  ])('requires a name or an ARN, and rejects %s', (got, attributes) => {
    const stack = new Stack(new App(), 'Test');
    expect(refusalOf(() => ApiKeyLimits.fromTableAttributes(stack, 'Limits', attributes))).toEqual({
      path: 'Test/Limits',
      problem: `fromTableAttributes: expected tableName or tableArn, got ${got}`,
    });
  });
});

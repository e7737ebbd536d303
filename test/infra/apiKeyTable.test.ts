import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { TableEncryptionV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { expect, test } from '@jest/globals';
import { ApiKeyTable, type ApiKeyTableProps } from '../../infra/apiKeyTable.ts';
import { createTableInput } from '../../keys/table.ts';

const TABLE = 'AWS::DynamoDB::GlobalTable';

function synthesize(propsIn: (stack: Stack) => ApiKeyTableProps = () => ({})) {
  const stack = new Stack(new App(), 'Test', { env: { region: 'us-east-1' } });
  const table = new ApiKeyTable(stack, 'Keys', propsIn(stack));
  const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  table.grantVerify(role);
  return Template.fromStack(stack);
}

test('the deployed table has the keys, the indexes and the billing of every other table of Latchkey', () => {
  const { TableName: _, GlobalSecondaryIndexes, AttributeDefinitions, ...schema } = createTableInput('keys');
  synthesize().hasResourceProperties(TABLE, {
    ...schema,
    AttributeDefinitions: Match.arrayWith(AttributeDefinitions),
    GlobalSecondaryIndexes: Match.arrayEquals(GlobalSecondaryIndexes.map((index) => Match.objectLike(index))),
  });
});

test('records are left to the TTL by purgeAfter', () => {
  synthesize().hasResourceProperties(TABLE, {
    TimeToLiveSpecification: { AttributeName: 'purgeAfter', Enabled: true },
  });
});

test('the table outlives its stack, cannot be deleted by mistake, and can be restored to a point in time', () => {
  const template = synthesize();
  template.hasResource(TABLE, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  template.hasResourceProperties(TABLE, {
    Replicas: [
      Match.objectLike({
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      }),
    ],
  });
});

test('encryption at rest is by a key that DynamoDB owns, unless another is asked for', () => {
  synthesize().hasResourceProperties(TABLE, { SSESpecification: { SSEEnabled: false } });
  synthesize(() => ({ encryption: TableEncryptionV2.awsManagedKey() })).hasResourceProperties(TABLE, {
    SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
  });
});

test('whoever verifies may use the key that the table is encrypted with', () => {
  const template = synthesize((stack) => ({ encryption: TableEncryptionV2.customerManagedKey(new Key(stack, 'Key')) }));
  const [key] = Object.keys(template.findResources('AWS::KMS::Key'));
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Action: Match.arrayWith(['kms:Decrypt']),
          Resource: { 'Fn::GetAtt': [key, 'Arn'] },
        }),
      ]),
    },
  });
});

test('a table for a trial can have a name, and go with its stack', () => {
  const template = synthesize(() => ({
    tableName: 'trial',
    deletionProtection: false,
    removalPolicy: RemovalPolicy.DESTROY,
  }));
  template.hasResource(TABLE, {
    DeletionPolicy: 'Delete',
    Properties: { TableName: 'trial', Replicas: [Match.objectLike({ DeletionProtectionEnabled: false })] },
  });
});

test('whoever verifies may get a record, and update lastUsedAt and nothing else, on this table and no index', () => {
  const template = synthesize();
  const [logicalId] = Object.keys(template.findResources(TABLE));
  const Resource = { 'Fn::GetAtt': [logicalId, 'Arn'] };
  const [policy] = Object.values(template.findResources('AWS::IAM::Policy'));
  expect(policy?.['Properties'].PolicyDocument.Statement).toEqual([
    { Effect: 'Allow', Action: 'dynamodb:GetItem', Resource },
    {
      Effect: 'Allow',
      Action: 'dynamodb:UpdateItem',
      Resource,
      Condition: {
        'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['keyHash', 'lastUsedAt'] },
        Null: { 'dynamodb:Attributes': 'false' },
        StringEqualsIfExists: { 'dynamodb:ReturnValues': 'NONE' },
      },
    },
  ]);
});

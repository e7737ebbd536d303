import { App, Fn, RemovalPolicies, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Table, TableEncryptionV2, TableV2, type ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key, type IKey } from 'aws-cdk-lib/aws-kms';
import { describe, expect, test } from '@jest/globals';
import { ApiKeyTable, type ApiKeyTableProps, type IApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { createTableInput } from '../../../keys/table.ts';
import { problemOf, refusalOf } from './authorizerUnderTest.ts';

const TABLE = 'AWS::DynamoDB::GlobalTable';

const tableArnIn = (stack: Stack) =>
  stack.formatArn({ service: 'dynamodb', resource: 'table', resourceName: 'shared-keys' });

type MakeTable = (stack: Stack) => IApiKeyTable;
type Grant = 'grantVerify' | 'grantManage';

function synthesize(propsIn: (stack: Stack) => ApiKeyTableProps = () => ({})) {
  return granted((stack) => new ApiKeyTable(stack, 'Keys', propsIn(stack)), 'grantVerify');
}

function granted(makeTable: MakeTable, grant: Grant): Template {
  const stack = new Stack(new App(), 'Test', { env: { region: 'us-east-1' } });
  const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  makeTable(stack)[grant](role);
  return Template.fromStack(stack);
}

const statementsOf = (template: Template) =>
  Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    ({ Properties }) => Properties.PolicyDocument.Statement,
  );

test('ApiKeyTable has the same keys, indexes and billing mode as createTableInput', () => {
  const { TableName: _, GlobalSecondaryIndexes, AttributeDefinitions, ...schema } = createTableInput('keys');
  synthesize().hasResourceProperties(TABLE, {
    ...schema,
    AttributeDefinitions: Match.arrayWith(AttributeDefinitions),
    GlobalSecondaryIndexes: Match.arrayEquals(GlobalSecondaryIndexes.map((index) => Match.objectLike(index))),
  });
});

test('ApiKeyTable uses purgeAfter as its TTL attribute', () => {
  synthesize().hasResourceProperties(TABLE, {
    TimeToLiveSpecification: { AttributeName: 'purgeAfter', Enabled: true },
  });
});

test('ApiKeyTable has deletion protection and point-in-time recovery by default', () => {
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

test('ApiKeyTable uses an AWS owned key unless you pass another encryption', () => {
  synthesize().hasResourceProperties(TABLE, { SSESpecification: { SSEEnabled: false } });
  synthesize(() => ({ encryption: TableEncryptionV2.awsManagedKey() })).hasResourceProperties(TABLE, {
    SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
  });
});

test('grantVerify allows the use of the table’s encryption key', () => {
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

test('ApiKeyTable accepts a name and the removal policy DESTROY', () => {
  const template = synthesize(() => ({
    tableName: 'trial',
    removalPolicy: RemovalPolicy.DESTROY,
  }));
  template.hasResource(TABLE, {
    DeletionPolicy: 'Delete',
    Properties: { TableName: 'trial', Replicas: [Match.objectLike({ DeletionProtectionEnabled: false })] },
  });
});

test.each<[string, ApiKeyTableProps, boolean]>([
  ['RETAIN', { removalPolicy: RemovalPolicy.RETAIN }, true],
  ['RETAIN_ON_UPDATE_OR_DELETE', { removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE }, true],
  ['DESTROY', { removalPolicy: RemovalPolicy.DESTROY }, false],
  ['DESTROY with protection', { removalPolicy: RemovalPolicy.DESTROY, deletionProtection: true }, true],
  ['RETAIN without protection', { removalPolicy: RemovalPolicy.RETAIN, deletionProtection: false }, false],
])('removalPolicy %s sets deletion protection in every Region', (_, props, isProtected) => {
  const replica = Match.objectLike({ DeletionProtectionEnabled: isProtected });
  synthesize(() => ({ ...props, replicaRegions: ['eu-west-1'] })).hasResourceProperties(TABLE, {
    Replicas: [replica, replica],
  });
});

describe('a removal policy that you set after you create the table', () => {
  const { DESTROY, RETAIN, RETAIN_ON_UPDATE_OR_DELETE } = RemovalPolicy;

  test.each<[string, ApiKeyTableProps, RemovalPolicy, string, boolean]>([
    ['turns deletion protection off if it is DESTROY', {}, DESTROY, 'Delete', false],
    ['respects deletionProtection: true if it is DESTROY', { deletionProtection: true }, DESTROY, 'Delete', true],
    ['turns deletion protection on if it is RETAIN', { removalPolicy: DESTROY }, RETAIN, 'Retain', true],
    ['respects deletionProtection: false if it is RETAIN', { deletionProtection: false }, RETAIN, 'Retain', false],
    [
      'turns deletion protection on if it is RETAIN_ON_UPDATE_OR_DELETE',
      {},
      RETAIN_ON_UPDATE_OR_DELETE,
      'RetainExceptOnCreate',
      true,
    ],
  ])('%s', (_, props, policy, DeletionPolicy, isProtected) => {
    const replica = Match.objectLike({ DeletionProtectionEnabled: isProtected });
    const setters: readonly ((stack: Stack, keys: ApiKeyTable) => void)[] = [
      (stack) => RemovalPolicies.of(stack).apply(policy),
      (_stack, keys) => keys.table.applyRemovalPolicy(policy),
    ];
    for (const set of setters) {
      const stack = new Stack(new App(), 'Test', { env: { region: 'us-east-1' } });
      const keys = new ApiKeyTable(stack, 'Keys', { ...props, replicaRegions: ['eu-west-1'] });
      set(stack, keys);
      keys.table.addReplica({ region: 'ap-southeast-2' });
      Template.fromStack(stack).hasResource(TABLE, {
        DeletionPolicy,
        Properties: { Replicas: [replica, replica, replica] },
      });
    }
  });

  test('keeps all other properties of the replicas', () => {
    const encryption = (stack: Stack) => TableEncryptionV2.customerManagedKey(new Key(stack, 'Key'));
    const replicasOf = (template: Template) =>
      Object.values(template.findResources(TABLE)).flatMap(({ Properties }) => Properties.Replicas);
    const destroyed = synthesize((stack) => {
      RemovalPolicies.of(stack).destroy();
      return { encryption: encryption(stack) };
    });
    const kept = replicasOf(synthesize((stack) => ({ encryption: encryption(stack) })));
    expect(replicasOf(destroyed)).toEqual(kept.map((replica) => ({ ...replica, DeletionProtectionEnabled: false })));
  });
});

test('grantVerify allows only GetItem and an UpdateItem of lastUsedAt', () => {
  const template = synthesize();
  const [logicalId] = Object.keys(template.findResources(TABLE));
  expect(statementsOf(template)).toEqual(verifyStatements({ 'Fn::GetAtt': [logicalId, 'Arn'] }));
});

test('grantManage allows only the registry’s actions', () => {
  const template = granted((stack) => new ApiKeyTable(stack, 'Keys'), 'grantManage');
  const [logicalId] = Object.keys(template.findResources(TABLE));
  const Resource = { 'Fn::GetAtt': [logicalId, 'Arn'] };
  const index = (name: string) => ({ 'Fn::Join': ['', [Resource, `/index/${name}`]] });
  expect(statementsOf(template)).toEqual([
    {
      Effect: 'Allow',
      Action: ['BatchGetItem', 'DeleteItem', 'GetItem', 'PutItem', 'Scan', 'UpdateItem'].map(
        (action) => `dynamodb:${action}`,
      ),
      Resource,
    },
    { Effect: 'Allow', Action: 'dynamodb:Query', Resource: [index('byId'), index('byOwner')] },
    { Effect: 'Allow', Action: 'dynamodb:Scan', Resource: index('byId') },
  ]);
});

test('replicas in other Regions have the same deletion protection and point-in-time recovery', () => {
  const replica = {
    DeletionProtectionEnabled: true,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  };
  synthesize(() => ({ replicaRegions: ['eu-west-1', 'ap-southeast-2'] })).hasResourceProperties(TABLE, {
    Replicas: Match.arrayEquals(
      ['eu-west-1', 'ap-southeast-2', 'us-east-1'].map((Region) => Match.objectLike({ Region, ...replica })),
    ),
  });
});

test('ApiKeyTable.fromTable grants the authorizer’s actions on an existing table', () => {
  const template = granted(
    (stack) => ApiKeyTable.fromTable(stack, 'Keys', TableV2.fromTableName(stack, 'Table', 'shared-keys')),
    'grantVerify',
  );
  template.resourceCountIs(TABLE, 0);
  const arn = [
    'arn:',
    { Ref: 'AWS::Partition' },
    ':dynamodb:us-east-1:',
    { Ref: 'AWS::AccountId' },
    ':table/shared-keys',
  ];
  expect(statementsOf(template)).toEqual(verifyStatements({ 'Fn::Join': ['', arn] }));
});

describe('ApiKeyTable.fromTableAttributes', () => {
  test.each<[string, MakeTable]>([
    ['fromTableName', (stack) => ApiKeyTable.fromTableName(stack, 'Keys', 'shared-keys')],
    ['fromTableArn', (stack) => ApiKeyTable.fromTableArn(stack, 'Keys', tableArnIn(stack))],
    ['fromTableAttributes', (stack) => ApiKeyTable.fromTableAttributes(stack, 'Keys', { tableName: 'shared-keys' })],
    [
      'fromTable',
      (stack) => ApiKeyTable.fromTable(stack, 'Keys', TableV2.fromTableArn(stack, 'Table', tableArnIn(stack))),
    ],
  ])('imports the same table as %s', (_, makeTable) => {
    const stack = new Stack(new App(), 'Test', { env: { region: 'us-east-1' } });
    const { tableName, tableArn, resource } = makeTable(stack);
    expect(stack.resolve({ tableName, tableArn })).toEqual(
      stack.resolve({ tableName: 'shared-keys', tableArn: tableArnIn(stack) }),
    );
    expect(resource.tableName).toBe(tableName);
  });

  test('returns the stream that plans read, and grants the use of the encryption key', () => {
    const tableStreamArn = 'arn:aws:dynamodb:us-east-1:123456789012:table/shared-keys/stream/1';
    const makeTable: MakeTable = (stack) => {
      const encryptionKey = Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:us-east-1:123456789012:key/1');
      return ApiKeyTable.fromTableAttributes(stack, 'Keys', { tableName: 'keys', tableStreamArn, encryptionKey });
    };
    expect(makeTable(new Stack(new App(), 'Test')).streamArn()).toBe(tableStreamArn);
    const actions = statementsOf(granted(makeTable, 'grantVerify')).flatMap(({ Action }) => Action);
    expect(actions).toEqual(expect.arrayContaining(['dynamodb:GetItem', 'kms:Decrypt']));
  });

  test('accepts tokens', () => {
    const stack = new Stack(new App(), 'Test');
    const { tableName } = ApiKeyTable.fromTableName(stack, 'Keys', Fn.importValue('TableName'));
    expect(stack.resolve(tableName)).toEqual({ 'Fn::ImportValue': 'TableName' });
    const { tableArn } = ApiKeyTable.fromTableArn(stack, 'Others', Fn.importValue('TableArn'));
    expect(stack.resolve(tableArn)).toEqual({ 'Fn::ImportValue': 'TableArn' });
  });

  test.each([
    [{}, 'neither'],
    [
      { tableName: 'keys', tableArn: 'arn:aws:dynamodb:us-east-1:1:table/keys' },
      'both keys and arn:aws:dynamodb:us-east-1:1:table/keys',
    ],
  ])('rejects %p', (attributes, got) => {
    const stack = new Stack(new App(), 'Test');
    expect(refusalOf(() => ApiKeyTable.fromTableAttributes(stack, 'Keys', attributes))).toEqual({
      path: 'Test/Keys',
      problem: `fromTableAttributes: expected tableName or tableArn, got ${got}`,
    });
  });
});

test('ApiKeyTable limits its request units to the maxima, and has none by default', () => {
  synthesize(() => ({ maxReadRequestUnits: 100, maxWriteRequestUnits: 50 })).hasResourceProperties(TABLE, {
    BillingMode: 'PAY_PER_REQUEST',
    WriteOnDemandThroughputSettings: { MaxWriteRequestUnits: 50 },
    Replicas: [Match.objectLike({ ReadOnDemandThroughputSettings: { MaxReadRequestUnits: 100 } })],
  });
  const json = JSON.stringify(synthesize().toJSON());
  expect(json).not.toContain('OnDemandThroughputSettings');
});

test.each<[keyof ApiKeyTableProps, number]>([
  ['maxReadRequestUnits', 0],
  ['maxWriteRequestUnits', 1.5],
])('ApiKeyTable rejects a %s of %p', (prop, units) => {
  expect(problemOf(() => synthesize(() => ({ [prop]: units })))).toBe(
    `${prop}: expected a whole number of 1 or more, got ${units}`,
  );
});

const KEY_ACTIONS = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];
const throughDynamoDb = (region: unknown) => ({ StringEquals: { 'kms:ViaService': region } });

/** Returns the roles' policy statements with KMS actions. */
const keyStatementsOf = (template: Template) =>
  statementsOf(template).filter(({ Action }) => [Action].flat().some((action) => action.startsWith('kms:')));

describe.each<Grant>(['grantVerify', 'grantManage'])('the permission of %s for the encryption key', (grant) => {
  test.each<[string, MakeTable]>([
    [
      'creates a table with the key',
      (stack) => {
        const encryption = TableEncryptionV2.customerManagedKey(new Key(stack, 'Key'));
        return new ApiKeyTable(stack, 'Keys', { encryption });
      },
    ],
    [
      'refers to an existing table with the key',
      (stack) => {
        const encryptionKey = new Key(stack, 'Key');
        const table = TableV2.fromTableAttributes(stack, 'Table', { tableName: 'shared-keys', encryptionKey });
        return ApiKeyTable.fromTable(stack, 'Keys', table);
      },
    ],
    [
      'imports the table and the key',
      (stack) => {
        const encryptionKey = Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:us-east-1:123456789012:key/1');
        const table = TableV2.fromTableAttributes(stack, 'Table', { tableName: 'shared-keys', encryptionKey });
        return ApiKeyTable.fromTable(stack, 'Keys', table);
      },
    ],
  ])('applies only to calls through DynamoDB if the stack %s', (_, makeTable) => {
    expect(keyStatementsOf(granted(makeTable, grant))).toEqual([
      {
        Effect: 'Allow',
        Action: KEY_ACTIONS,
        Resource: expect.anything(),
        Condition: throughDynamoDb('dynamodb.us-east-1.amazonaws.com'),
      },
    ]);
  });

  test.each<[string, (stack: Stack, tableArn: string, encryptionKey: IKey) => ITable]>([
    ['Table', (stack, tableArn, encryptionKey) => Table.fromTableAttributes(stack, 'T', { tableArn, encryptionKey })],
    [
      'TableV2',
      (stack, tableArn, encryptionKey) => TableV2.fromTableAttributes(stack, 'T', { tableArn, encryptionKey }),
    ],
  ])('names the table’s Region if %s imports its ARN', (_, from) => {
    const makeTable = (tableArn: string) => (stack: Stack) => {
      const encryptionKey = Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:123456789012:key/1');
      return ApiKeyTable.fromTable(stack, 'Keys', from(stack, tableArn, encryptionKey));
    };
    for (const account of ['123456789012', Fn.importValue('Account')]) {
      const template = granted(makeTable(`arn:aws:dynamodb:eu-west-1:${account}:table/keys`), grant);
      const conditions = keyStatementsOf(template).map(({ Condition }) => Condition);
      expect(conditions).toEqual([throughDynamoDb('dynamodb.eu-west-1.amazonaws.com')]);
    }
    const withTokenRegion = granted(makeTable(`arn:aws:dynamodb:${Fn.importValue('Region')}:1:table/keys`), grant);
    const region = { 'Fn::Join': ['', ['dynamodb.', { 'Fn::ImportValue': 'Region' }, '.amazonaws.com']] };
    expect(keyStatementsOf(withTokenRegion).map(({ Condition }) => Condition)).toEqual([throughDynamoDb(region)]);
  });

  test('names the stack’s Region if the Region is unknown at synthesis', () => {
    const stack = new Stack(new App(), 'Test');
    const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const encryptionKey = new Key(stack, 'Key');
    const table = TableV2.fromTableAttributes(stack, 'Table', { tableName: 'shared-keys', encryptionKey });
    ApiKeyTable.fromTable(stack, 'Keys', table)[grant](role);
    const region = { 'Fn::Join': ['', ['dynamodb.', { Ref: 'AWS::Region' }, '.amazonaws.com']] };
    const conditions = keyStatementsOf(Template.fromStack(stack)).map(({ Condition }) => Condition);
    expect(conditions).toEqual([throughDynamoDb(region)]);
  });

  test('belongs to the key policy if the role is in another account', () => {
    const app = new App();
    const keys = new Stack(app, 'Keys', { env: { region: 'us-east-1', account: '111111111111' } });
    const role = Role.fromRoleArn(keys, 'Role', 'arn:aws:iam::222222222222:role/orders');
    const encryption = TableEncryptionV2.customerManagedKey(new Key(keys, 'Key'));
    new ApiKeyTable(keys, 'Table', { encryption })[grant](role);
    Template.fromStack(keys).hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: KEY_ACTIONS,
            Principal: { AWS: 'arn:aws:iam::222222222222:role/orders' },
            Condition: throughDynamoDb('dynamodb.us-east-1.amazonaws.com'),
          }),
        ]),
      },
    });
  });
});

function verifyStatements(Resource: object) {
  return [
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
  ];
}

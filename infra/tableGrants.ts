import { Arn, ArnFormat, type ResourceEnvironment, Stack, Token } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { LIMIT_ATTRIBUTES, LIMITS_PARTITION_KEY, QUOTA_WARNED } from '../keys/limits.ts';
import { BY_ID, BY_OWNER, LAST_USED_ATTRIBUTES } from '../keys/table.ts';
import { isDifferent, propError } from './propChecks.ts';

/**
 * The actions that the CDK grants on a table's key. They are listed individually, because security checks report
 * wildcards.
 */
const KEY_USE = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
] as const;

/** Grants GetItem, and UpdateItem of only `lastUsedAt`. */
export function grantVerify(table: ITable, grantee: IGrantable): Grant {
  const resourceArns = [table.tableArn];
  const read = Grant.addToPrincipal({ grantee, actions: ['dynamodb:GetItem'], resourceArns });
  const write = Grant.addToPrincipal({
    grantee,
    actions: ['dynamodb:UpdateItem'],
    resourceArns,
    conditions: {
      'ForAllValues:StringEquals': { 'dynamodb:Attributes': LAST_USED_ATTRIBUTES },
      // The condition above also matches a request without attributes.
      Null: { 'dynamodb:Attributes': 'false' },
      StringEqualsIfExists: { 'dynamodb:ReturnValues': 'NONE' },
    },
  });
  return withEncryptionKey(table, grantee, read.combine(write));
}

/** Permissions of a function that reads a stream ("Using AWS Lambda with Amazon DynamoDB"). */
export const STREAM_ACTIONS: readonly string[] = [
  'dynamodb:DescribeStream',
  'dynamodb:GetRecords',
  'dynamodb:GetShardIterator',
  'dynamodb:ListStreams',
];

/** Grants only the actions that the registry calls, on the table and its two indexes. */
export function grantManage(table: ITable, grantee: IGrantable): Grant {
  const indexArns = [BY_ID, BY_OWNER].map(({ indexName }) => `${table.tableArn}/index/${indexName}`);
  const onTable = Grant.addToPrincipal({
    grantee,
    actions: [
      'dynamodb:BatchGetItem',
      'dynamodb:DeleteItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Scan',
      'dynamodb:UpdateItem',
    ],
    resourceArns: [table.tableArn],
  });
  const onIndexes = Grant.addToPrincipal({ grantee, actions: ['dynamodb:Query'], resourceArns: indexArns });
  const idPrefixScan = Grant.addToPrincipal({
    grantee,
    actions: ['dynamodb:Scan'],
    resourceArns: [`${table.tableArn}/index/${BY_ID.indexName}`],
  });
  return withEncryptionKey(table, grantee, onTable.combine(onIndexes).combine(idPrefixScan));
}

/**
 * Grants the registry's actions that the management API calls. `lists` also grants the scan that lists the keys of all
 * owners. It doesn't grant the search by the start of an id, which the API doesn't have.
 */
export function grantManageByApi(table: ITable, grantee: IGrantable, { lists }: { readonly lists: boolean }): Grant {
  const actions = ['BatchGetItem', 'DeleteItem', 'GetItem', 'PutItem', 'UpdateItem', ...(lists ? ['Scan'] : [])];
  const onTable = grantActions(grantee, actions, [table.tableArn]);
  const indexArns = [BY_ID, BY_OWNER].map(({ indexName }) => `${table.tableArn}/index/${indexName}`);
  return withEncryptionKey(table, grantee, onTable.combine(grantActions(grantee, ['Query'], indexArns)));
}

/** Grants reads and writes of single items of the management API's state table. */
export function grantState(table: ITable, grantee: IGrantable): Grant {
  const actions = ['DeleteItem', 'GetItem', 'PutItem', 'UpdateItem'];
  return withEncryptionKey(table, grantee, grantActions(grantee, actions, [table.tableArn]));
}

function grantActions(grantee: IGrantable, names: readonly string[], resourceArns: string[]): Grant {
  return Grant.addToPrincipal({ grantee, actions: names.map((name) => `dynamodb:${name}`), resourceArns });
}

/** Grants writing items of the usage table. */
export function grantUsageWrite(table: ITable, grantee: IGrantable): Grant {
  const write = Grant.addToPrincipal({ grantee, actions: ['dynamodb:PutItem'], resourceArns: [table.tableArn] });
  return withEncryptionKey(table, grantee, write);
}

/** Grants reading the hours of one key, or of all keys together, from the usage table. */
export function grantUsageRead(table: ITable, grantee: IGrantable): Grant {
  const read = Grant.addToPrincipal({ grantee, actions: ['dynamodb:Query'], resourceArns: [table.tableArn] });
  return withEncryptionKey(table, grantee, read);
}

/** Grants writing events to the history table. */
export function grantHistoryWrite(table: ITable, grantee: IGrantable): Grant {
  const write = Grant.addToPrincipal({ grantee, actions: ['dynamodb:PutItem'], resourceArns: [table.tableArn] });
  return withEncryptionKey(table, grantee, write);
}

/** Grants reading the events of one key from the history table. */
export function grantHistoryRead(table: ITable, grantee: IGrantable): Grant {
  const read = Grant.addToPrincipal({ grantee, actions: ['dynamodb:Query'], resourceArns: [table.tableArn] });
  return withEncryptionKey(table, grantee, read);
}

/** Grants reading the whole table of keys, as the daily run of the events does. */
export function grantScanKeys(table: ITable, grantee: IGrantable): Grant {
  const scan = Grant.addToPrincipal({ grantee, actions: ['dynamodb:Scan'], resourceArns: [table.tableArn] });
  return withEncryptionKey(table, grantee, scan);
}

/** Grants reading a key by its id. */
export function grantFindKeys(table: ITable, grantee: IGrantable): Grant {
  const read = Grant.addToPrincipal({ grantee, actions: ['dynamodb:GetItem'], resourceArns: [table.tableArn] });
  const resourceArns = [`${table.tableArn}/index/${BY_ID.indexName}`];
  const find = Grant.addToPrincipal({ grantee, actions: ['dynamodb:Query'], resourceArns });
  return withEncryptionKey(table, grantee, read.combine(find));
}

/** Grants reading all counters, and marking the quotas that gave an event. The grantee can't change a counter. */
export function grantMarkLimits(table: ITable, grantee: IGrantable): Grant {
  const resourceArns = [table.tableArn];
  const scan = Grant.addToPrincipal({ grantee, actions: ['dynamodb:Scan'], resourceArns });
  const mark = Grant.addToPrincipal({
    grantee,
    actions: ['dynamodb:UpdateItem'],
    resourceArns,
    conditions: {
      'ForAllValues:StringEquals': { 'dynamodb:Attributes': [LIMITS_PARTITION_KEY, QUOTA_WARNED] },
      // The condition above also matches a request without attributes.
      Null: { 'dynamodb:Attributes': 'false' },
      StringEqualsIfExists: { 'dynamodb:ReturnValues': 'NONE' },
    },
  });
  return withEncryptionKey(table, grantee, scan.combine(mark));
}

/**
 * Grants UpdateItem of the counters. The response may contain only the updated attributes, so the grantee can't read
 * other items.
 */
export function grantTakeLimits(table: ITable, grantee: IGrantable): Grant {
  const take = Grant.addToPrincipal({
    grantee,
    actions: ['dynamodb:UpdateItem'],
    resourceArns: [table.tableArn],
    conditions: {
      'ForAllValues:StringEquals': { 'dynamodb:Attributes': LIMIT_ATTRIBUTES },
      // The condition above also matches a request without attributes.
      Null: { 'dynamodb:Attributes': 'false' },
      StringEqualsIfExists: { 'dynamodb:ReturnValues': 'UPDATED_NEW' },
    },
  });
  return withEncryptionKey(table, grantee, take);
}

/** Grants reads of the counters, and UpdateItem to reset them. */
export function grantResetLimits(table: ITable, grantee: IGrantable): Grant {
  const actions = ['dynamodb:BatchGetItem', 'dynamodb:UpdateItem'];
  const onTable = Grant.addToPrincipal({ grantee, actions, resourceArns: [table.tableArn] });
  return withEncryptionKey(table, grantee, onTable);
}

/** Adds the use of the table's KMS key to the grant, because DynamoDB uses that key with the caller's permissions. */
function withEncryptionKey(table: ITable, grantee: IGrantable, grant: Grant): Grant {
  const use = grantEncryptionKey(table, grantee, KEY_USE);
  return use === undefined ? grant : grant.combine(use);
}

/**
 * Grants actions on the table's KMS key. Returns `undefined` if the table doesn't have a key. The grantee can use the
 * key only through DynamoDB in the table's Region ("kms:ViaService", AWS KMS Developer Guide). The CDK's `grant` method
 * of a key doesn't accept a condition.
 */
export function grantEncryptionKey(table: ITable, grantee: IGrantable, actions: readonly string[]): Grant | undefined {
  const { encryptionKey: resource } = table;
  if (resource === undefined) return undefined;
  const conditions = { StringEquals: { 'kms:ViaService': `dynamodb.${getEnvironment(table).region}.amazonaws.com` } };
  const grant = Grant.addToPrincipalOrResource({
    grantee,
    actions: [...actions],
    resource,
    resourceArns: [resource.keyArn],
    // A key policy refers to its own key as `*`.
    resourceSelfArns: ['*'],
    conditions,
  });
  // Older releases of the CDK omit the conditions in the key policy, which a role of another account requires.
  for (const statement of grant.resourceStatements) statement.addConditions(conditions);
  return grant;
}

/** The value of `TableName` in the function's requests to DynamoDB. */
export interface TableReference {
  /** The table's name or its ARN. DynamoDB accepts both. A table in another account requires the ARN. */
  readonly value: string;
  readonly kind: 'name' | 'arn';
}

/** The prop that passes a table, and how to fix a table in another Region. */
export interface TableProp {
  readonly name: string;
  readonly advice: string;
}

const KEYS_TABLE: TableProp = {
  name: 'table',
  advice:
    'the function reads a table in its own Region. Add that Region to replicaRegions of the ApiKeyTable, and pass its replica: ' +
    "ApiKeyTable.fromTableName(this, 'Replica', tableName)",
};

/**
 * Returns the reference to the table for a function in the construct's stack. It's the ARN if the table is in another
 * account, or if only the deployment knows the account. The other account must allow the function in the table's
 * resource policy.
 *
 * @throws LatchkeyError `CONFIG_INVALID` if the synthesis knows that the table is in another Region than the stack
 */
export function tableReference(
  construct: IConstruct,
  table: ITable,
  { name, advice }: TableProp = KEYS_TABLE,
): TableReference {
  const stack = Stack.of(construct);
  const tableEnv = getEnvironment(table);
  if (isDifferent(tableEnv.region, stack.region)) {
    throw propError(
      construct,
      `${name}: expected a table in ${stack.region}, the Region of this stack, got ${table.node.path} in ${tableEnv.region}: ${advice}`,
    );
  }
  return tableEnv.account === stack.account
    ? { value: table.tableName, kind: 'name' }
    : { value: table.tableArn, kind: 'arn' };
}

/**
 * Returns the account and the Region from the table's ARN. Each may be a token. It doesn't use `env`, because an
 * imported `Table` has the `env` of its stack. It returns `env` only if the whole ARN is one token.
 */
function getEnvironment(table: ITable): ResourceEnvironment {
  const isOneToken = !table.tableArn.startsWith('arn:') && Token.isUnresolved(table.tableArn);
  if (isOneToken) return table.env;
  const { region = '', account = '' } = Arn.split(table.tableArn, ArnFormat.SLASH_RESOURCE_NAME);
  return { region, account };
}

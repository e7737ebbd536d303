import type { ITable, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { BY_ID, BY_OWNER, LAST_USED_ATTRIBUTES } from '../keys/table.ts';
import { environmentOf } from './tableReference.ts';

/** What the CDK grants to who reads and writes a table, with its wildcards written out: the security checks ask about those. */
const KEY_USE = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
] as const;

/** What the authorizer does: GetItem, and an UpdateItem of `lastUsedAt` alone. */
export function grantVerify(table: ITable | TableV2, grantee: IGrantable): Grant {
  const resourceArns = [table.tableArn];
  const read = Grant.addToPrincipal({ grantee, actions: ['dynamodb:GetItem'], resourceArns });
  const write = Grant.addToPrincipal({
    grantee,
    actions: ['dynamodb:UpdateItem'],
    resourceArns,
    conditions: {
      'ForAllValues:StringEquals': { 'dynamodb:Attributes': LAST_USED_ATTRIBUTES },
      // The line above holds for a request that names no attribute, too.
      Null: { 'dynamodb:Attributes': 'false' },
      StringEqualsIfExists: { 'dynamodb:ReturnValues': 'NONE' },
    },
  });
  return withEncryptionKey(table, grantee, read.combine(write));
}

/** What the registry does: nothing that it does not call, on the table and its two indexes. */
export function grantManage(table: ITable | TableV2, grantee: IGrantable): Grant {
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
  const byStartOfId = Grant.addToPrincipal({
    grantee,
    actions: ['dynamodb:Scan'],
    resourceArns: [`${table.tableArn}/index/${BY_ID.indexName}`],
  });
  return withEncryptionKey(table, grantee, onTable.combine(onIndexes).combine(byStartOfId));
}

/** Adds the use of the table's KMS key to the grant, because DynamoDB uses that key with the caller's permissions. */
function withEncryptionKey(table: ITable | TableV2, grantee: IGrantable, grant: Grant): Grant {
  const use = grantEncryptionKey(table, grantee, KEY_USE);
  return use === undefined ? grant : grant.combine(use);
}

/**
 * Lets the grantee use the KMS key of the table, if the table has one. The grantee can use the key only through DynamoDB in the table's
 * Region, not directly ("kms:ViaService", AWS KMS Developer Guide). The CDK's own `grant` of a key accepts no condition.
 */
export function grantEncryptionKey(
  table: ITable | TableV2,
  grantee: IGrantable,
  actions: readonly string[],
): Grant | undefined {
  const { encryptionKey: resource } = table;
  if (resource === undefined) return undefined;
  return Grant.addToPrincipalOrResource({
    grantee,
    actions: [...actions],
    resource,
    resourceArns: [resource.keyArn],
    // A key policy refers to its own key by `*`.
    resourceSelfArns: ['*'],
    conditions: { StringEquals: { 'kms:ViaService': `dynamodb.${environmentOf(table).region}.amazonaws.com` } },
  });
}

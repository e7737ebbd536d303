import { type ITable, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { propError } from './propChecks.ts';

/** The attributes that the imports of keys and of limits have in common. Exactly one of name and ARN is present. */
interface TableAttributes {
  readonly tableName?: string;
  readonly tableArn?: string;
  readonly tableStreamArn?: string;
  readonly encryptionKey?: IKey;
}

/**
 * Imports a table by its attributes, as the child `Table` of `scope`.
 *
 * @throws LatchkeyError `CONFIG_INVALID` if `attributes` doesn't have exactly one of `tableName` and `tableArn`
 */
export function importTable(scope: Construct, attributes: TableAttributes): ITable {
  const { tableName, tableArn } = attributes;
  if ((tableName === undefined) !== (tableArn === undefined))
    return TableV2.fromTableAttributes(scope, 'Table', attributes);
  const got = tableName === undefined ? 'neither' : `both ${tableName} and ${tableArn}`;
  throw propError(scope, `fromTableAttributes: expected tableName or tableArn, got ${got}`);
}

import { Arn, ArnFormat, Stack, Token, TokenComparison, type ResourceEnvironment } from 'aws-cdk-lib';
import type { ITable, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IConstruct } from 'constructs';
import { propError } from './propChecks.ts';

/** How the function names its table to DynamoDB. */
export interface TableReference {
  /** The table's name or its ARN. `TableName` of DynamoDB's API accepts both; a table in another account needs the ARN. */
  readonly value: string;
  readonly kind: 'name' | 'arn';
}

/**
 * Returns how a function in the construct's stack names the table: by its ARN if the table is in another account, or if only the
 * deployment knows whether it is. The other account must allow the function in the table's resource policy.
 *
 * @throws LatchkeyError `CONFIG_INVALID` if the synthesis knows that the table is in another Region than the stack
 */
export function tableReference(construct: IConstruct, table: ITable | TableV2): TableReference {
  const stack = Stack.of(construct);
  const tableEnv = environmentOf(table);
  if (isDifferent(tableEnv.region, stack.region)) {
    throw propError(
      construct,
      `table: got ${table.node.path} of the Region ${tableEnv.region}, wanted one of ${stack.region}, the Region of this stack: the ` +
        'function reads the table of its own Region. Add that Region to replicaRegions of the ApiKeyTable, and pass its replica: ' +
        `ApiKeyTable.fromTable(this, 'Keys', TableV2.fromTableName(this, 'Replica', tableName))`,
    );
  }
  return tableEnv.account === stack.account
    ? { value: table.tableName, kind: 'name' }
    : { value: table.tableArn, kind: 'arn' };
}

/**
 * Returns the account and the Region that the table's ARN names, each of which may be a token. The ARN is right where `env` isn't: an
 * imported `Table` has the `env` of its stack. If the whole ARN is one token, it names nothing, and `env` is returned.
 */
export function environmentOf(table: ITable | TableV2): ResourceEnvironment {
  const isOneToken = !table.tableArn.startsWith('arn:') && Token.isUnresolved(table.tableArn);
  if (isOneToken) return table.env;
  const { region = '', account = '' } = Arn.split(table.tableArn, ArnFormat.SLASH_RESOURCE_NAME);
  return { region, account };
}

/** Returns false if one of them is a token: the deployment may resolve it to the other. */
function isDifferent(one: string, other: string): boolean {
  return Token.compareStrings(one, other) === TokenComparison.DIFFERENT;
}

/** The attributes of the state table that its schema and its conditions name. */
export const STATE_ATTRIBUTE = {
  id: 'id',
  /** Changes with every write of an item that several requests change. */
  revision: 'revision',
  purgeAfter: 'purgeAfter',
} as const;

export const STATE_PARTITION_KEY = STATE_ATTRIBUTE.id;
/** The table's TTL attribute, in epoch seconds. */
export const STATE_TTL_ATTRIBUTE = STATE_ATTRIBUTE.purgeAfter;

/** The kinds of items. Each id begins with its kind. */
export type StateKind = 'idempotency' | 'owner' | 'code' | 'session';

/** Returns the id of an item: its kind, a slash and its name. */
export function stateId(kind: StateKind, name: string): string {
  return `${kind}/${name}`;
}

/** Returns the CreateTable input for the state table, for DynamoDB engines without CloudFormation. */
export function createStateTableInput(tableName: string) {
  return {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST' as const,
    AttributeDefinitions: [{ AttributeName: STATE_PARTITION_KEY, AttributeType: 'S' as const }],
    KeySchema: [{ AttributeName: STATE_PARTITION_KEY, KeyType: 'HASH' as const }],
  };
}

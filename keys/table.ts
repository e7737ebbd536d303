/** The table's attribute names. The store, the construct, its IAM grants and the embedded DynamoDB use them. */
export const ATTRIBUTE = {
  keyHash: 'keyHash',
  id: 'id',
  label: 'label',
  owner: 'owner',
  createdAt: 'createdAt',
  createdBy: 'createdBy',
  importedBy: 'importedBy',
  lastUsedAt: 'lastUsedAt',
  purgeAfter: 'purgeAfter',
  version: 'version',
} as const;

/**
 * The attributes that the library, the CLI, the console, a seed file or an import can set. `keys/fields.ts` checks
 * them.
 */
export const EDITABLE_FIELDS = ['label', 'owner', 'scopes', 'plan', 'allowedIps', 'expiresAt', 'metadata'] as const;
/** The name of an attribute that an operator can set and change. */
export type EditableField = (typeof EDITABLE_FIELDS)[number];

export const PARTITION_KEY = ATTRIBUTE.keyHash;
/** The table's TTL attribute, in epoch seconds. */
export const TTL_ATTRIBUTE = ATTRIBUTE.purgeAfter;

/** The keys of an index. Both indexes project only keys, so a last-used write doesn't update them. */
export interface IndexSchema {
  readonly indexName: string;
  readonly partitionKey: string;
  readonly sortKey?: string;
}

export const BY_ID: IndexSchema = { indexName: 'byId', partitionKey: ATTRIBUTE.id };
export const BY_OWNER: IndexSchema = {
  indexName: 'byOwner',
  partitionKey: ATTRIBUTE.owner,
  sortKey: ATTRIBUTE.createdAt,
};
export const INDEXES: readonly IndexSchema[] = [BY_ID, BY_OWNER];

/** The attributes that the authorizer may use in an update. */
export const LAST_USED_ATTRIBUTES: readonly string[] = [ATTRIBUTE.keyHash, ATTRIBUTE.lastUsedAt];

/** Returns the CreateTable input for DynamoDB engines without CloudFormation. */
export function createTableInput(tableName: string) {
  const keyAttributes = new Set([PARTITION_KEY, ...INDEXES.flatMap(indexKeys)]);
  return {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST' as const,
    AttributeDefinitions: [...keyAttributes].map((name) => ({ AttributeName: name, AttributeType: 'S' as const })),
    KeySchema: keySchema([PARTITION_KEY]),
    GlobalSecondaryIndexes: INDEXES.map((index) => ({
      IndexName: index.indexName,
      KeySchema: keySchema(indexKeys(index)),
      Projection: { ProjectionType: 'KEYS_ONLY' as const },
    })),
  };
}

function indexKeys(index: IndexSchema): string[] {
  return index.sortKey === undefined ? [index.partitionKey] : [index.partitionKey, index.sortKey];
}

function keySchema([partitionKey, sortKey]: string[]) {
  return [
    { AttributeName: partitionKey, KeyType: 'HASH' as const },
    ...(sortKey === undefined ? [] : [{ AttributeName: sortKey, KeyType: 'RANGE' as const }]),
  ];
}

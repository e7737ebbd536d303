import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, ProjectionType, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { INDEXES, LAST_USED_ATTRIBUTES, PARTITION_KEY, TTL_ATTRIBUTE } from '../keys/table.ts';

export interface ApiKeyTableProps {
  /**
   * The table's name.
   *
   * @default - CloudFormation makes one up
   */
  readonly tableName?: string;

  /**
   * How the table is encrypted at rest. A key in KMS is billed by use, and every environment of the authorizer uses it.
   *
   * @default - with a key that DynamoDB owns, at no cost
   */
  readonly encryption?: TableEncryptionV2;

  /**
   * Whether CloudFormation and everybody else is refused to delete the table.
   *
   * @default true
   */
  readonly deletionProtection?: boolean;

  /**
   * What becomes of the table when it leaves the stack.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** The table of API keys: billed per request, with point-in-time recovery, and kept when the stack goes. */
export class ApiKeyTable extends Construct {
  readonly table: TableV2;

  constructor(scope: Construct, id: string, props: ApiKeyTableProps = {}) {
    super(scope, id);
    this.table = new TableV2(this, 'Table', {
      ...(props.tableName === undefined ? {} : { tableName: props.tableName }),
      partitionKey: text(PARTITION_KEY),
      globalSecondaryIndexes: INDEXES.map(({ indexName, partitionKey, sortKey }) => ({
        indexName,
        partitionKey: text(partitionKey),
        ...(sortKey === undefined ? {} : { sortKey: text(sortKey) }),
        projectionType: ProjectionType.KEYS_ONLY,
      })),
      timeToLiveAttribute: TTL_ATTRIBUTE,
      billing: Billing.onDemand(),
      encryption: props.encryption ?? TableEncryptionV2.dynamoOwnedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: props.deletionProtection ?? true,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
  }

  get tableName(): string {
    return this.table.tableName;
  }

  /**
   * Lets the grantee decide on keys: read a key by its hash, and write when it was last used. It can neither list keys nor
   * issue one, and of a key it can change nothing but `lastUsedAt`.
   */
  grantVerify(grantee: IGrantable): Grant {
    const resourceArns = [this.table.tableArn];
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
    const decrypt = this.table.encryptionKey?.grantEncryptDecrypt(grantee);
    return decrypt === undefined ? read.combine(write) : read.combine(write).combine(decrypt);
  }
}

function text(name: string) {
  return { name, type: AttributeType.STRING };
}

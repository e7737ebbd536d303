import { CfnDeletionPolicy, Lazy, RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  Billing,
  CfnGlobalTable,
  ProjectionType,
  StreamViewType,
  TableEncryptionV2,
  TableV2,
  type ITable,
} from 'aws-cdk-lib/aws-dynamodb';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct, type IConstruct } from 'constructs';
import { LatchkeyError } from '../keys/errors.ts';
import { INDEXES, PARTITION_KEY, TTL_ATTRIBUTE } from '../keys/table.ts';
import { propError } from './propChecks.ts';
import { grantManage, grantVerify } from './tableGrants.ts';

/** Properties of `ApiKeyTable`: name, encryption, replicas and protection. */
export interface ApiKeyTableProps {
  /**
   * The table's name. Set it if stacks in other Regions look up the table by its name.
   *
   * @default - CloudFormation generates a name
   */
  readonly tableName?: string;

  /**
   * The encryption of the table at rest. AWS bills each use of a KMS key. Every execution environment of the authorizer
   * uses the key. A change to the encryption doesn't replace the table. `TableEncryptionV2.customerManagedKey` requires
   * a key for each Region if the table has replicas.
   *
   * @default - a key that DynamoDB owns, at no cost
   */
  readonly encryption?: TableEncryptionV2;

  /**
   * The other Regions with a replica of the table. Each replica has its own deletion protection and point-in-time
   * recovery. Writes reach the other Regions after about one second (AWS, "Global tables"). The later write wins if two
   * Regions write one record. A last-used write within that second can therefore undo a revocation. Check the keys that
   * you revoked (docs/storage.md). The stack must have an explicit Region.
   *
   * @default - only the stack's Region
   */
  readonly replicaRegions?: readonly string[];

  /**
   * Enables DynamoDB's deletion protection for the table. Even CloudFormation can't delete a protected table.
   *
   * @default - true, unless the synthesized removal policy is `RemovalPolicy.DESTROY`
   */
  readonly deletionProtection?: boolean;

  /**
   * The removal policy of the table if you remove it from the stack. `DESTROY` also turns `deletionProtection` off,
   * unless you set that prop. `RemovalPolicies.of(stack).destroy()` does the same.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** A table of API keys, from this stack or another source. */
export interface IApiKeyTable extends IConstruct {
  /** The CDK's table. Use it for metrics and further grants. */
  readonly table: ITable | TableV2;

  /** The table's name. Use it for `latchkey --table` and `createKeyRegistry`. */
  readonly tableName: string;

  /**
   * Returns the ARN of the table's stream, which contains each record before and after a write. The call enables the
   * stream if this app creates the table.
   *
   * @throws LatchkeyError `CONFIG_INVALID` for an imported table without `tableStreamArn`
   */
  streamArn(): string;

  /**
   * Grants the permissions to verify keys: read a key by its hash, and write the time of its last use. The grantee
   * can't list or issue keys. `lastUsedAt` is the only attribute that it can change.
   */
  grantVerify(grantee: IGrantable): Grant;

  /**
   * Grants the permissions that `KeyRegistry` requires: issue, find, list, change, rotate and revoke keys. The grantee
   * can't read secrets, because the table doesn't contain any.
   */
  grantManage(grantee: IGrantable): Grant;
}

/**
 * A DynamoDB table of API keys. AWS bills the table per request. The table has point-in-time recovery. CloudFormation
 * retains it by default when the stack is deleted.
 */
export class ApiKeyTable extends Construct implements IApiKeyTable {
  readonly table: TableV2;

  /**
   * Imports an existing table: from another stack, a replica in this Region, or one that Terraform or SAM created
   * (docs/storage.md). If the table has its own encryption key, pass that key to `table`. The grants then include it.
   */
  static fromTable(scope: Construct, id: string, table: ITable): IApiKeyTable {
    return new ExistingApiKeyTable(scope, id, table);
  }

  constructor(scope: Construct, id: string, props: ApiKeyTableProps = {}) {
    super(scope, id);
    const pointInTimeRecoverySpecification = { pointInTimeRecoveryEnabled: true };
    const { removalPolicy = RemovalPolicy.RETAIN } = props;
    const protection = props.deletionProtection === undefined ? {} : { deletionProtection: props.deletionProtection };
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
      pointInTimeRecoverySpecification,
      ...protection,
      removalPolicy,
      replicas: (props.replicaRegions ?? []).map((region) => ({ region, pointInTimeRecoverySpecification })),
    });
    protectUnlessDestroyed(this.#cfnTable);
  }

  /** The table's name. Use it for `latchkey --table` and `createKeyRegistry`. */
  get tableName(): string {
    return this.table.tableName;
  }

  streamArn(): string {
    const cfnTable = this.#cfnTable;
    cfnTable.streamSpecification = { streamViewType: StreamViewType.NEW_AND_OLD_IMAGES };
    return cfnTable.attrStreamArn;
  }

  grantVerify(grantee: IGrantable): Grant {
    return grantVerify(this.table, grantee);
  }

  grantManage(grantee: IGrantable): Grant {
    return grantManage(this.table, grantee);
  }

  get #cfnTable(): CfnGlobalTable {
    const { defaultChild } = this.table.node;
    if (defaultChild instanceof CfnGlobalTable) return defaultChild;
    throw new LatchkeyError('INTERNAL_ERROR', `${this.node.path}: a TableV2 has no CfnGlobalTable`);
  }
}

class ExistingApiKeyTable extends Construct implements IApiKeyTable {
  readonly table: ITable;

  constructor(scope: Construct, id: string, table: ITable) {
    super(scope, id);
    this.table = table;
  }

  get tableName(): string {
    return this.table.tableName;
  }

  streamArn(): string {
    const { tableStreamArn } = this.table;
    if (tableStreamArn !== undefined) return tableStreamArn;
    throw propError(
      this,
      'table: expected a tableStreamArn of a stream with new and old images, got a table from elsewhere without one: plans ' +
        'that limit each key read the stream. Shared plans do not',
    );
  }

  grantVerify(grantee: IGrantable): Grant {
    return grantVerify(this.table, grantee);
  }

  grantManage(grantee: IGrantable): Grant {
    return grantManage(this.table, grantee);
  }
}

/**
 * Protects each replica without a deletion protection setting, unless CloudFormation deletes the table with its stack.
 * It decides when the template is written, because an aspect may change the removal policy until then.
 */
function protectUnlessDestroyed(table: CfnGlobalTable): void {
  const { replicas } = table;
  table.replicas = Lazy.uncachedAny({
    produce: (context) => {
      const deletionProtectionEnabled = table.cfnOptions.deletionPolicy !== CfnDeletionPolicy.DELETE;
      const rendered: CfnGlobalTable.ReplicaSpecificationProperty[] = context.resolve(replicas);
      return rendered.map((replica) => ({ deletionProtectionEnabled, ...replica }));
    },
  });
}

function text(name: string) {
  return { name, type: AttributeType.STRING };
}

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

/** How the table is named, kept and encrypted. */
export interface ApiKeyTableProps {
  /**
   * The table's name. Give one to a table that stacks of other Regions find by its name.
   *
   * @default - CloudFormation makes one up
   */
  readonly tableName?: string;

  /**
   * How the table is encrypted at rest. A key in KMS is billed by use, and every environment of the authorizer uses it. A
   * change of it replaces nothing. With replicas, `TableEncryptionV2.customerManagedKey` wants a key for each Region.
   *
   * @default - with a key that DynamoDB owns, at no cost
   */
  readonly encryption?: TableEncryptionV2;

  /**
   * The other Regions that have the table too, each with deletion protection and point-in-time recovery of its own. A key that
   * is issued or revoked in one is so in the others after about a second (AWS, "Global tables"). Of two writes to one record in
   * two Regions the later stays, so that a last-used write within that second can undo a revocation: look again at what you
   * revoked (docs/storage.md). The stack must name its own Region.
   *
   * @default - this Region alone
   */
  readonly replicaRegions?: readonly string[];

  /**
   * Whether DynamoDB rejects every request to delete the table. CloudFormation can't delete a protected table either.
   *
   * @default - true, unless the synthesized removal policy is `RemovalPolicy.DESTROY`
   */
  readonly deletionProtection?: boolean;

  /**
   * What CloudFormation does with the table when it leaves the stack. `DESTROY` also turns `deletionProtection` off, unless you set
   * it. `RemovalPolicies.of(stack).destroy()` does the same.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** A table of API keys, of this stack or of another. */
export interface IApiKeyTable extends IConstruct {
  /** The CDK's own table, for metrics and the like. */
  readonly table: ITable | TableV2;

  /** The table's name, for `latchkey --table` and `createKeyRegistry`. */
  readonly tableName: string;

  /**
   * The ARN of the stream of all writes to the table, with the record before and after each. A table of this app is given one
   * by the call; whoever does not call has none.
   *
   * @throws LatchkeyError `CONFIG_INVALID` for a table from elsewhere whose `tableStreamArn` is not told
   */
  streamArn(): string;

  /**
   * Lets the grantee decide on keys: read a key by its hash, and write when it was last used. It can neither list keys nor
   * issue one, and of a key it can change nothing but `lastUsedAt`.
   */
  grantVerify(grantee: IGrantable): Grant;

  /**
   * Lets the grantee do all that `KeyRegistry` does: issue, find, list, change, rotate and revoke the keys of this table, and
   * of no other. It cannot read a secret, for the table holds none.
   */
  grantManage(grantee: IGrantable): Grant;
}

/** The table of API keys: billed per request, with point-in-time recovery, and kept when the stack goes. */
export class ApiKeyTable extends Construct implements IApiKeyTable {
  readonly table: TableV2;

  /**
   * A table that is there already: of another stack, a replica of this Region, or one that Terraform or SAM made by the schema
   * of docs/storage.md. Its encryption key must be known to `table` to be granted with it.
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

  /** The table's name, for `latchkey --table` and `createKeyRegistry`. */
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
    throw new LatchkeyError('INTERNAL_ERROR', `${this.node.path}: a TableV2 is made of no CfnGlobalTable`);
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
      'table: got one from elsewhere without the ARN of its stream, wanted a tableStreamArn with it, of a stream of new and ' +
        'old images: plans that limit each key follow it. Shared plans do not',
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
 * Protects each replica that has no deletion protection set, unless CloudFormation deletes the table with its stack. Decides when the
 * template is written, because an aspect may change the removal policy until then.
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

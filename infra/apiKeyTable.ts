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
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct, type IConstruct } from 'constructs';
import { LatchkeyError } from '../keys/errors.ts';
import { INDEXES, PARTITION_KEY, TTL_ATTRIBUTE } from '../keys/table.ts';
import { importTable } from './importedTable.ts';
import { propError, wholeNumberProblems } from './propChecks.ts';
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
   * Maximum number of read request units per second. DynamoDB throttles further reads of the table, but not those of its
   * indexes. The authorizer then responds to some requests with 500, so the maximum limits the cost of a flood and also
   * the traffic of your callers.
   *
   * @default - unlimited
   */
  readonly maxReadRequestUnits?: number;

  /**
   * Maximum number of write request units per second. DynamoDB throttles further writes. The authorizer still allows a
   * request if its last-used write is throttled.
   *
   * @default - unlimited
   */
  readonly maxWriteRequestUnits?: number;

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

/** Attributes of a table that another stack or tool creates. Pass either `tableName` or `tableArn`. */
export interface ApiKeyTableAttributes {
  /**
   * The table's name. The table is in the account and the Region of the stack.
   *
   * @default - the name in `tableArn`
   */
  readonly tableName?: string;

  /**
   * The table's ARN.
   *
   * @default - the ARN of the table `tableName` in the account and the Region of the stack
   */
  readonly tableArn?: string;

  /**
   * The ARN of the table's stream, with new and old images. Only plans that limit each key and `ApiKeyEvents` read it.
   *
   * @default - plans must be shared, and the keys have no events
   */
  readonly tableStreamArn?: string;

  /**
   * The KMS key of the table's encryption. The grants include its use through DynamoDB.
   *
   * @default - a key that DynamoDB owns
   */
  readonly encryptionKey?: IKey;
}

/** A table of API keys, from this stack or another source. */
export interface IApiKeyTable extends IConstruct {
  /** The CDK's table. Use it for metrics and further grants. */
  readonly resource: ITable;

  /** The table's name. Use it for `latchkey --table` and `createKeyRegistry`. */
  readonly tableName: string;

  /** The table's ARN. A function in another account uses it instead of the name. */
  readonly tableArn: string;

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
  /** The CDK's table, with the methods of `TableV2`, such as `addReplica`. */
  readonly table: TableV2;

  /**
   * Imports an existing table of the stack's account and Region by its name. It may be a replica. Use
   * `fromTableAttributes` if it has its own encryption key, or if plans read its stream.
   */
  static fromTableName(scope: Construct, id: string, tableName: string): IApiKeyTable {
    return ApiKeyTable.fromTableAttributes(scope, id, { tableName });
  }

  /**
   * Imports an existing table by its ARN, for example a table of another account. Its resource policy must then allow
   * the function's role. Use `fromTableAttributes` if it has its own encryption key, or if plans read its stream.
   */
  static fromTableArn(scope: Construct, id: string, tableArn: string): IApiKeyTable {
    return ApiKeyTable.fromTableAttributes(scope, id, { tableArn });
  }

  /**
   * Imports an existing table by its attributes.
   *
   * @throws LatchkeyError `CONFIG_INVALID` if `attributes` doesn't have exactly one of `tableName` and `tableArn`
   */
  static fromTableAttributes(scope: Construct, id: string, attributes: ApiKeyTableAttributes): IApiKeyTable {
    return new ExistingApiKeyTable(scope, id, (owner) => importTable(owner, attributes));
  }

  /**
   * Imports an existing table: from another stack, a replica in this Region, or one that Terraform or SAM created
   * (docs/storage.md). If the table has its own encryption key, pass that key to `table`. The grants then include it.
   */
  static fromTable(scope: Construct, id: string, table: ITable): IApiKeyTable {
    return new ExistingApiKeyTable(scope, id, () => table);
  }

  /**
   * Creates the table.
   *
   * @throws LatchkeyError `CONFIG_INVALID` if a maximum isn't a whole number above 0
   */
  constructor(scope: Construct, id: string, props: ApiKeyTableProps = {}) {
    super(scope, id);
    const pointInTimeRecoverySpecification = { pointInTimeRecoveryEnabled: true };
    const { removalPolicy = RemovalPolicy.RETAIN, maxReadRequestUnits, maxWriteRequestUnits } = props;
    const problems = Object.entries({ maxReadRequestUnits, maxWriteRequestUnits }).flatMap(([prop, units]) =>
      wholeNumberProblems(prop, units, { least: 1 }),
    );
    if (problems.length > 0) throw propError(this, ...problems);
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
      billing: Billing.onDemand({
        ...(maxReadRequestUnits !== undefined && { maxReadRequestUnits }),
        ...(maxWriteRequestUnits !== undefined && { maxWriteRequestUnits }),
      }),
      encryption: props.encryption ?? TableEncryptionV2.dynamoOwnedKey(),
      pointInTimeRecoverySpecification,
      ...protection,
      removalPolicy,
      replicas: (props.replicaRegions ?? []).map((region) => ({ region, pointInTimeRecoverySpecification })),
    });
    protectUnlessDestroyed(this.#cfnTable);
  }

  get resource(): ITable {
    // The CDK's classes declare `undefined` for properties that its interfaces omit. Exact optional property types
    // require this assertion.
    return this.table as ITable;
  }

  get tableName(): string {
    return this.table.tableName;
  }

  get tableArn(): string {
    return this.table.tableArn;
  }

  streamArn(): string {
    const cfnTable = this.#cfnTable;
    cfnTable.streamSpecification = { streamViewType: StreamViewType.NEW_AND_OLD_IMAGES };
    return cfnTable.attrStreamArn;
  }

  grantVerify(grantee: IGrantable): Grant {
    return grantVerify(this.resource, grantee);
  }

  grantManage(grantee: IGrantable): Grant {
    return grantManage(this.resource, grantee);
  }

  get #cfnTable(): CfnGlobalTable {
    const { defaultChild } = this.table.node;
    if (defaultChild instanceof CfnGlobalTable) return defaultChild;
    throw new LatchkeyError('INTERNAL_ERROR', `${this.node.path}: a TableV2 has no CfnGlobalTable`);
  }
}

class ExistingApiKeyTable extends Construct implements IApiKeyTable {
  readonly resource: ITable;

  constructor(scope: Construct, id: string, getTable: (owner: Construct) => ITable) {
    super(scope, id);
    this.resource = getTable(this);
  }

  get tableName(): string {
    return this.resource.tableName;
  }

  get tableArn(): string {
    return this.resource.tableArn;
  }

  streamArn(): string {
    const { tableStreamArn } = this.resource;
    if (tableStreamArn !== undefined) return tableStreamArn;
    throw propError(
      this,
      'table: expected a tableStreamArn of a stream with new and old images, got a table from elsewhere without one: plans ' +
        'that limit each key and events of keys read the stream. Shared plans do not',
    );
  }

  grantVerify(grantee: IGrantable): Grant {
    return grantVerify(this.resource, grantee);
  }

  grantManage(grantee: IGrantable): Grant {
    return grantManage(this.resource, grantee);
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

import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableEncryptionV2, TableV2, type ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct, type IConstruct } from 'constructs';
import { LIMITS_PARTITION_KEY, LIMITS_TTL_ATTRIBUTE } from '../keys/limits.ts';
import { importTable } from './importedTable.ts';
import { acknowledge } from './nag.ts';
import { grantResetLimits, grantTakeLimits } from './tableGrants.ts';

/** Properties of `ApiKeyLimits`: name, encryption and removal policy. */
export interface ApiKeyLimitsProps {
  /**
   * The table's name.
   *
   * @default - CloudFormation generates a name
   */
  readonly tableName?: string;

  /**
   * The encryption of the table at rest. The table contains ids of keys and names of owners, and no secrets or hashes.
   *
   * @default - a key that DynamoDB owns, at no cost
   */
  readonly encryption?: TableEncryptionV2;

  /**
   * The removal policy of the table if you remove it from the stack. The table contains only the counts of the current
   * periods. Without them, every quota starts again.
   *
   * @default RemovalPolicy.DESTROY
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** Attributes of a limits table that another stack or tool creates. Pass either `tableName` or `tableArn`. */
export interface ApiKeyLimitsAttributes {
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
   * The KMS key of the table's encryption. The grants include its use through DynamoDB.
   *
   * @default - a key that DynamoDB owns
   */
  readonly encryptionKey?: IKey;
}

/** A table in which authorizers count the requests of keys, from this stack or another source. */
export interface IApiKeyLimits extends IConstruct {
  /** The CDK's table. Use it for metrics and further grants. */
  readonly resource: ITable;

  /** The table's name. Use it for the output `LimitsTableName`, `latchkey --limits-table` and `createLimiter`. */
  readonly tableName: string;

  /** The table's ARN. A function in another account uses it instead of the name. */
  readonly tableArn: string;

  /**
   * Grants the permission to count requests: UpdateItem of the counters. `ApiKeyAuthorizer` grants it to its function.
   * Grant it to a function that calls `createLimiter`. The grantee can't read items that it doesn't update.
   */
  grantTake(grantee: IGrantable): Grant;

  /** Grants the permissions of an operator: read what is left of a quota, and reset it. */
  grantManage(grantee: IGrantable): Grant;
}

/**
 * A DynamoDB table of the requests that keys have used of their plans, for plans with `enforce: 'authorizer'`. Two
 * authorizers with the same table of keys and the same plans may share it. Their requests then count together.
 *
 * AWS bills the table per request. DynamoDB deletes each count some time after its period. The table has neither
 * replicas nor point-in-time recovery: quotas are per Region, and old counts would let keys exceed them.
 */
export class ApiKeyLimits extends Construct implements IApiKeyLimits {
  /** The CDK's table, with the methods of `TableV2`. */
  readonly table: TableV2;

  /** Imports an existing table of the stack's account and Region by its name. */
  static fromTableName(scope: Construct, id: string, tableName: string): IApiKeyLimits {
    return ApiKeyLimits.fromTableAttributes(scope, id, { tableName });
  }

  /** Imports an existing table by its ARN. The resource policy of a table in another account must allow the grantees. */
  static fromTableArn(scope: Construct, id: string, tableArn: string): IApiKeyLimits {
    return ApiKeyLimits.fromTableAttributes(scope, id, { tableArn });
  }

  /**
   * Imports an existing table by its attributes.
   *
   * @throws LatchkeyError `CONFIG_INVALID` if `attributes` doesn't have exactly one of `tableName` and `tableArn`
   */
  static fromTableAttributes(scope: Construct, id: string, attributes: ApiKeyLimitsAttributes): IApiKeyLimits {
    return new ExistingApiKeyLimits(scope, id, attributes);
  }

  /** Creates the table. */
  constructor(scope: Construct, id: string, props: ApiKeyLimitsProps = {}) {
    super(scope, id);
    this.table = new TableV2(this, 'Table', {
      ...(props.tableName === undefined ? {} : { tableName: props.tableName }),
      partitionKey: { name: LIMITS_PARTITION_KEY, type: AttributeType.STRING },
      timeToLiveAttribute: LIMITS_TTL_ATTRIBUTE,
      billing: Billing.onDemand(),
      encryption: props.encryption ?? TableEncryptionV2.dynamoOwnedKey(),
      removalPolicy: props.removalPolicy ?? RemovalPolicy.DESTROY,
    });
    acknowledge(this.table, { 'AwsSolutions-DDB3': COUNTS_ARE_TRANSIENT });
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

  grantTake(grantee: IGrantable): Grant {
    return grantTakeLimits(this.resource, grantee);
  }

  grantManage(grantee: IGrantable): Grant {
    return grantResetLimits(this.resource, grantee);
  }
}

const COUNTS_ARE_TRANSIENT =
  'The table contains only counts of the current periods. A restored table would have old counts, and let keys exceed their quotas.';

class ExistingApiKeyLimits extends Construct implements IApiKeyLimits {
  readonly resource: ITable;

  constructor(scope: Construct, id: string, attributes: ApiKeyLimitsAttributes) {
    super(scope, id);
    this.resource = importTable(this, attributes);
  }

  get tableName(): string {
    return this.resource.tableName;
  }

  get tableArn(): string {
    return this.resource.tableArn;
  }

  grantTake(grantee: IGrantable): Grant {
    return grantTakeLimits(this.resource, grantee);
  }

  grantManage(grantee: IGrantable): Grant {
    return grantResetLimits(this.resource, grantee);
  }
}

import { isDeepStrictEqual } from 'node:util';
import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { DEFAULT_RETRY_OPTIONS, type RetryOptions } from '../keys/dynamodb.ts';
import { ConditionRefused, type Item, TableCalls } from '../keys/tableCalls.ts';
import { STATE_ATTRIBUTE, STATE_PARTITION_KEY } from './stateTable.ts';

/** An item of the state table. */
export interface StateItem extends Item {
  readonly id: string;
  /** A value that no other write uses. It distinguishes this write of the item from every other. */
  readonly revision: string;
  /** The TTL in epoch seconds. DynamoDB may delete the item days later, so readers compare it with their clock. */
  readonly purgeAfter: number;
}

export interface StateStoreOptions {
  /** A client that was created with `REGISTRY_TRANSLATION`. */
  readonly client: DynamoDBDocumentClient;
  /** The name or the ARN of the state table. */
  readonly tableName: string;
  readonly retryOptions?: RetryOptions;
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number;
}

/**
 * Makes the calls to the state table. Every read is strongly consistent, and every write has a condition. An item whose
 * time is over counts as absent. Each method can throw LatchkeyError `STORE_UNAVAILABLE`.
 */
export class StateStore {
  readonly #client: DynamoDBDocumentClient;
  readonly #tableName: string;
  readonly #now: () => number;
  readonly #calls: TableCalls;

  constructor({ client, tableName, retryOptions = DEFAULT_RETRY_OPTIONS, now }: StateStoreOptions) {
    this.#client = client;
    this.#tableName = tableName;
    this.#now = now;
    this.#calls = new TableCalls({ client, tableName, retryOptions });
  }

  /** Returns the item of an id, or `undefined`. */
  async read(id: string): Promise<StateItem | undefined> {
    const get = new GetCommand({ TableName: this.#tableName, Key: toItemKey(id), ConsistentRead: true });
    const { Item } = await this.#calls.send('read', get, (options) => this.#client.send(get, options));
    const item = Item as StateItem | undefined;
    return item !== undefined && this.#isCurrent(item) ? item : undefined;
  }

  /** Puts an item unless its id has one. Returns whether it did. */
  async create(item: StateItem): Promise<boolean> {
    const absent = 'attribute_not_exists(#id) OR #purgeAfter <= :now';
    return this.#put(item, absent, { ':now': this.#nowSeconds() });
  }

  /** Replaces the item with this revision. Returns whether it did. */
  async replace(item: StateItem, revision: string): Promise<boolean> {
    return this.#put(item, '#revision = :read AND #purgeAfter > :now', {
      ':read': revision,
      ':now': this.#nowSeconds(),
    });
  }

  /**
   * Deletes an item and returns it. Of several concurrent calls, only one gets the item. A call also returns `undefined`
   * if its first attempt deleted the item and the answer was lost.
   */
  async take(id: string): Promise<StateItem | undefined> {
    const remove = new DeleteCommand({
      TableName: this.#tableName,
      Key: toItemKey(id),
      ConditionExpression: 'attribute_exists(#id)',
      ExpressionAttributeNames: { '#id': STATE_PARTITION_KEY },
      ReturnValues: 'ALL_OLD',
    });
    try {
      const { Attributes } = await this.#calls.send('deletion', remove, (options) =>
        this.#client.send(remove, options),
      );
      const item = Attributes as StateItem | undefined;
      return item !== undefined && this.#isCurrent(item) ? item : undefined;
    } catch (error) {
      if (error instanceof ConditionRefused) return undefined;
      throw error;
    }
  }

  /** Deletes the item with this revision, if it's still there. */
  async remove(id: string, revision: string): Promise<void> {
    const remove = new DeleteCommand({
      TableName: this.#tableName,
      Key: toItemKey(id),
      ConditionExpression: '#revision = :read',
      ExpressionAttributeNames: { '#revision': STATE_ATTRIBUTE.revision },
      ExpressionAttributeValues: { ':read': revision },
    });
    try {
      await this.#calls.send('deletion', remove, (options) => this.#client.send(remove, options));
    } catch (error) {
      if (!(error instanceof ConditionRefused)) throw error;
    }
  }

  async #put(item: StateItem, condition: string, values: Readonly<Record<string, unknown>>): Promise<boolean> {
    const named = Object.entries(STATE_ATTRIBUTE).filter(([, name]) => condition.includes(`#${name}`));
    const put = new PutCommand({
      TableName: this.#tableName,
      Item: item,
      ConditionExpression: condition,
      ExpressionAttributeNames: Object.fromEntries(named.map(([, name]) => [`#${name}`, name])),
      ExpressionAttributeValues: values,
    });
    try {
      await this.#calls.send('write', put, (options) => this.#client.send(put, options));
      return true;
    } catch (error) {
      if (!(error instanceof ConditionRefused)) throw error;
      // The first of several attempts may have written the item.
      return error.wasSentAgain && isDeepStrictEqual(await this.read(item.id), item);
    }
  }

  #isCurrent({ purgeAfter }: StateItem): boolean {
    return purgeAfter > this.#nowSeconds();
  }

  #nowSeconds(): number {
    return this.#now() / 1000;
  }
}

function toItemKey(id: string): Item {
  return { [STATE_PARTITION_KEY]: id };
}

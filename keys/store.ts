import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { LatchkeyError } from './errors.ts';
import { type KeyHash, parseKeyHash } from './secret.ts';
import { ATTRIBUTE, BY_ID, BY_OWNER, PARTITION_KEY } from './table.ts';
import { type Item, TableCalls, type TableCallsOptions } from './tableCalls.ts';

export interface Page {
  readonly items: readonly Item[];
  /** The position of the next page. It's absent after the last page. */
  readonly lastKey: Item | undefined;
}

export interface PageOptions {
  readonly limit: number;
  readonly startKey?: Item | undefined;
  readonly consistentRead?: boolean;
}

/** The expressions of one conditional UpdateItem. */
export interface UpdateExpressions {
  readonly UpdateExpression: string;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Record<string, unknown>;
}

/**
 * The delays before each retry of an id lookup, in milliseconds. An index lags behind its table by a fraction of a
 * second.
 */
const INDEX_LAG_MS: readonly number[] = [100, 300];

/** Makes the registry's calls to the keys' table. See `TableCalls` for their retries and errors. */
export class RegistryStore {
  readonly #client: DynamoDBDocumentClient;
  readonly #tableName: string;
  readonly #calls: TableCalls;

  constructor(options: TableCallsOptions) {
    this.#client = options.client;
    this.#tableName = options.tableName;
    this.#calls = new TableCalls(options);
  }

  async read(keyHash: KeyHash): Promise<Item | undefined> {
    const get = new GetCommand({ TableName: this.#tableName, Key: toItemKey(keyHash), ConsistentRead: true });
    const { Item } = await this.#calls.send('read', get, (options) => this.#client.send(get, options));
    return Item;
  }

  /** Puts an item if its hash isn't in the table. */
  async put(item: Item): Promise<void> {
    const put = new PutCommand({
      TableName: this.#tableName,
      Item: item,
      ConditionExpression: 'attribute_not_exists(keyHash)',
    });
    await this.#calls.send('write', put, (options) => this.#client.send(put, options));
  }

  /** Updates an item, and returns the new item. */
  async update(keyHash: KeyHash, expressions: UpdateExpressions, operation: string): Promise<Item | undefined> {
    const update = new UpdateCommand({
      TableName: this.#tableName,
      Key: toItemKey(keyHash),
      ...expressions,
      ReturnValues: 'ALL_NEW',
    });
    const { Attributes } = await this.#calls.send(operation, update, (options) => this.#client.send(update, options));
    return Attributes;
  }

  /** Deletes an item if it still has this id. */
  async remove(keyHash: KeyHash, id: string): Promise<void> {
    const remove = new DeleteCommand({
      TableName: this.#tableName,
      Key: toItemKey(keyHash),
      ConditionExpression: 'id = :id',
      ExpressionAttributeValues: { ':id': id },
    });
    await this.#calls.send('deletion', remove, (options) => this.#client.send(remove, options));
  }

  /**
   * Looks up the hash of an id in the index. The index lags, so the store looks up a missing id again. The returned
   * item may be deleted already.
   *
   * @throws LatchkeyError `RECORD_CORRUPT` if two items have the id; `STORE_UNAVAILABLE`
   */
  async findHash(id: string, lagsMs: readonly number[] = INDEX_LAG_MS): Promise<KeyHash | undefined> {
    let entries = await this.#entriesOf(id);
    for (const lagMs of lagsMs) {
      if (entries.length > 0) break;
      await sleep(lagMs);
      entries = await this.#entriesOf(id);
    }
    const [entry, ...others] = entries;
    if (entry === undefined) return undefined;
    const keyHash = parseKeyHash(entry[PARTITION_KEY]);
    if (keyHash !== undefined && others.length === 0) return keyHash;
    const why = others.length === 0 ? 'an unreadable keyHash' : 'the same id as another';
    throw new LatchkeyError('RECORD_CORRUPT', `the record of key ${id} has ${why}`, { keyId: id });
  }

  /** Returns the hashes of the items with an id in the index, at most two. */
  async findHashes(id: string): Promise<readonly unknown[]> {
    return (await this.#entriesOf(id)).map((entry) => entry[PARTITION_KEY]);
  }

  /** Returns up to `most` different ids with this prefix. It scans the index. */
  async findIds(start: string, most: number): Promise<readonly string[]> {
    const ids = new Set<string>();
    let startKey: Item | undefined;
    do {
      const scan = new ScanCommand({
        TableName: this.#tableName,
        IndexName: BY_ID.indexName,
        FilterExpression: 'begins_with(id, :start)',
        ExpressionAttributeValues: { ':start': start },
        ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
      });
      const { Items = [], LastEvaluatedKey } = await this.#calls.send('scan', scan, (options) =>
        this.#client.send(scan, options),
      );
      for (const { id } of Items) ids.add(String(id));
      startKey = LastEvaluatedKey;
    } while (startKey !== undefined && ids.size < most);
    return [...ids].slice(0, most);
  }

  async scan({ limit, startKey, consistentRead = false }: PageOptions): Promise<Page> {
    const scan = new ScanCommand({
      TableName: this.#tableName,
      Limit: limit,
      ConsistentRead: consistentRead,
      ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
    });
    const { Items = [], LastEvaluatedKey } = await this.#calls.send('scan', scan, (options) =>
      this.#client.send(scan, options),
    );
    return { items: Items, lastKey: LastEvaluatedKey };
  }

  /** Returns the keys of an owner's items, with the oldest first. */
  async queryOwner(owner: string, { limit, startKey }: PageOptions): Promise<Page> {
    const query = new QueryCommand({
      TableName: this.#tableName,
      IndexName: BY_OWNER.indexName,
      KeyConditionExpression: '#owner = :owner',
      ExpressionAttributeNames: { '#owner': ATTRIBUTE.owner },
      ExpressionAttributeValues: { ':owner': owner },
      Limit: limit,
      ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
    });
    const { Items = [], LastEvaluatedKey } = await this.#calls.send('query', query, (options) =>
      this.#client.send(query, options),
    );
    return { items: Items, lastKey: LastEvaluatedKey };
  }

  /** Returns the items of these hashes in order, without deleted items. */
  async readAll(hashes: readonly string[], consistentRead: boolean): Promise<readonly Item[]> {
    const items = await this.#calls.readAll(hashes.map(toItemKey), consistentRead);
    const found = new Map(items.map((item) => [item[PARTITION_KEY], item]));
    return hashes.map((keyHash) => found.get(keyHash)).filter((item) => item !== undefined);
  }

  async #entriesOf(id: string): Promise<readonly Item[]> {
    const query = new QueryCommand({
      TableName: this.#tableName,
      IndexName: BY_ID.indexName,
      KeyConditionExpression: 'id = :id',
      ExpressionAttributeValues: { ':id': id },
      // A second item shows that the id isn't unique.
      Limit: 2,
    });
    const { Items = [] } = await this.#calls.send('query', query, (options) => this.#client.send(query, options));
    return Items;
  }
}

function toItemKey(keyHash: string): Item {
  return { [PARTITION_KEY]: keyHash };
}

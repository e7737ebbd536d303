import { type DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { concurrently } from './concurrently.ts';
import { DEFAULT_RETRY_OPTIONS, type RetryOptions } from './dynamodb.ts';
import { LatchkeyError } from './errors.ts';
import { ConditionRefused, type Item, TableCalls } from './tableCalls.ts';
import { type HourUsage, parseUsage, serialiseUsage, type UsageHour } from './usage.ts';

export interface UsageStoreOptions {
  /** A client that was created with `REGISTRY_TRANSLATION`. */
  readonly client: DynamoDBDocumentClient;
  /** The name or the ARN of the usage table. */
  readonly tableName: string;
  readonly retryOptions?: RetryOptions;
}

export interface UsageQuery {
  /** The id of a key, or `ALL_KEYS`. */
  readonly keyId: string;
  /** The first hour. */
  readonly first: UsageHour;
  /** The last hour. The result includes it. */
  readonly last: UsageHour;
  /** The callback for each unreadable item. */
  readonly onCorrupt: (error: LatchkeyError) => void;
}

/** The numbers of items. */
export interface PutCounts {
  /** The items that are now in the table. */
  written: number;
  /** The items whose earlier version has more requests and stays. */
  kept: number;
}

/** Maximum number of concurrent writes. */
const CONCURRENCY = 16;

/** Makes the calls to the usage table. It throws `STORE_UNAVAILABLE` for a failure. */
export class UsageStore {
  readonly #client: DynamoDBDocumentClient;
  readonly #tableName: string;
  readonly #calls: TableCalls;

  constructor({ client, tableName, retryOptions = DEFAULT_RETRY_OPTIONS }: UsageStoreOptions) {
    this.#client = client;
    this.#tableName = tableName;
    this.#calls = new TableCalls({ client, tableName, retryOptions });
  }

  /**
   * Puts the items of hours, and returns their number. An item replaces the one of the same key and hour, so a second
   * write changes nothing. An item with more requests stays: the log may have lost lines since.
   */
  async put(usages: Iterable<HourUsage>, retentionDays: number): Promise<PutCounts> {
    const counts = { written: 0, kept: 0 };
    await concurrently(usages, CONCURRENCY, async (usage) => {
      counts[await this.#put(serialiseUsage(usage, retentionDays))]++;
    });
    return counts;
  }

  /** Yields a key's hours in order. Hours without requests are absent. */
  async *query({ keyId, first, last, onCorrupt }: UsageQuery): AsyncGenerator<HourUsage, void, undefined> {
    let startKey: Item | undefined;
    do {
      const query = new QueryCommand({
        TableName: this.#tableName,
        KeyConditionExpression: 'keyId = :keyId AND #hour BETWEEN :first AND :last',
        ExpressionAttributeNames: { '#hour': 'hour' },
        ExpressionAttributeValues: { ':keyId': keyId, ':first': first, ':last': last },
        ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
      });
      const { Items = [], LastEvaluatedKey } = await this.#calls.send('query of usage', query, (options) =>
        this.#client.send(query, options),
      );
      for (const item of Items) {
        const usage = parseOrReport(item, onCorrupt);
        if (usage !== undefined) yield usage;
      }
      startKey = LastEvaluatedKey;
    } while (startKey !== undefined);
  }

  async #put(item: Item): Promise<keyof PutCounts> {
    const put = new PutCommand({
      TableName: this.#tableName,
      Item: item,
      ConditionExpression: 'attribute_not_exists(requests) OR requests <= :requests',
      ExpressionAttributeValues: { ':requests': item['requests'] },
    });
    try {
      await this.#calls.send('write of usage', put, (options) => this.#client.send(put, options));
      return 'written';
    } catch (error) {
      if (error instanceof ConditionRefused) return 'kept';
      throw error;
    }
  }
}

function parseOrReport(item: Item, onCorrupt: (error: LatchkeyError) => void): HourUsage | undefined {
  try {
    return parseUsage(item);
  } catch (error) {
    if (!(error instanceof LatchkeyError)) throw error;
    onCorrupt(error);
    return undefined;
  }
}

import { type DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { DEFAULT_RETRY_OPTIONS, type RetryOptions, sendPatiently } from './dynamodb.ts';
import { LatchkeyError } from './errors.ts';
import type { Item } from './store.ts';
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

/** Maximum number of concurrent writes. */
const CONCURRENCY = 16;

/** Makes the calls to the usage table. It throws `STORE_UNAVAILABLE` for a failure. */
export class UsageStore {
  readonly #client: DynamoDBDocumentClient;
  readonly #tableName: string;
  readonly #retryOptions: RetryOptions;

  constructor({ client, tableName, retryOptions = DEFAULT_RETRY_OPTIONS }: UsageStoreOptions) {
    this.#client = client;
    this.#tableName = tableName;
    this.#retryOptions = retryOptions;
  }

  /** Puts the items of hours. It replaces items of the same key and hour, so a second write changes nothing. */
  async put(usages: Iterable<HourUsage>, retentionDays: number): Promise<void> {
    const left = usages[Symbol.iterator]();
    const work = async () => {
      for (let next = left.next(); next.done !== true; next = left.next()) {
        await this.#put(serialiseUsage(next.value, retentionDays));
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
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
      const { Items = [], LastEvaluatedKey } = await sendPatiently(
        query,
        (options) => this.#client.send(query, options),
        { operation: 'query of usage', retryOptions: this.#retryOptions },
      );
      for (const item of Items) {
        const usage = parseOrReport(item, onCorrupt);
        if (usage !== undefined) yield usage;
      }
      startKey = LastEvaluatedKey;
    } while (startKey !== undefined);
  }

  async #put(item: Item): Promise<void> {
    const put = new PutCommand({ TableName: this.#tableName, Item: item });
    const operation = 'write of usage';
    const retryOptions = this.#retryOptions;
    await sendPatiently(put, (options) => this.#client.send(put, options), { operation, retryOptions });
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

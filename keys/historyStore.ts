import { type DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { concurrently } from './concurrently.ts';
import { DEFAULT_RETRY_OPTIONS, type RetryOptions } from './dynamodb.ts';
import type { LatchkeyError } from './errors.ts';
import { historyKey, type HistoryEntry, parseHistoryEntry, serialiseEvent } from './history.ts';
import type { KeyEvent } from './keyEvent.ts';
import { type Item, TableCalls } from './tableCalls.ts';
import type { Timestamp } from './timestamp.ts';

export interface HistoryStoreOptions {
  /** A client that was created with `REGISTRY_TRANSLATION`. */
  readonly client: DynamoDBDocumentClient;
  /** The name or the ARN of the history table. */
  readonly tableName: string;
  readonly retryOptions?: RetryOptions;
}

export interface HistoryQuery {
  /** The id of a key. */
  readonly keyId: string;
  /** The first time. */
  readonly since?: Timestamp | undefined;
  /** The last time. The result includes it. */
  readonly until?: Timestamp | undefined;
  /** The callback for each unreadable item. */
  readonly onCorrupt: (error: LatchkeyError) => void;
}

/** Maximum number of concurrent writes. */
const CONCURRENCY = 16;

/** Makes the calls to the history table. It throws `STORE_UNAVAILABLE` for a failure. */
export class HistoryStore {
  readonly #client: DynamoDBDocumentClient;
  readonly #tableName: string;
  readonly #calls: TableCalls;

  constructor({ client, tableName, retryOptions = DEFAULT_RETRY_OPTIONS }: HistoryStoreOptions) {
    this.#client = client;
    this.#tableName = tableName;
    this.#calls = new TableCalls({ client, tableName, retryOptions });
  }

  /**
   * Puts the events of keys. An event that the table already has is replaced by itself. It omits events that aren't
   * about one key.
   */
  async put(events: Iterable<KeyEvent>, retentionDays: number): Promise<void> {
    await concurrently(events, CONCURRENCY, async (event) => {
      const item = serialiseEvent(event, retentionDays);
      if (item === undefined) return;
      const put = new PutCommand({ TableName: this.#tableName, Item: item });
      await this.#calls.send('write of the history', put, (options) => this.#client.send(put, options));
    });
  }

  /** Yields the events of a key, oldest first. */
  async *query({ keyId, since, until, onCorrupt }: HistoryQuery): AsyncGenerator<HistoryEntry, void, undefined> {
    let startKey: Item | undefined;
    do {
      const query = new QueryCommand({
        TableName: this.#tableName,
        KeyConditionExpression: 'keyId = :keyId AND #at BETWEEN :first AND :last',
        ExpressionAttributeNames: { '#at': 'at' },
        ExpressionAttributeValues: { ':keyId': keyId, ...historyKey(since, until) },
        ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
      });
      const { Items = [], LastEvaluatedKey } = await this.#calls.send('query of the history', query, (options) =>
        this.#client.send(query, options),
      );
      for (const item of Items) {
        const entry = parseHistoryEntry(item, onCorrupt);
        if (entry !== undefined) yield entry;
      }
      startKey = LastEvaluatedKey;
    } while (startKey !== undefined);
  }
}

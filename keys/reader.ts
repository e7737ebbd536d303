import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { requireJsonObject, translateStoreFault, withinMs } from './dynamodb.ts';
import { LatchkeyError } from './errors.ts';
import { type KeyRecord, parseRecord } from './record.ts';
import type { KeyHash } from './secret.ts';
import { CLOCK_SKEW_MS } from './state.ts';
import { PARTITION_KEY } from './table.ts';
import { toTimestamp } from './timestamp.ts';

/** The result of a last-used write: `superseded` if another environment wrote within the interval, or the key was deleted. */
export type UseOutcome = 'written' | 'superseded';

export interface KeyReaderOptions {
  /** A client that was created with `LOOKUP_TRANSLATION`, which reads a number of any size in `metadata`. */
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
  /** The most milliseconds that a read may take with its retry. */
  readonly readTimeoutMs?: number;
  /** The most milliseconds that a last-used write may delay the answer. */
  readonly writeTimeoutMs?: number;
}

/** Reads numbers like JSON. DynamoDB's have up to 38 digits, and one of them must not make the record unreadable. */
export const LOOKUP_TRANSLATION = { unmarshallOptions: { wrapNumbers: Number } };

/** The read side of the store, and the one write that a request can cause. */
export class KeyReader {
  readonly #client: DynamoDBDocumentClient;
  readonly #tableName: string;
  readonly #readTimeoutMs: number;
  readonly #writeTimeoutMs: number;

  constructor({ client, tableName, readTimeoutMs = 3500, writeTimeoutMs = 300 }: KeyReaderOptions) {
    this.#client = client;
    this.#tableName = tableName;
    this.#readTimeoutMs = readTimeoutMs;
    this.#writeTimeoutMs = writeTimeoutMs;
  }

  /**
   * Returns the record of a hash with one eventually consistent GetItem, or `undefined` if the table has none.
   *
   * @throws LatchkeyError `STORE_UNAVAILABLE`, with the SDK's error as its cause; `RECORD_CORRUPT`
   */
  async get(keyHash: KeyHash): Promise<KeyRecord | undefined> {
    const command = new GetCommand({ TableName: this.#tableName, Key: { [PARTITION_KEY]: keyHash } });
    requireJsonObject(command);
    const item = await withinMs(this.#readTimeoutMs, async (abortSignal) => {
      const { Item } = await this.#client.send(command, { abortSignal });
      return Item;
    }).catch(translateStoreFault('read'));
    if (item === undefined) return undefined;
    const record = parseRecord(item);
    if (record.keyHash === keyHash) return record;
    throw new LatchkeyError(
      'RECORD_CORRUPT',
      `the record of key ${record.id} has another hash than the one that was read`,
      {
        keyId: record.id,
      },
    );
  }

  /**
   * Sets `lastUsedAt` unless it's already later than `cutoffMs`. Doesn't bring back a deleted key. The time only moves forward,
   * unless the stored one is more than a minute ahead of this use. Both times are epoch milliseconds.
   *
   * @throws LatchkeyError `STORE_UNAVAILABLE`; the write may still have taken effect
   */
  async recordUse(keyHash: KeyHash, usedAtMs: number, cutoffMs: number): Promise<UseOutcome> {
    const exists = 'attribute_exists(keyHash)';
    const neverUsed = 'attribute_not_exists(lastUsedAt) OR attribute_type(lastUsedAt, :null)';
    const due = `(${neverUsed} OR lastUsedAt <= :cutoff OR lastUsedAt > :ahead)`;
    const command = new UpdateCommand({
      TableName: this.#tableName,
      Key: { [PARTITION_KEY]: keyHash },
      UpdateExpression: 'SET lastUsedAt = :usedAt',
      ConditionExpression: `${exists} AND ${due}`,
      ExpressionAttributeValues: {
        ':usedAt': toTimestamp(usedAtMs),
        ':cutoff': toTimestamp(cutoffMs),
        ':ahead': toTimestamp(usedAtMs + CLOCK_SKEW_MS),
        ':null': 'NULL',
      },
    });
    const write = withinMs(this.#writeTimeoutMs, async (abortSignal): Promise<UseOutcome> => {
      await this.#client.send(command, { abortSignal });
      return 'written';
    });
    return write.catch((error: unknown) => {
      if (isConditionRefused(error)) return 'superseded';
      return translateStoreFault('last-used write')(error);
    });
  }
}

function isConditionRefused(error: unknown): boolean {
  return error instanceof Error && error.name === 'ConditionalCheckFailedException';
}

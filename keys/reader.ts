import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { requireJsonObject, translateStoreFault, withinMs } from './dynamodb.ts';
import { LatchkeyError } from './errors.ts';
import { type KeyRecord, parseRecord } from './record.ts';
import type { KeyHash } from './secret.ts';
import { CLOCK_SKEW_MS } from './state.ts';
import { PARTITION_KEY } from './table.ts';
import { toTimestamp } from './timestamp.ts';

/**
 * The result of a last-used write. It's `superseded` if another execution environment wrote within the interval, or if
 * the key was deleted.
 */
export type UseOutcome = 'written' | 'superseded';

export interface KeyReaderOptions {
  /** A client that was created with `LOOKUP_TRANSLATION`. It reads a `metadata` number of any size. */
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
  /** Maximum duration of a read with its retry, in milliseconds. */
  readonly readTimeoutMs?: number;
  /** Maximum delay of the response by a last-used write, in milliseconds. */
  readonly writeTimeoutMs?: number;
}

/**
 * Reads numbers in double precision, the precision of JSON numbers. A DynamoDB number has up to 38 digits. A long
 * number must not make the record unreadable.
 */
export const LOOKUP_TRANSLATION = { unmarshallOptions: { wrapNumbers: Number } };

/** Reads records for the authorizer, and makes its only write: the last use of a key. */
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
   * Returns the record of a hash, or `undefined` if the hash isn't in the table. Makes one eventually consistent
   * GetItem call.
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
   * Sets `lastUsedAt` unless the stored time is later than `cutoffMs`. It doesn't recreate a deleted key. The time
   * moves backwards only if the stored time is more than a minute ahead of this use. Both parameters are in epoch
   * milliseconds.
   *
   * @throws LatchkeyError `STORE_UNAVAILABLE`. The write may still have succeeded
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

import { randomUUID } from 'node:crypto';
import { GetCommand, PutCommand, ScanCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { LatchkeyError } from './errors.ts';
import { checkNewKey, type NewKey } from './newKey.ts';
import { parseRecord, serialiseRecord, type KeyRecord } from './record.ts';
import {
  DEFAULT_KEY_PREFIX,
  generateSecret,
  hashSecret,
  parseKeyHash,
  shownPrefixOf,
  type KeySecret,
} from './secret.ts';
import { translateStoreFault } from './storeFault.ts';
import { ATTRIBUTE, PARTITION_KEY } from './table.ts';
import { toTimestamp } from './timestamp.ts';

export interface KeyRegistryOptions {
  /** Built with `REGISTRY_TRANSLATION`. */
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
  /** Who acts: goes into `createdBy`. */
  readonly actor: string;
  /** Prefix of new keys; `sk_` unless given. It must be the deployment's own. */
  readonly keyPrefix?: string;
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

/** A key just issued. The secret is in no other place: show it once and drop it. */
export interface IssuedKey {
  readonly secret: KeySecret;
  readonly record: KeyRecord;
}

export interface ListOptions {
  readonly limit?: number;
  /** Of the page before. */
  readonly cursor?: string | null | undefined;
  /** Whether every write that was answered before is seen. */
  readonly consistentRead?: boolean;
}

export interface ListPage {
  readonly records: readonly KeyRecord[];
  /** One for each record that could not be read: the rest of the page is good all the same. */
  readonly corrupt: readonly LatchkeyError[];
  /** Where the next page starts, or `null` at the end. */
  readonly cursor: string | null;
}

/** Numbers of `metadata` are written and read as JSON does, in double precision. */
export const REGISTRY_TRANSLATION = {
  marshallOptions: { allowImpreciseNumbers: true },
  unmarshallOptions: { wrapNumbers: Number },
};

/** The write side of the store: issues keys and lists them. */
export class KeyRegistry {
  readonly #options: Required<KeyRegistryOptions>;

  constructor(options: KeyRegistryOptions) {
    this.#options = { keyPrefix: DEFAULT_KEY_PREFIX, now: Date.now, ...options };
  }

  /**
   * Issues a key: `draw`, then `store`.
   *
   * @throws LatchkeyError `INPUT_INVALID` before anything is written; `STORE_UNAVAILABLE`
   */
  async issue(newKey: NewKey): Promise<IssuedKey> {
    const issued = this.draw(newKey);
    await this.store(issued);
    return issued;
  }

  /**
   * Draws a key and writes nothing, so that its secret can be brought to safety before the table knows it.
   *
   * @throws LatchkeyError `INPUT_INVALID`
   */
  draw(newKey: NewKey): IssuedKey {
    const { keyPrefix, actor, now } = this.#options;
    const createdMs = now();
    const fields = checkNewKey(newKey, createdMs);
    const secret = generateSecret(keyPrefix);
    const record: KeyRecord = {
      keyHash: hashSecret(secret),
      id: randomUUID(),
      keyPrefix: shownPrefixOf(secret, keyPrefix),
      createdAt: toTimestamp(createdMs),
      createdBy: actor,
      ...fields,
    };
    return { secret, record };
  }

  /**
   * Writes the record of a key that `draw` made. To store one again that is stored is success: a put whose answer was
   * lost is tried again by the SDK and then finds itself.
   *
   * @throws LatchkeyError `STORE_UNAVAILABLE`: whether the key was stored is not known; `CONFLICT`
   */
  async store({ record }: IssuedKey): Promise<void> {
    const { client, tableName } = this.#options;
    const put = new PutCommand({
      TableName: tableName,
      Item: serialiseRecord(record),
      ConditionExpression: 'attribute_not_exists(keyHash)',
    });
    try {
      await client.send(put);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'ConditionalCheckFailedException') {
        translateStoreFault('write')(error);
      }
      const stored = await client
        .send(new GetCommand({ TableName: tableName, Key: { [PARTITION_KEY]: record.keyHash }, ConsistentRead: true }))
        .catch(translateStoreFault('read'));
      if (stored.Item?.[ATTRIBUTE.id] === record.id) return;
      throw new LatchkeyError('CONFLICT', 'the table already holds a key with this hash', { cause: error });
    }
  }

  /**
   * One page of all keys, in the table's own order. `limit` is from 1 to 1000. Keys of the last moments may be missing
   * unless the read is consistent, which costs twice as much.
   *
   * @throws LatchkeyError `INPUT_INVALID` for a cursor that `list` did not give; `STORE_UNAVAILABLE`
   */
  async list({ limit = 1000, cursor, consistentRead = false }: ListOptions = {}): Promise<ListPage> {
    const { client, tableName } = this.#options;
    const page = await client
      .send(
        new ScanCommand({
          TableName: tableName,
          Limit: limit,
          ConsistentRead: consistentRead,
          ...(cursor ? { ExclusiveStartKey: { [PARTITION_KEY]: decodeCursor(cursor) } } : {}),
        }),
      )
      .catch(translateStoreFault('scan'));
    const records: KeyRecord[] = [];
    const corrupt: LatchkeyError[] = [];
    for (const item of page.Items ?? []) {
      try {
        records.push(parseRecord(item));
      } catch (error) {
        if (!(error instanceof LatchkeyError)) throw error;
        corrupt.push(error);
      }
    }
    const last: unknown = page.LastEvaluatedKey?.[PARTITION_KEY];
    return { records, corrupt, cursor: typeof last === 'string' ? encodeCursor(last) : null };
  }

  /** Every page of `list`, one after the other. */
  async *pages({ consistentRead = false }: Pick<ListOptions, 'consistentRead'> = {}): AsyncGenerator<ListPage> {
    let cursor: string | null = null;
    do {
      const page: ListPage = await this.list({ cursor, consistentRead });
      yield page;
      cursor = page.cursor;
    } while (cursor !== null);
  }
}

function encodeCursor(keyHash: string): string {
  return Buffer.from(keyHash, 'hex').toString('base64url');
}

function decodeCursor(cursor: string): string {
  const keyHash = parseKeyHash(Buffer.from(cursor, 'base64url').toString('hex'));
  if (keyHash !== undefined) return keyHash;
  throw new LatchkeyError('INPUT_INVALID', `cursor: got ${JSON.stringify(cursor)}, wanted one that list gave`);
}

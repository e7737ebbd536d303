import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
  type DynamoDBDocumentClient,
} from '@aws-sdk/lib-dynamodb';
import { LatchkeyError } from './errors.ts';
import { checkNewKey, type NewKey } from './newKey.ts';
import { parseRecord, serialiseRecord, type KeyRecord } from './record.ts';
import { isRevokedAs, makeRevocation, revocationUpdate, type Revocation, type RevokeOptions } from './revocation.ts';
import {
  DEFAULT_KEY_PREFIX,
  generateSecret,
  hashSecret,
  parseKeyHash,
  shownPrefixOf,
  type KeyHash,
  type KeySecret,
} from './secret.ts';
import { translateStoreFault } from './storeFault.ts';
import { ATTRIBUTE, BY_ID, PARTITION_KEY } from './table.ts';
import { toTimestamp } from './timestamp.ts';

export interface KeyRegistryOptions {
  /** Built with `REGISTRY_TRANSLATION`. */
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
  /** Who acts: goes into `createdBy` and `revokedBy`. */
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

/** An index lags behind its table by a fraction of a second: an id that it lacks is asked for again after these. */
const INDEX_LAG_MS: readonly number[] = [100, 300];

/** Numbers of `metadata` are written and read as JSON does, in double precision. */
export const REGISTRY_TRANSLATION = {
  marshallOptions: { allowImpreciseNumbers: true },
  unmarshallOptions: { wrapNumbers: Number },
};

/** The write side of the store: issues, lists and revokes keys. */
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
      if (!(error instanceof ConditionalCheckFailedException)) translateStoreFault('write')(error);
      const stored = await this.#read(record.keyHash);
      if (stored?.[ATTRIBUTE.id] === record.id) return;
      throw new LatchkeyError('CONFLICT', 'the table already holds a key with this hash', { cause: error });
    }
  }

  /**
   * The record of a key by its id, as the last write left it.
   *
   * @throws LatchkeyError `INPUT_INVALID` for what cannot be an id; `NOT_FOUND`; `RECORD_CORRUPT`; `STORE_UNAVAILABLE`
   */
  async get(id: string): Promise<KeyRecord> {
    const item = await this.#read(await this.#hashOf(id));
    if (item?.[ATTRIBUTE.id] !== id) throw notFound(id);
    return parseRecord(item);
  }

  /**
   * Ends a key for good, whatever else its state, and returns its new record. Authorizers accept the key for as long as
   * their caches hold it. The record goes 90 days from now, also where its expiry was to keep it longer or less long.
   *
   * @throws LatchkeyError `INPUT_INVALID` before anything is written; `NOT_FOUND`, also for a key that was deleted
   * meanwhile; `ALREADY_REVOKED`; `CONFLICT`; `RECORD_CORRUPT`, with the key revoked all the same where the message says
   * so; `STORE_UNAVAILABLE`: whether the key was revoked is not known
   */
  async revoke(id: string, options: RevokeOptions = {}): Promise<KeyRecord> {
    const { client, tableName, actor, now } = this.#options;
    const revocation = makeRevocation(options, actor, now());
    const keyHash = await this.#hashOf(id);
    const update = new UpdateCommand({
      TableName: tableName,
      Key: { [PARTITION_KEY]: keyHash },
      ...revocationUpdate(id, revocation),
      ReturnValues: 'ALL_NEW',
    });
    try {
      const { Attributes } = await client.send(update);
      return parseChanged(Attributes, 'revoked');
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) return translateStoreFault('revocation')(error);
      return this.#afterRefusal(error, { id, keyHash, revocation });
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

  /**
   * What a refused revocation means: nothing where it is the SDK's second try that met its first, whose answer was lost.
   * The item is read for it, for not every engine sends it with the refusal.
   */
  async #afterRefusal(
    refusal: ConditionalCheckFailedException,
    { id, keyHash, revocation }: { id: string; keyHash: KeyHash; revocation: Revocation },
  ): Promise<KeyRecord> {
    const item = await this.#read(keyHash);
    if (item?.[ATTRIBUTE.id] !== id) throw notFound(id, refusal);
    const record = parseRecord(item);
    const { revokedAt, revokedBy } = record;
    if (revokedAt === undefined) {
      throw new LatchkeyError('CONFLICT', `key ${id} was changed meanwhile: try again`, { cause: refusal, keyId: id });
    }
    // Two calls within one millisecond are alike too, but neither was sent again.
    if (wasSentAgain(refusal) && isRevokedAs(record, revocation)) return record;
    const by = revokedBy === undefined ? '' : ` by ${revokedBy}`;
    throw new LatchkeyError('ALREADY_REVOKED', `key ${id} was revoked already, at ${revokedAt}${by}`, {
      cause: refusal,
      keyId: id,
    });
  }

  /** By the index, which lags: the item may be gone already. */
  async #hashOf(id: string): Promise<KeyHash> {
    if (!canBeId(id)) throw new LatchkeyError('INPUT_INVALID', 'id: wanted the id of a key, such as list shows');
    let entries = await this.#entriesOf(id);
    for (const lagMs of INDEX_LAG_MS) {
      if (entries.length > 0) break;
      await sleep(lagMs);
      entries = await this.#entriesOf(id);
    }
    const [entry, ...others] = entries;
    if (entry === undefined) throw notFound(id);
    const keyHash = parseKeyHash(entry[PARTITION_KEY]);
    if (keyHash !== undefined && others.length === 0) return keyHash;
    const why = others.length === 0 ? 'an unreadable keyHash' : 'the same id as another';
    throw new LatchkeyError('RECORD_CORRUPT', `the record of key ${id} has ${why}`, { keyId: id });
  }

  async #entriesOf(id: string): Promise<readonly Record<string, unknown>[]> {
    const { client, tableName } = this.#options;
    const query = new QueryCommand({
      TableName: tableName,
      IndexName: BY_ID.indexName,
      KeyConditionExpression: 'id = :id',
      ExpressionAttributeValues: { ':id': id },
      // A second tells that the first is not the only one.
      Limit: 2,
    });
    const { Items = [] } = await client.send(query).catch(translateStoreFault('query'));
    return Items;
  }

  async #read(keyHash: KeyHash): Promise<Record<string, unknown> | undefined> {
    const { client, tableName } = this.#options;
    const { Item } = await client
      .send(new GetCommand({ TableName: tableName, Key: { [PARTITION_KEY]: keyHash }, ConsistentRead: true }))
      .catch(translateStoreFault('read'));
    return Item;
  }
}

/** The record that a write left. One that cannot be read was changed all the same. */
function parseChanged(item: unknown, change: string): KeyRecord {
  try {
    return parseRecord(item);
  } catch (error) {
    if (!(error instanceof LatchkeyError)) throw error;
    throw new LatchkeyError(error.code, `the key is ${change}, but ${error.message}`, {
      cause: error,
      keyId: error.keyId,
    });
  }
}

/** Where the client does not tell, it may have been. */
function wasSentAgain({ $metadata }: ConditionalCheckFailedException): boolean {
  return $metadata.attempts !== 1;
}

/** A UUID has 36 characters. What is longer, such as a raw key given by mistake, is neither sent nor told. */
function canBeId(id: string): boolean {
  return /^[0-9A-Za-z-]{1,36}$/.test(id);
}

function notFound(id: string, cause?: Error): LatchkeyError {
  return new LatchkeyError('NOT_FOUND', `there is no key with the id ${id}: ids are given in full`, {
    keyId: id,
    ...(cause === undefined ? {} : { cause }),
  });
}

function encodeCursor(keyHash: string): string {
  return Buffer.from(keyHash, 'hex').toString('base64url');
}

function decodeCursor(cursor: string): string {
  const keyHash = parseKeyHash(Buffer.from(cursor, 'base64url').toString('hex'));
  if (keyHash !== undefined) return keyHash;
  throw new LatchkeyError('INPUT_INVALID', `cursor: got ${JSON.stringify(cursor)}, wanted one that list gave`);
}

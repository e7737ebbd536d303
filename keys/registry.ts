import { randomUUID } from 'node:crypto';
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import {
  type Change,
  changing,
  checkChanges,
  conflict,
  disabling,
  enabling,
  type KeyChanges,
  revocation,
  type RevokeOptions,
  updateExpressions,
  type UpdateOptions,
} from './changes.ts';
import { CALL_LIMITS } from './dynamodb.ts';
import { type ErrorCode, LatchkeyError } from './errors.ts';
import { checkNewKey, isKeyId, isLongestId, isSafeToPrint, type NewKey, writtenFields } from './fields.ts';
import { checkConcurrency, importHashes, type ImportOptions, type ImportResult } from './import.ts';
import type { ImportedKey } from './importedKey.ts';
import { type ListOptions, listPage, type ListPage, listPages, listRecords, type RecordsOptions } from './list.ts';
import { checkRegistryOptions, REGISTRY_TRANSLATION, type KeyRegistryOptions } from './options.ts';

export { REGISTRY_TRANSLATION, type KeyRegistryOptions };
import { type KeyRecord, parseRecord, serialiseRecord } from './record.ts';
import {
  checkRotateOptions,
  type PreparedRotation,
  ending,
  endOf,
  type RotateOptions,
  type Rotation,
  rotationRefusal,
  successorOf,
  takenOver,
} from './rotation.ts';
import { generateSecret, hashSecret, type KeyHash, type KeySecret, parseSecret, shownPrefixOf } from './secret.ts';
import { ConditionRefused, RegistryStore } from './store.ts';
import { ATTRIBUTE } from './table.ts';
import { toTimestamp } from './timestamp.ts';

export type { KeyChanges, UpdateOptions, RevokeOptions } from './changes.ts';
export type { ImportedKey } from './importedKey.ts';
export type { ImportOptions, ImportResult } from './import.ts';
export type { ListOptions, ListPage, RecordsOptions } from './list.ts';

export type { PreparedRotation, RotateOptions, Rotation } from './rotation.ts';

/** A key just issued. The secret is in no other place: show it once and drop it. */
export interface IssuedKey {
  /** The key itself. */
  readonly secret: KeySecret;
  /** What the table holds of it. */
  readonly record: KeyRecord;
}

/** That a change was refused, and so not made. */
const REFUSED = new Set<ErrorCode>(['ALREADY_REVOKED', 'CONFLICT', 'NOT_FOUND']);
/** Shorter starts of ids are too easily a slip. */
const MIN_ID_START = 4;
/** Of an ambiguous start, told. */
const MAX_TOLD_IDS = 5;

/**
 * The write side of the store: issues, finds, changes, rotates and ends keys. Each change is one conditional write to one
 * record (a rotation is two): it is made as a whole or refused, and of two that exclude each other one is refused. Beside
 * what each method says it throws, any can throw LatchkeyError `STORE_UNAVAILABLE`: whether a write took effect is then not
 * known.
 *
 * Each record that you get is a copy of your own and has its `keyHash`, which `importHashes` needs. Leave `keyHash` out of what
 * you return to your callers.
 */
export class KeyRegistry {
  readonly #options: Required<KeyRegistryOptions>;
  readonly #store: RegistryStore;

  /** @throws LatchkeyError `CONFIG_INVALID` */
  constructor(options: KeyRegistryOptions) {
    this.#options = checkRegistryOptions(options);
    this.#store = new RegistryStore(this.#options);
  }

  /**
   * Issues a key: `draw`, then `store`.
   *
   * @throws LatchkeyError `INPUT_INVALID` before anything is written
   */
  async issue(newKey: NewKey): Promise<IssuedKey> {
    const issued = this.prepare(newKey);
    await this.store(issued);
    return issued;
  }

  /**
   * Draws a key and writes nothing, so that its secret can be brought to safety before the table knows it.
   *
   * @throws LatchkeyError `INPUT_INVALID`
   */
  prepare(newKey: NewKey): IssuedKey {
    const createdMs = this.#options.now();
    return this.#draw(checkNewKey(newKey, createdMs), createdMs);
  }

  #draw(fields: ReturnType<typeof writtenFields>, createdMs: number): IssuedKey {
    const { keyPrefix, actor } = this.#options;
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
   * @throws LatchkeyError `CONFLICT`
   */
  async store({ record }: Pick<IssuedKey, 'record'>): Promise<void> {
    try {
      await this.#store.put(serialiseRecord(record));
    } catch (error) {
      if (!(error instanceof ConditionRefused)) throw error;
      const stored = await this.#store.read(record.keyHash);
      if (stored?.[ATTRIBUTE.id] === record.id) return;
      throw new LatchkeyError('CONFLICT', 'the table already holds a key with this hash', { cause: error.cause });
    }
  }

  /**
   * The record of a key by its whole id, as the last write left it, also if other keys' ids begin with it.
   *
   * @throws LatchkeyError `INPUT_INVALID` for what cannot be an id; `NOT_FOUND`; `RECORD_CORRUPT`
   */
  async get(id: string): Promise<KeyRecord> {
    return this.#get(id, await this.#hashOf(id));
  }

  /**
   * The record of a key by its id or, with at least 4 characters, by a start that no other key's id has. An id shorter than a
   * UUID may be the start of another id, so it's looked for among all ids, as a start is: that takes longer in a large table, and
   * may miss a key issued a moment ago. An id that other ids begin with is ambiguous; `get` takes it as a whole id.
   *
   * @throws LatchkeyError `INPUT_INVALID` for what cannot be an id; `AMBIGUOUS_ID`, naming up to 5 keys, with `keyId` if the
   * start is itself a key's id; `NOT_FOUND`; `RECORD_CORRUPT`
   */
  async getByIdStart(start: string): Promise<KeyRecord> {
    if (isLongestId(start)) return this.get(start);
    checkId(start);
    const keyHash = await this.#store.hashOf(start, []);
    if (keyHash === undefined && start.length < MIN_ID_START) {
      throw new LatchkeyError(
        'INPUT_INVALID',
        `id: wanted the id of a key, or at least its first ${MIN_ID_START} characters`,
      );
    }
    const found = await this.#store.idsStarting(start, MAX_TOLD_IDS + 1);
    const isExact = keyHash !== undefined;
    const [id, ...others] = isExact ? [start, ...found.filter((other) => other !== start)] : found;
    if (id === undefined) {
      const told = isSafeToPrint(start) ? start : 'so';
      throw new LatchkeyError('NOT_FOUND', `there is no key with an id that starts ${told}`);
    }
    if (others.length === 0) return isExact ? this.#get(id, keyHash) : this.get(id);
    const told = [id, ...others].slice(0, MAX_TOLD_IDS).join(', ');
    const more = others.length < MAX_TOLD_IDS ? '' : ', and more';
    throw new LatchkeyError('AMBIGUOUS_ID', `several keys have an id that starts ${start}: ${told}${more}`, {
      keyId: isExact ? start : undefined,
    });
  }

  /**
   * The record of a raw key as its holder has it, or `undefined` where the table has none: whose key is this? Keys of any
   * prefix and from elsewhere count, as far as they can be keys at all.
   *
   * @throws LatchkeyError `RECORD_CORRUPT`
   */
  async find(secretText: string): Promise<KeyRecord | undefined> {
    const secret = parseSecret(secretText, { prefix: '', acceptForeignKeys: true });
    if (secret === undefined) return undefined;
    const item = await this.#store.read(hashSecret(secret));
    return item === undefined ? undefined : parseRecord(item);
  }

  /**
   * Returns one page of keys: of all, in the table's own order, or of an owner's, oldest first. Keys of the last moments may
   * be missing unless the read is consistent, which costs twice as much; an owner's keys are found by an index, which can lag
   * all the same.
   *
   * Without `state` and `filter`, a page comes from one read, so it can hold fewer keys than `limit` although a next page
   * follows: only a `cursor` of `null` ends the list. With one of them, each page but the last is full.
   *
   * @throws LatchkeyError `INPUT_INVALID` for a bad limit, and for a cursor that this list did not give
   */
  async list(options: ListOptions = {}): Promise<ListPage> {
    return listPage(this.#store, options, this.#options.now);
  }

  /** Every page of `list`, one after the other. */
  pages(options: Omit<ListOptions, 'cursor'> = {}): AsyncGenerator<ListPage, void, undefined> {
    return listPages(this.#store, options, this.#options.now);
  }

  /** Every key, or those of an owner or in a state, one after the other. */
  records(options: RecordsOptions = {}): AsyncGenerator<KeyRecord, void, undefined> {
    return listRecords(this.#store, options, this.#options.now);
  }

  /**
   * Changes what is said of a key, and returns its new record. Of two changes of one field at once, the later stays, as if
   * one had been made after the other: who makes up a change from a record, such as its scopes but for one, gives it as
   * `expected`. The expiry of a key that was rotated can be changed but not taken away, and a change of it that meets a
   * rotation or another such change is refused.
   *
   * With `expected`, every field that is to change is compared as a whole with a read just before the write, and by the
   * write itself once more: a text or a time as a whole, scopes and metadata by their length and their first 50 parts, or
   * fewer where those have long paths. So a change is missed only where it is made within the moment between the two, and
   * behind those parts. What was changed to and fro is as it was.
   *
   * @throws LatchkeyError `INPUT_INVALID` before anything is written; `NOT_FOUND`; `ALREADY_REVOKED`; `CONFLICT`;
   * `RECORD_CORRUPT`, as for `revoke`
   */
  async update(id: string, changes: KeyChanges, { expected }: UpdateOptions = {}): Promise<KeyRecord> {
    const checked = checkChanges(changes, this.#options.now());
    if (expected !== undefined && expected.id !== id) {
      throw new LatchkeyError('INPUT_INVALID', 'expected: got the record of another key, wanted that of this one');
    }
    const keyHash = await this.#hashOf(id);
    const isRead = expected !== undefined || checked.expiresAt !== undefined;
    const read = isRead ? await this.#get(id, keyHash) : undefined;
    return this.#change(id, keyHash, changing(checked, { read, expected }));
  }

  /**
   * Has a key refused until it is enabled again, and returns its new record. Authorizers accept it for as long as their
   * caches hold it.
   *
   * @throws LatchkeyError `INPUT_INVALID`; `NOT_FOUND`; `ALREADY_REVOKED`; `CONFLICT` where it is disabled already;
   * `RECORD_CORRUPT`, as for `revoke`
   */
  async disable(id: string): Promise<KeyRecord> {
    const { actor, now } = this.#options;
    return this.#change(id, await this.#hashOf(id), disabling(actor, now()));
  }

  /**
   * Lets a disabled key be accepted again, and returns its new record.
   *
   * @throws LatchkeyError `INPUT_INVALID`; `NOT_FOUND`; `ALREADY_REVOKED`; `CONFLICT` where it is not disabled;
   * `RECORD_CORRUPT`, as for `revoke`
   */
  async enable(id: string): Promise<KeyRecord> {
    return this.#change(id, await this.#hashOf(id), enabling());
  }

  /**
   * Ends a key for good, whatever else its state, and returns its new record. Authorizers accept the key for as long as
   * their caches hold it. The record goes 90 days from now, also where its expiry was to keep it longer or less long.
   *
   * @throws LatchkeyError `INPUT_INVALID` before anything is written; `NOT_FOUND`, also for a key that was deleted
   * meanwhile; `ALREADY_REVOKED`; `CONFLICT`; `RECORD_CORRUPT`, with the key revoked all the same where the message says
   * so
   */
  async revoke(id: string, options: RevokeOptions = {}): Promise<KeyRecord> {
    const { actor, now } = this.#options;
    const change = revocation(options, actor, now());
    return this.#change(id, await this.#hashOf(id), change);
  }

  /**
   * Replaces an active key by a successor of the same label, owner, scopes, plan and metadata, and has it end after a
   * grace period: `prepareRotation`, then `storeRotation`. docs/adr/0009 tells what is left where it stops halfway.
   *
   * @throws LatchkeyError as they do
   */
  async rotate(id: string, options: RotateOptions): Promise<Rotation> {
    return this.storeRotation(await this.prepareRotation(id, options));
  }

  /**
   * Draws the successor of a key and writes nothing, so that its secret can be brought to safety before the table knows it.
   *
   * @throws LatchkeyError `INPUT_INVALID`; `NOT_FOUND`; `ALREADY_REVOKED`; `CONFLICT` for a key that is not active, or was
   * rotated already; `RECORD_CORRUPT`
   */
  async prepareRotation(id: string, options: RotateOptions): Promise<PreparedRotation> {
    const nowMs = this.#options.now();
    checkRotateOptions(options, nowMs);
    const previous = await this.get(id);
    const refusal = rotationRefusal(previous, nowMs);
    if (refusal !== undefined) throw refusal;
    // The old record's texts are not checked again: a key must be rotatable even if its label would be refused today.
    const { secret, record } = this.#draw(writtenFields(successorOf(previous, options, nowMs)), nowMs);
    return {
      secret,
      record: { ...record, ...takenOver(previous) },
      previous,
      previousEndsAt: endOf(previous, options, nowMs),
    };
  }

  /**
   * Makes a rotation that `prepareRotation` drew: puts the successor, then ends the old key. Where the old key does not take
   * it any more, the successor is taken back. To store one again that is stored is success, and completes one that stopped
   * halfway.
   *
   * @throws LatchkeyError `CONFLICT` where the old key was rotated or changed meanwhile, or ended; `ALREADY_REVOKED`;
   * `NOT_FOUND`; `RECORD_CORRUPT`
   */
  async storeRotation(drawn: PreparedRotation): Promise<Rotation> {
    const { secret, record, previous } = drawn;
    await this.store(drawn);
    try {
      const ended = await this.#change(previous.id, previous.keyHash, ending(drawn, this.#options.now()));
      return { secret, record, previous: ended };
    } catch (error) {
      if (error instanceof LatchkeyError && REFUSED.has(error.code)) await this.#takeBack(record, error);
      throw error;
    }
  }

  /**
   * Imports keys that were issued elsewhere, by their hashes, and yields what came of each, in order. A hash that the table
   * holds is skipped and its record not changed; to resume an interrupted run, run it again. Of entries with one hash the
   * first is stored, and gets the restrictions of the later ones: a revocation, a disabling, an earlier expiry. A process that
   * ends in between leaves it without them, so bring one entry for each key if you can. A key that was ended here, and whose
   * record the table has deleted since, is not known any more: entries that have it as active bring it back.
   * To stop the run, stop reading or end the entries: what is in hand is finished. Wrong entries are rejected; any other failure
   * ends the run with a LatchkeyError. A run keeps the hash of each entry in memory, about 130 bytes.
   *
   * @throws LatchkeyError `INPUT_INVALID` for a bad concurrency
   */
  importHashes(
    entries: AsyncIterable<ImportedKey> | Iterable<ImportedKey>,
    options: ImportOptions = {},
  ): AsyncGenerator<ImportResult, void, undefined> {
    const { actor, now } = this.#options;
    return importHashes(entries, checkConcurrency(options), { store: this.#store, actor, now });
  }

  /** One conditional update; where it is refused, the record is read for why, for not every engine sends it along. */
  async #change(id: string, keyHash: KeyHash, change: Change): Promise<KeyRecord> {
    try {
      return parseChanged(
        await this.#store.update(keyHash, updateExpressions(id, change), change.operation),
        change.done,
      );
    } catch (error) {
      if (!(error instanceof ConditionRefused)) throw error;
      const item = await this.#store.read(keyHash);
      if (item?.[ATTRIBUTE.id] !== id) throw notFound(id, error.cause);
      const record = parseRecord(item);
      // Two calls within one millisecond can be alike too, but neither was sent again.
      if (change.isIn(record) && (error.wasSentAgain || change.isUnique)) return record;
      throw change.refusal(record) ?? conflict(id, 'was changed meanwhile: try again', error.cause);
    }
  }

  /** The old key did not take the rotation: nobody has the successor's secret, unless the caller wrote it out. */
  async #takeBack({ keyHash, id }: KeyRecord, why: LatchkeyError): Promise<void> {
    try {
      await this.#store.remove(keyHash, id);
    } catch (error) {
      if (error instanceof ConditionRefused) return;
      const message = `${why.message}; the successor ${id} could not be taken back: revoke it`;
      throw new LatchkeyError(why.code, message, { cause: error, keyId: why.keyId });
    }
  }

  async #get(id: string, keyHash: KeyHash): Promise<KeyRecord> {
    const item = await this.#store.read(keyHash);
    if (item?.[ATTRIBUTE.id] !== id) throw notFound(id);
    return parseRecord(item);
  }

  /** By the index, which lags: the item may be gone already. */
  async #hashOf(id: string): Promise<KeyHash> {
    checkId(id);
    const keyHash = await this.#store.hashOf(id);
    if (keyHash === undefined) throw notFound(id);
    return keyHash;
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

/** What cannot be an id, such as a raw key given by mistake, is neither sent nor told. */
function checkId(id: string): void {
  if (!isKeyId(id)) throw new LatchkeyError('INPUT_INVALID', 'id: wanted the id of a key, such as list shows');
}

function notFound(id: string, cause?: Error): LatchkeyError {
  const options = cause === undefined ? {} : { cause };
  return isSafeToPrint(id)
    ? new LatchkeyError('NOT_FOUND', `there is no key with the id ${id}`, { ...options, keyId: id })
    : new LatchkeyError('NOT_FOUND', 'there is no key with that id', options);
}

/** What a registry is made with: where its table is, and who acts. */
export interface CreateKeyRegistryOptions extends Omit<KeyRegistryOptions, 'client'> {
  /**
   * The Region of the table.
   *
   * @default - as the AWS SDK finds it
   */
  readonly region?: string;
  /**
   * The URL of a DynamoDB.
   *
   * @default - AWS's own
   */
  readonly endpoint?: string;
  /**
   * A client of your own, with its own credentials, region, retries and timeouts. A call is given up after 30 seconds in all,
   * whatever those are.
   *
   * @default - one for `region` and `endpoint`, which waits 3 seconds for a connection and 8 for an answer
   */
  readonly client?: DynamoDBClient;
}

/**
 * The registry of a deployed table, for an application. Credentials are found as the AWS SDK finds them unless `client`
 * brings its own.
 *
 * @throws LatchkeyError `CONFIG_INVALID`
 */
export function createKeyRegistry({ region, endpoint, client, ...options }: CreateKeyRegistryOptions): KeyRegistry {
  const config: DynamoDBClientConfig = {
    requestHandler: CALL_LIMITS.requestHandler,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
  const documents = DynamoDBDocumentClient.from(client ?? new DynamoDBClient(config), REGISTRY_TRANSLATION);
  return new KeyRegistry({ ...options, client: documents });
}

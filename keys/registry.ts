import { randomUUID } from 'node:crypto';
import {
  authorOf,
  type Change,
  checkChanges,
  conflict,
  disableChange,
  enableChange,
  type KeyChanges,
  revokeChange,
  type RevokeOptions,
  updateChange,
  updateExpressions,
  type UpdateOptions,
  versionRefusal,
} from './changes.ts';
import { type ErrorCode, LatchkeyError } from './errors.ts';
import { checkNewKey, isSafeToPrint, type NewKey, show, toRecordFields } from './fields.ts';
import { isKeyId, isLongestId } from './keyId.ts';
import { checkConcurrency, dryRunStore, importHashes, type ImportOptions, type ImportResult } from './import.ts';
import type { ImportedKey } from './importedKey.ts';
import { HistoryStore } from './historyStore.ts';
import { type HistoryOptions, type KeyHistory, readHistory } from './keyHistory.ts';
import { type KeyLimits, type LimitedKey, readLimits } from './keyLimits.ts';
import { LimitsTable } from './limitsTable.ts';
import { type ListOptions, listPage, type ListPage, listPages, listRecords, type RecordsOptions } from './list.ts';
import {
  type CheckedRegistryOptions,
  checkRegistryOptions,
  type KeyRegistryOptions,
  prefixProblems,
} from './options.ts';
import { type KeyRecord, parseRecord, readVersion, serialiseRecord } from './record.ts';
import { type LimitsReset, resetLimits, type ResetTarget } from './resetLimits.ts';
import {
  checkRotateOptions,
  endChange,
  getCopiedFields,
  getPreviousEnd,
  getSuccessorFields,
  getSuccessorPrefix,
  type PreparedRotation,
  type RotateOptions,
  type Rotation,
  rotationRefusal,
} from './rotation.ts';
import {
  ANY_KEY,
  generateSecret,
  getShownPrefix,
  hashSecret,
  type KeyHash,
  type KeySecret,
  parseSecret,
} from './secret.ts';
import { RegistryStore } from './store.ts';
import { ATTRIBUTE } from './table.ts';
import { ConditionRefused } from './tableCalls.ts';
import { toTimestamp } from './timestamp.ts';
import { reportUsage, type UsageOptions, type UsageReport } from './usageReport.ts';
import { UsageStore } from './usageStore.ts';

export type { KeyChanges, RevokeOptions, UpdateOptions } from './changes.ts';
export type { ImportOptions, ImportResult } from './import.ts';
export type { ImportedKey } from './importedKey.ts';
export type { HistoryEntry } from './history.ts';
export type { HistoryOptions, KeyHistory } from './keyHistory.ts';
export type { CountedTogether, KeyLimits, LimitedKey, QuotaUse, ThrottleUse } from './keyLimits.ts';
export type { ListOptions, ListPage, RecordsOptions } from './list.ts';
export { type KeyRegistryOptions, REGISTRY_TRANSLATION } from './options.ts';
export type { LimitsReset, ResetTarget } from './resetLimits.ts';
export type { PreparedRotation, RotateOptions, Rotation } from './rotation.ts';
export type { BusiestKey, LatencyPercentiles, Usage, UsageOptions, UsageReport, UsageRow } from './usageReport.ts';

/** Options of `KeyRegistry.issue` and `KeyRegistry.prepare`. */
export interface IssueOptions {
  /**
   * The prefix of the key, such as `sk_test_`. It must be one of the deployment's `keyPrefixes`.
   *
   * @default - the registry's `prefix`
   */
  readonly prefix?: string | undefined;
}

/** A new key with its secret. */
export interface IssuedKey {
  /** The raw key. Latchkey doesn't keep a copy. Show the key once, then discard it. */
  readonly secret: KeySecret;
  /** The key's record in the table. */
  readonly record: KeyRecord;
}

/** Codes of a rejected change. The table stays unchanged. */
const REFUSED = new Set<ErrorCode>(['ALREADY_REVOKED', 'CONFLICT', 'NOT_FOUND']);
/** Minimum length of an id's prefix. A shorter prefix is too likely to be a typing error. */
const MIN_ID_START = 4;
/** Maximum number of ids in the error message for an ambiguous prefix. */
const MAX_SHOWN_IDS = 5;
/** Maximum number of ids to count for that message. */
const MAX_COUNTED_IDS = 1000;

/**
 * Issues, finds, changes, rotates and revokes keys. A change is one conditional write to one record. A rotation is two
 * writes. Each write succeeds completely or doesn't change the record. Every method can also throw LatchkeyError
 * `STORE_UNAVAILABLE`. A write may then have succeeded or failed.
 *
 * Each record that a method returns is your own copy. It contains `keyHash`, which `importHashes` requires. Remove
 * `keyHash` from the records that you return to your callers.
 */
export class KeyRegistry {
  readonly #options: CheckedRegistryOptions;
  readonly #store: RegistryStore;

  /** @throws LatchkeyError `CONFIG_INVALID` */
  constructor(options: KeyRegistryOptions) {
    this.#options = checkRegistryOptions(options);
    this.#store = new RegistryStore(this.#options);
  }

  /**
   * Issues a key. Calls `prepare`, then `store`.
   *
   * @throws LatchkeyError `INPUT_INVALID` before any write
   */
  async issue(newKey: NewKey, options?: IssueOptions): Promise<IssuedKey> {
    const issued = this.prepare(newKey, options);
    await this.store(issued);
    return issued;
  }

  /**
   * Generates a key without a write to the table. You can save the secret before you store the key.
   *
   * @throws LatchkeyError `INPUT_INVALID`
   */
  prepare(newKey: NewKey, { prefix = this.#options.prefix }: IssueOptions = {}): IssuedKey {
    const createdMs = this.#options.now();
    checkPrefix(prefix);
    return this.#generate(prefix, checkNewKey(newKey, createdMs), createdMs);
  }

  #generate(prefix: string, fields: ReturnType<typeof toRecordFields>, createdMs: number): IssuedKey {
    const { actor } = this.#options;
    const secret = generateSecret(prefix);
    const record: KeyRecord = {
      keyHash: hashSecret(secret),
      id: randomUUID(),
      keyPrefix: getShownPrefix(secret, prefix),
      createdAt: toTimestamp(createdMs),
      createdBy: actor,
      ...fields,
    };
    return { secret, record };
  }

  /**
   * Writes the record of a key from `prepare`. You can store the same key again, for example after a lost response.
   *
   * @throws LatchkeyError `CONFLICT` if another key has this hash
   */
  async store({ record }: Pick<IssuedKey, 'record'>): Promise<void> {
    try {
      await this.#store.put(serialiseRecord(record));
    } catch (error) {
      if (!(error instanceof ConditionRefused)) throw error;
      const stored = await this.#store.read(record.keyHash);
      if (stored?.[ATTRIBUTE.id] === record.id) return;
      throw new LatchkeyError('CONFLICT', 'the table already has a key with this hash', { cause: error.cause });
    }
  }

  /**
   * Returns the record of a key by its full id. The read is strongly consistent.
   *
   * @throws LatchkeyError `INPUT_INVALID` if the string can't be an id; `NOT_FOUND`; `RECORD_CORRUPT`
   */
  async get(id: string): Promise<KeyRecord> {
    return this.#get(id, await this.#findHash(id));
  }

  /**
   * Returns the record of a key by its id or by a unique prefix of its id. A prefix has at least 4 characters. A string
   * shorter than a UUID is compared with all ids. The comparison takes longer in a large table. It can miss a key that
   * was just issued. If an id is also the prefix of other ids, use `get`.
   *
   * @throws LatchkeyError `INPUT_INVALID` if the string can't be an id; `AMBIGUOUS_ID` with up to 5 ids in the message;
   * `NOT_FOUND`; `RECORD_CORRUPT`. The error for an ambiguous prefix has `keyIds`, and a `keyId` if the prefix is itself
   * a key's id
   */
  async getByIdStart(start: string): Promise<KeyRecord> {
    if (isLongestId(start)) return this.get(start);
    checkId(start);
    const keyHash = await this.#store.findHash(start, []);
    if (keyHash === undefined && start.length < MIN_ID_START) {
      throw new LatchkeyError(
        'INPUT_INVALID',
        `id: expected a key's id, or at least its first ${MIN_ID_START} characters`,
      );
    }
    const found = await this.#store.findIds(start, MAX_COUNTED_IDS);
    const isExact = keyHash !== undefined;
    const [id, ...others] = isExact ? [start, ...found.filter((other) => other !== start)] : found;
    if (id === undefined) {
      const shown = isSafeToPrint(start) ? start : 'like that';
      throw new LatchkeyError('NOT_FOUND', `there is no key with an id that starts ${shown}`);
    }
    if (others.length === 0) return isExact ? this.#get(id, keyHash) : this.get(id);
    throw ambiguousId(start, [id, ...others], isExact);
  }

  /**
   * Returns the record of a raw key, or `undefined` if the key isn't in the table. Use it to look up a key's owner. The
   * key can have any prefix. It can come from another system.
   *
   * @throws LatchkeyError `RECORD_CORRUPT`
   */
  async find(secretText: string): Promise<KeyRecord | undefined> {
    const secret = parseSecret(secretText, ANY_KEY);
    if (secret === undefined) return undefined;
    const item = await this.#store.read(hashSecret(secret));
    return item === undefined ? undefined : parseRecord(item);
  }

  /**
   * Returns one page of keys: all keys in the table's order, or one owner's keys with the oldest first. An eventually
   * consistent read can miss the newest keys. A consistent read costs twice as much. An owner's keys come from an
   * index. The index can lag even with a consistent read.
   *
   * One read returns each page if you omit `state` and `filter`. Such a page can have fewer keys than `limit`. More
   * pages follow until the `cursor` is `null`. Each page except the last is full if you pass `state` or `filter`.
   *
   * @throws LatchkeyError `INPUT_INVALID` for an invalid limit or a cursor of another list
   */
  async list(options: ListOptions = {}): Promise<ListPage> {
    return listPage(this.#store, options, this.#options.now);
  }

  /** Yields every page of `list`. */
  pages(options: Omit<ListOptions, 'cursor'> = {}): AsyncGenerator<ListPage, void, undefined> {
    return listPages(this.#store, options, this.#options.now);
  }

  /** Yields every key, or only the keys of one owner or in one state. */
  records(options: RecordsOptions = {}): AsyncGenerator<KeyRecord, void, undefined> {
    return listRecords(this.#store, options, this.#options.now);
  }

  /**
   * Reports how many requests a key, an owner's keys or all keys made, by hour, day or month. It needs a registry with
   * `usageTableName`. A rotated key and its successor count separately.
   *
   * @throws LatchkeyError `CONFIG_INVALID` without `usageTableName`; `INPUT_INVALID`; `NOT_FOUND` if the owner has no keys
   */
  async usage(options: UsageOptions): Promise<UsageReport> {
    const { now, client, retryOptions, usageTableName: tableName } = this.#options;
    const store = tableName === undefined ? undefined : new UsageStore({ client, tableName, retryOptions });
    return reportUsage(options, { store, records: (of) => this.records(of), now });
  }

  /**
   * Returns the events of a key: who changed what and when. It needs a registry with `historyTableName`. The history
   * begins when `ApiKeyEvents` is deployed with the prop `history`. An event is in it some seconds after its change.
   *
   * @throws LatchkeyError `CONFIG_INVALID` without `historyTableName`; `INPUT_INVALID`
   */
  async history(options: HistoryOptions): Promise<KeyHistory> {
    const { client, retryOptions, historyTableName: tableName } = this.#options;
    return readHistory(
      options,
      tableName === undefined ? undefined : new HistoryStore({ client, tableName, retryOptions }),
    );
  }

  /**
   * Changes a key's fields. Returns its new record. The later of two updates to the same field wins. If a change
   * depends on the record that you read, pass that record as `expected`. An example is the removal of one scope. A
   * second change based on the same read is then rejected, even if it changes other fields. Read the record again, then
   * repeat the change.
   *
   * You can change but not remove the expiry of a rotated key. A new expiry is rejected if a rotation or another update
   * changes the expiry at the same moment.
   *
   * @throws LatchkeyError `INPUT_INVALID` before any write; `NOT_FOUND`; `ALREADY_REVOKED`; `CONFLICT`;
   * `RECORD_CORRUPT` (see `revoke`)
   */
  async update(id: string, changes: KeyChanges, { expected }: UpdateOptions = {}): Promise<KeyRecord> {
    const checked = checkChanges(changes, this.#options.now());
    const expectedVersion = expected === undefined ? undefined : checkExpected(id, expected);
    const keyHash = await this.#findHash(id);
    const read = checked.expiresAt === undefined ? undefined : await this.#get(id, keyHash);
    return this.#change(id, keyHash, updateChange(checked, { read, expectedVersion }));
  }

  /**
   * Disables a key. Returns its new record. The authorizer rejects the key until you enable it again. Authorizers still
   * accept the key until their caches expire.
   *
   * @throws LatchkeyError `INPUT_INVALID`; `NOT_FOUND`; `ALREADY_REVOKED`; `CONFLICT` if the key is already disabled;
   * `RECORD_CORRUPT` (see `revoke`)
   */
  async disable(id: string): Promise<KeyRecord> {
    const { actor, now } = this.#options;
    return this.#change(id, await this.#findHash(id), disableChange(actor, now()));
  }

  /**
   * Enables a disabled key. Returns its new record. Pass the record that you read as `expected` if the decision depends
   * on it, for example on who disabled the key.
   *
   * @throws LatchkeyError `INPUT_INVALID`; `NOT_FOUND`; `ALREADY_REVOKED`; `CONFLICT` if the key isn't disabled, or
   * was changed since you read it; `RECORD_CORRUPT` (see `revoke`)
   */
  async enable(id: string, { expected }: UpdateOptions = {}): Promise<KeyRecord> {
    const expectedVersion = expected === undefined ? undefined : checkExpected(id, expected);
    return this.#change(id, await this.#findHash(id), { ...enableChange(), expectedVersion });
  }

  /**
   * Permanently revokes a key in any state. Returns its new record. Authorizers still accept the key until their caches
   * expire. The table deletes the record after 90 days, even if the key's expiry is earlier or later.
   *
   * @throws LatchkeyError `INPUT_INVALID` before any write; `NOT_FOUND`, also if the record was deleted meanwhile;
   * `ALREADY_REVOKED`; `CONFLICT`; `RECORD_CORRUPT` if the record is unreadable. Its message states whether the key is
   * revoked
   */
  async revoke(id: string, options: RevokeOptions = {}): Promise<KeyRecord> {
    const { actor, now } = this.#options;
    const change = revokeChange(options, actor, now());
    return this.#change(id, await this.#findHash(id), change);
  }

  /**
   * Replaces an active key with a successor that has the same label, owner, scopes, plan, IP list and metadata. The old key
   * expires after a grace period. Calls `prepareRotation`, then `storeRotation`. See docs/adr/0009 for an interrupted
   * rotation.
   *
   * @throws LatchkeyError for the same reasons as these two methods
   */
  async rotate(id: string, options: RotateOptions): Promise<Rotation> {
    return this.storeRotation(await this.prepareRotation(id, options));
  }

  /**
   * Generates the successor of a key without a write to the table. You can save the secret before you store the rotation.
   *
   * @throws LatchkeyError `INPUT_INVALID`; `NOT_FOUND`; `ALREADY_REVOKED`; `CONFLICT` if the key isn't active or was
   * already rotated; `RECORD_CORRUPT`
   */
  async prepareRotation(id: string, options: RotateOptions): Promise<PreparedRotation> {
    const nowMs = this.#options.now();
    checkRotateOptions(options, nowMs);
    if (options.prefix !== undefined) checkPrefix(options.prefix);
    const previous = await this.get(id);
    const refusal = rotationRefusal(previous, nowMs);
    if (refusal !== undefined) throw refusal;
    // The fields from the old record aren't checked again. You must be able to rotate a key whose label isn't valid any
    // more.
    const fields = toRecordFields(getSuccessorFields(previous, options, nowMs));
    const prefix = options.prefix ?? getSuccessorPrefix(previous, this.#options);
    const { secret, record } = this.#generate(prefix, fields, nowMs);
    return {
      secret,
      record: { ...record, ...getCopiedFields(previous) },
      previous,
      previousEndsAt: getPreviousEnd(previous, options, nowMs),
    };
  }

  /**
   * Writes a rotation from `prepareRotation`. It stores the successor, then sets the expiry of the old key. It deletes
   * the successor if the old key has changed since `prepareRotation`. You can store the same rotation again to complete
   * an interrupted one.
   *
   * @throws LatchkeyError `CONFLICT` if the old key has been rotated, changed, disabled or has expired;
   * `ALREADY_REVOKED`; `NOT_FOUND`; `RECORD_CORRUPT`
   */
  async storeRotation(rotation: PreparedRotation): Promise<Rotation> {
    const { secret, record, previous } = rotation;
    await this.store(rotation);
    try {
      const ended = await this.#change(previous.id, previous.keyHash, endChange(rotation, this.#options.now()));
      return { secret, record, previous: ended };
    } catch (error) {
      if (error instanceof LatchkeyError && REFUSED.has(error.code)) await this.#removeSuccessor(record, error);
      throw error;
    }
  }

  /**
   * Imports keys of another system by their hashes. Yields the result of each entry in order. It skips a hash that is
   * already in the table without a change to its record. To resume an interrupted import, run it again with the same
   * entries.
   *
   * The table gets the first of several entries with one hash. Its record then gets the restrictions of the later
   * entries: a revocation, a disabled state or an earlier expiry. Pass one entry per key if you can, because an
   * interrupted process may not have stored these restrictions. Don't import old entries that list a revoked or expired
   * key as active. The import makes such a key valid again if the table has deleted its record.
   *
   * To stop the import, stop reading the results or end the entries. The import still completes the entries in
   * progress. It rejects an invalid entry and continues. Any other failure ends the import with a LatchkeyError. The
   * hash of each entry stays in memory, at about 130 bytes.
   *
   * @throws LatchkeyError `INPUT_INVALID` for an invalid concurrency
   */
  importHashes(
    entries: AsyncIterable<ImportedKey> | Iterable<ImportedKey>,
    options: ImportOptions = {},
  ): AsyncGenerator<ImportResult, void, undefined> {
    const { actor, now } = this.#options;
    const store = options.dryRun ? dryRunStore(this.#store) : this.#store;
    return importHashes(entries, checkConcurrency(options), { store, actor, now });
  }

  /**
   * Returns what is left of a key's plan, if the authorizer enforces the plan. Pass the key's id, or its record to save
   * a read. Nothing is found if the key's plan wasn't used in the current windows.
   *
   * @throws LatchkeyError `CONFIG_INVALID` without `limitsTableName`; `INPUT_INVALID`; `NOT_FOUND`; `RECORD_CORRUPT`
   */
  async limits(key: string | LimitedKey): Promise<KeyLimits> {
    const table = this.#limitsTable();
    return readLimits(typeof key === 'string' ? await this.get(key) : key, table, this.#options.now());
  }

  /**
   * Makes the current windows of a key's plan begin again, or those of all active keys of an owner. The reset of a key
   * includes the counts that it shares with other keys. The reset of an owner omits the counts that the keys of other
   * owners share. Execution environments use the reset within the deployment's revocation delay. Those of other keys that
   * share the quota may take a minute. To complete an interrupted reset, run it again.
   *
   * @throws LatchkeyError `CONFIG_INVALID` without `limitsTableName`; `INPUT_INVALID`; `NOT_FOUND`, also if the owner has
   * no active key; `ALREADY_REVOKED`; `CONFLICT`; `RECORD_CORRUPT`
   */
  async resetLimits(target: ResetTarget): Promise<LimitsReset> {
    return resetLimits(target, {
      table: this.#limitsTable(),
      now: this.#options.now,
      get: (id) => this.get(id),
      pages: (owner) => this.pages({ owner, consistentRead: true }),
      change: ({ id, keyHash }, change) => this.#change(id, keyHash, change),
    });
  }

  #limitsTable(): LimitsTable {
    const { limitsTableName: tableName, client, retryOptions } = this.#options;
    if (tableName !== undefined) return new LimitsTable({ client, tableName, retryOptions });
    throw new LatchkeyError('CONFIG_INVALID', 'limitsTableName: expected the name of the table of limits, got nothing');
  }

  /**
   * Makes one conditional update. It reads the record to find the reason for a rejection, because some DynamoDB engines
   * don't return the item.
   */
  async #change(id: string, keyHash: KeyHash, change: Change): Promise<KeyRecord> {
    try {
      const { actor, now } = this.#options;
      const expressions = updateExpressions(id, change, authorOf(actor, now()));
      const item = await this.#store.update(keyHash, expressions, change.operation);
      return parseChanged(item, change.done);
    } catch (error) {
      if (!(error instanceof ConditionRefused)) throw error;
      const item = await this.#store.read(keyHash);
      if (item?.[ATTRIBUTE.id] !== id) throw notFound(id, error.cause);
      // A damaged version must not prevent the revocation of a key.
      const isDamaged = !['number', 'undefined'].includes(typeof item[ATTRIBUTE.version]);
      if (isDamaged && change.expectedVersion === undefined && !change.replacesVersion) {
        return this.#change(id, keyHash, { ...change, replacesVersion: true });
      }
      const record = parseRecord(item);
      // Two calls within one millisecond can have the same result, although neither was retried.
      if (change.isApplied(record) && (error.wasSentAgain || change.isUnique)) return record;
      throw (
        change.refusal(record) ??
        versionRefusal(record, change.expectedVersion) ??
        conflict(id, 'was changed meanwhile: try again', error.cause)
      );
    }
  }

  /**
   * Deletes the successor after the rejection of its rotation. The successor's secret is useless afterwards, even if
   * the caller has saved it.
   */
  async #removeSuccessor({ keyHash, id }: KeyRecord, why: LatchkeyError): Promise<void> {
    try {
      await this.#store.remove(keyHash, id);
    } catch (error) {
      if (error instanceof ConditionRefused) return;
      const message = `${why.message}; the successor ${id} could not be deleted: revoke it`;
      throw new LatchkeyError(why.code, message, { cause: error, keyId: why.keyId });
    }
  }

  async #get(id: string, keyHash: KeyHash): Promise<KeyRecord> {
    const item = await this.#store.read(keyHash);
    if (item?.[ATTRIBUTE.id] !== id) throw notFound(id);
    return parseRecord(item);
  }

  /** Reads the index. The index lags, so the item may be deleted already. */
  async #findHash(id: string): Promise<KeyHash> {
    checkId(id);
    const keyHash = await this.#store.findHash(id);
    if (keyHash === undefined) throw notFound(id);
    return keyHash;
  }
}

/**
 * Rejects a string that can't be an id before the request is sent. The message doesn't repeat the string, because it
 * may be a raw key.
 */
function checkId(id: string): void {
  if (!isKeyId(id)) throw new LatchkeyError('INPUT_INVALID', "id: expected a key's id, such as list shows");
}

/** Returns the version of the record that the caller expects. */
function checkExpected(id: string, expected: NonNullable<UpdateOptions['expected']>): number {
  if (expected.id !== id) {
    throw new LatchkeyError('INPUT_INVALID', "expected: expected this key's record, got the record of another key");
  }
  const version = readVersion(expected.version ?? 0);
  if (version !== undefined) return version;
  const problem = `expected.version: expected a whole number, got ${show(expected.version)}`;
  throw new LatchkeyError('INPUT_INVALID', problem);
}

/** @throws LatchkeyError `INPUT_INVALID` */
function checkPrefix(prefix: string): void {
  const problems = prefixProblems(prefix);
  if (problems.length > 0) throw new LatchkeyError('INPUT_INVALID', problems.join('; '));
}

function ambiguousId(start: string, keyIds: readonly string[], isExact: boolean): LatchkeyError {
  const rest = keyIds.length - MAX_SHOWN_IDS;
  const more = rest > 0 ? `, and ${keyIds.length < MAX_COUNTED_IDS ? rest : `at least ${rest}`} more` : '';
  const shown = `${keyIds.slice(0, MAX_SHOWN_IDS).join(', ')}${more}`;
  const keyId = isExact ? start : undefined;
  return new LatchkeyError('AMBIGUOUS_ID', `several keys have an id that starts ${start}: ${shown}`, { keyId, keyIds });
}

/** Parses the record after a write. The error for an unreadable record states that the write succeeded. */
function parseChanged(item: unknown, done: string): KeyRecord {
  try {
    return parseRecord(item);
  } catch (error) {
    if (!(error instanceof LatchkeyError)) throw error;
    throw new LatchkeyError(error.code, `the key is ${done}, but ${error.message}`, {
      cause: error,
      keyId: error.keyId,
    });
  }
}

function notFound(id: string, cause?: Error): LatchkeyError {
  const options = cause === undefined ? {} : { cause };
  return isSafeToPrint(id)
    ? new LatchkeyError('NOT_FOUND', `there is no key with the id ${id}`, { ...options, keyId: id })
    : new LatchkeyError('NOT_FOUND', 'there is no key with that id', options);
}

import { areUnchanged, authorOf, type Change, conflict, updateExpressions } from './changes.ts';
import { LatchkeyError } from './errors.ts';
import { show } from './fields.ts';
import { checkImportedKey, type ImportedKey } from './importedKey.ts';
import { type KeyRecord, parseRecord, serialiseRecord } from './record.ts';
import type { KeyHash } from './secret.ts';
import type { RegistryStore } from './store.ts';
import { ConditionRefused, type Item } from './tableCalls.ts';
import { ATTRIBUTE } from './table.ts';
import { getPurgeAfter, toEpochMs } from './timestamp.ts';

/** The result of one entry. */
export type ImportResult = {
  /** The index of the entry, from 0. */
  readonly index: number;
} & (
  | { readonly outcome: 'imported'; readonly id: string; readonly problem?: never }
  | {
      readonly outcome: 'skipped';
      /**
       * The index of the first entry with this hash, if this entry is a duplicate. The table keeps the first entry's
       * record. The record also gets this entry's restrictions if this run stored it. A restriction is a revocation, a
       * disabled state or an earlier expiry. `firstIndex` is absent if the table already had the hash, and no earlier
       * entry does. The table's record then stays unchanged.
       */
      readonly firstIndex?: number;
      readonly id?: never;
      readonly problem?: never;
    }
  | { readonly outcome: 'rejected'; readonly id?: never; readonly problem: string }
);

/** Options of `KeyRegistry.importHashes`. */
export interface ImportOptions {
  /**
   * Maximum number of entries in progress at the same time, from 1 to 100.
   *
   * @default 16
   */
  readonly concurrency?: number | undefined;
  /**
   * Makes the import only read the table and yield the results that a real import would have now. The id of a new key
   * is random, so a real import gives the key another id.
   *
   * @default false
   */
  readonly dryRun?: boolean | undefined;
}

/** The part of the store that an import uses. */
export type ImportStore = Pick<RegistryStore, 'read' | 'put' | 'update' | 'findHashes'>;

export interface ImportDeps {
  readonly store: ImportStore;
  readonly actor: string;
  readonly now: () => number;
}

const MAX_CONCURRENCY = 100;

/** @throws LatchkeyError `INPUT_INVALID` */
export function checkConcurrency({ concurrency = 16 }: ImportOptions): number {
  if (Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= MAX_CONCURRENCY) return concurrency;
  const expected = `a whole number from 1 to ${MAX_CONCURRENCY}`;
  throw new LatchkeyError('INPUT_INVALID', `concurrency: expected ${expected}, got ${show(concurrency)}`);
}

/** Returns a store that accepts the same writes, but only reads the table. */
export function dryRunStore(store: ImportStore): ImportStore {
  return {
    read: (keyHash) => store.read(keyHash),
    findHashes: (id) => store.findHashes(id),
    put: async (item) => {
      if ((await store.read(item[ATTRIBUTE.keyHash] as KeyHash)) === undefined) return;
      throw new ConditionRefused(new Error('the table has this hash'), false);
    },
    update: async () => undefined,
  };
}

/**
 * Stores each entry whose hash isn't in the table. It processes a few entries concurrently. It yields the results in
 * order. The table gets the first of several entries with one hash, with the restrictions of all. Each entry is read
 * only when its turn comes. Only the hashes stay in memory, at about 130 bytes each. The entries in progress are
 * completed first if the caller stops. The results of the entries in progress come before the error if the source or
 * the store fails.
 */
export async function* importHashes(
  entries: AsyncIterable<ImportedKey> | Iterable<ImportedKey>,
  concurrency: number,
  deps: ImportDeps,
): AsyncGenerator<ImportResult, void, undefined> {
  const importer = new Importer(deps);
  const inHand: Promise<Settled>[] = [];
  const failures: unknown[] = [];
  const oldest = async function* (): AsyncGenerator<ImportResult, void, undefined> {
    const settled = await inHand.shift();
    if (settled === undefined) return;
    if ('failure' in settled) failures.push(settled.failure);
    else yield settled.result;
  };
  try {
    let index = 0;
    try {
      for await (const entry of entries) {
        inHand.push(toSettled(importer.take(entry, index++)));
        if (inHand.length >= concurrency) yield* oldest();
        if (failures.length > 0) break;
      }
    } catch (failure) {
      failures.push(failure);
    }
    while (inHand.length > 0) yield* oldest();
  } finally {
    await Promise.all(inHand);
  }
  if (failures.length > 0) throw failures[0];
}

type Settled = { readonly result: ImportResult } | { readonly failure: unknown };

function toSettled(work: Promise<ImportResult>): Promise<Settled> {
  return work.then(
    (result) => ({ result }),
    (failure: unknown) => ({ failure }),
  );
}

class Importer {
  readonly #deps: ImportDeps;
  readonly #ids = new RecentIds();
  /** Hash → the work in progress on its entry. */
  readonly #inHand = new Map<KeyHash, Promise<void>>();
  /** Hash → the index of its first entry, if this run stored that entry. */
  readonly #taken = new Map<KeyHash, number>();
  /** Hash → the index of its first entry, if the hash was already in the table. */
  readonly #skipped = new Map<KeyHash, number>();

  constructor(deps: ImportDeps) {
    this.#deps = deps;
  }

  async take(entry: ImportedKey, index: number): Promise<ImportResult> {
    const { actor, now } = this.#deps;
    const checked = checkImportedKey(entry, { actor, nowMs: now() });
    if ('problem' in checked) return { index, outcome: 'rejected', problem: checked.problem };
    const { record, hasOwnId } = checked;
    const { keyHash } = record;
    // Entries with the same hash are processed sequentially, in their order.
    for (let earlier = this.#inHand.get(keyHash); earlier !== undefined; earlier = this.#inHand.get(keyHash)) {
      await earlier;
    }
    const firstIndex = this.#taken.get(keyHash) ?? this.#skipped.get(keyHash);
    const work =
      firstIndex === undefined
        ? this.#takeFirst(record, hasOwnId, index)
        : this.#takeDuplicate(record, firstIndex, index);
    const end = (): void => void this.#inHand.delete(keyHash);
    this.#inHand.set(keyHash, work.then(end, end));
    return work;
  }

  async #takeFirst(record: KeyRecord, hasOwnId: boolean, index: number): Promise<ImportResult> {
    const { id, keyHash } = record;
    const put = hasOwnId ? await this.#putWithOwnId(record) : await this.#put(record);
    if (put === 'stored') {
      this.#taken.set(keyHash, index);
      return { index, outcome: 'imported', id };
    }
    // A record isn't written if its hash is already in the table. The id then doesn't have to be free.
    if (put === 'id taken' && (await this.#deps.store.read(keyHash)) === undefined) {
      return { index, outcome: 'rejected', problem: 'id: another key has it' };
    }
    this.#skipped.set(keyHash, index);
    return { index, outcome: 'skipped' };
  }

  async #put(record: KeyRecord): Promise<Put> {
    const { store, actor } = this.#deps;
    try {
      // `createdBy` may be an actor of the other system. Only the table's stream shows who imported the key.
      await store.put({ ...serialiseRecord(record), [ATTRIBUTE.importedBy]: actor });
      return 'stored';
    } catch (error) {
      if (!(error instanceof ConditionRefused)) throw error;
      const isOwn = error.wasSentAgain && (await store.read(record.keyHash))?.[ATTRIBUTE.id] === record.id;
      return isOwn ? 'stored' : 'there';
    }
  }

  /**
   * Puts a record if no other key has its id. You couldn't revoke one of two records with the same id. The index lags,
   * so this process caches its latest ids. It doesn't detect another process that imports the same id at the same
   * moment.
   */
  async #putWithOwnId(record: KeyRecord): Promise<Put> {
    const { id, keyHash } = record;
    for (let earlier = this.#ids.get(id); earlier !== undefined; earlier = this.#ids.get(id)) {
      if (await earlier) return 'id taken';
    }
    const work = (async () => {
      const hashes = await this.#deps.store.findHashes(id);
      return hashes.every((other) => other === keyHash) ? this.#put(record) : 'id taken';
    })();
    // An id isn't free any more once its key is stored.
    const isStored = work.then(
      (put) => put === 'stored' || this.#ids.delete(id),
      () => this.#ids.delete(id),
    );
    this.#ids.set(id, isStored);
    return work;
  }

  /**
   * Adds the restrictions of a duplicate entry to a key that this run stored. A key that was in the table before the
   * run stays unchanged.
   */
  async #takeDuplicate(record: KeyRecord, firstIndex: number, index: number): Promise<ImportResult> {
    const { store, actor, now } = this.#deps;
    for (let tries = 1; ; tries++) {
      const stored = isRestricted(record) ? await store.read(record.keyHash) : undefined;
      if (stored === undefined) return { index, outcome: 'skipped', firstIndex };
      const kept = readStored(stored);
      if (kept instanceof LatchkeyError) {
        const problem = `keyHash: entry ${firstIndex + 1} has it too, but ${kept.message}, so this entry's restrictions can't be added: repair the record and import the entry again`;
        return { index, outcome: 'rejected', problem };
      }
      const added = getAddedRestriction(kept, record);
      const names = Object.keys(added);
      if (names.length === 0) return { index, outcome: 'skipped', firstIndex };
      if (!this.#taken.has(record.keyHash)) {
        const problem = `keyHash: entry ${firstIndex + 1} has it too, and the table held that key before, without ${names.join(', ')}: end it there`;
        return { index, outcome: 'rejected', problem };
      }
      const change = restrictChange(kept, added, now());
      try {
        const expressions = updateExpressions(kept.id, change, authorOf(actor, now()));
        await store.update(record.keyHash, expressions, change.operation);
      } catch (error) {
        if (!(error instanceof ConditionRefused)) throw error;
        if (tries === MAX_TRIES) throw conflict(kept.id, 'was changed meanwhile: try again', error.cause);
      }
    }
  }
}

type Put = 'stored' | 'there' | 'id taken';

/** Maximum number of attempts if other writers keep changing the record. */
const MAX_TRIES = 5;

/** Returns the record, or the error if it's unreadable. One unreadable record must not stop the import. */
function readStored(item: Item): KeyRecord | LatchkeyError {
  try {
    return parseRecord(item);
  } catch (error) {
    if (error instanceof LatchkeyError && error.code === 'RECORD_CORRUPT') return error;
    throw error;
  }
}

function isRestricted(record: Restriction): boolean {
  return Object.keys(getAddedRestriction({}, record)).length > 0;
}

const RECENT_IDS = 10_000;

/** Id → whether its key was stored, for the last 10,000 to 20,000 ids. */
class RecentIds {
  #younger = new Map<string, Promise<boolean>>();
  #older = new Map<string, Promise<boolean>>();

  get(id: string): Promise<boolean> | undefined {
    return this.#younger.get(id) ?? this.#older.get(id);
  }

  set(id: string, isStored: Promise<boolean>): void {
    this.#younger.set(id, isStored);
    if (this.#younger.size < RECENT_IDS) return;
    this.#older = this.#younger;
    this.#younger = new Map();
  }

  /** Removes an id whose key wasn't stored. Returns `false`, which means that the key wasn't stored. */
  delete(id: string): false {
    this.#younger.delete(id);
    this.#older.delete(id);
    return false;
  }
}

/** The fields of a record that make the authorizer reject the key, now or from a later time. */
export type Restriction = Partial<
  Pick<KeyRecord, 'expiresAt' | 'disabledAt' | 'disabledBy' | 'revokedAt' | 'revokedBy' | 'revokedReason'>
>;

/**
 * Returns the restrictions that `other` has and `record` lacks: a revocation, a disabled state or an earlier expiry.
 * Both records belong to one key. The result makes `record` as restrictive as both records together.
 */
export function getAddedRestriction(record: Restriction, other: Restriction): Restriction {
  const { expiresAt, disabledAt, disabledBy, revokedAt, revokedBy, revokedReason } = other;
  const isRevoked = revokedAt !== undefined && record.revokedAt === undefined;
  const isDisabled = disabledAt !== undefined && record.disabledAt === undefined;
  const isEarlier = expiresAt !== undefined && (record.expiresAt === undefined || expiresAt < record.expiresAt);
  const added = {
    ...(isEarlier ? { expiresAt } : {}),
    ...(isDisabled ? { disabledAt, disabledBy } : {}),
    ...(isRevoked ? { revokedAt, revokedBy, revokedReason } : {}),
  };
  return Object.fromEntries(Object.entries(added).filter(([, value]) => value !== undefined));
}

/**
 * Creates the change that adds restrictions to a stored record. The write fails if the restricted fields have changed
 * since the read.
 */
function restrictChange(record: KeyRecord, added: Restriction, nowMs: number): Change {
  const end = added.revokedAt ?? (record.revokedAt === undefined ? added.expiresAt : undefined);
  return {
    operation: 'write',
    done: 'restricted',
    set: { ...added, ...(end === undefined ? {} : { purgeAfter: getPurgeAfter(Math.max(toEpochMs(end), nowMs)) }) },
    ...areUnchanged(
      [
        ...(record.revokedAt === undefined ? (['revokedAt'] as const) : []),
        ...(added.disabledAt === undefined ? [] : (['disabledAt'] as const)),
        ...(added.expiresAt === undefined ? [] : (['expiresAt'] as const)),
      ],
      record,
    ),
    isApplied: (stored) => Object.keys(getAddedRestriction(stored, added)).length === 0,
    refusal: () => undefined,
  };
}

import { conflict, updateExpressions } from './change.ts';
import { LatchkeyError } from './errors.ts';
import { checkImportedKey, type ImportedKey } from './importedKey.ts';
import { show } from './keyFields.ts';
import { parseRecord, serialiseRecord, type KeyRecord } from './record.ts';
import { ConditionRefused, type Item, type RegistryStore } from './registryStore.ts';
import { addedRestriction, restricting, type Restriction } from './restriction.ts';
import type { KeyHash } from './secret.ts';
import { ATTRIBUTE } from './table.ts';

/** What came of one entry. */
export type ImportResult = {
  /** Of the entry, counted from 0. */
  readonly index: number;
} & (
  | { readonly outcome: 'taken'; readonly id: string; readonly problem?: never }
  | {
      readonly outcome: 'skipped';
      /**
       * The index of the earlier entry with this hash, if there is one. Its record is kept, and what this entry has against the
       * key (a revocation, a disabling, an earlier expiry) is added to it. Absent if the table held the hash before; the table
       * then keeps what it has.
       */
      readonly firstIndex?: number;
      readonly id?: never;
      readonly problem?: never;
    }
  | { readonly outcome: 'rejected'; readonly id?: never; readonly problem: string }
);

/** How an import goes. */
export interface ImportOptions {
  /**
   * How many entries are in hand at once, from 1 to 100.
   *
   * @default 16
   */
  readonly concurrency?: number | undefined;
}

export interface ImportDeps {
  readonly store: RegistryStore;
  readonly actor: string;
  readonly now: () => number;
}

const MAX_CONCURRENCY = 100;

/** @throws LatchkeyError `INPUT_INVALID` */
export function checkConcurrency({ concurrency = 16 }: ImportOptions): number {
  if (Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= MAX_CONCURRENCY) return concurrency;
  const wanted = `a whole number from 1 to ${MAX_CONCURRENCY}`;
  throw new LatchkeyError('INPUT_INVALID', `concurrency: got ${show(concurrency)}, wanted ${wanted}`);
}

/**
 * Puts each entry that the table lacks, a few at once, and tells what came of it in the order of the entries. Of entries with
 * one hash the first is kept, with the restrictions of all. Entries are read as they are wanted; only their hashes are kept,
 * about 130 bytes for each. Where the reader stops, what is in hand is finished first; where reading or the store fails, what is in hand is told before the failure.
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
        inHand.push(settle(importer.take(entry, index++)));
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

function settle(work: Promise<ImportResult>): Promise<Settled> {
  return work.then(
    (result) => ({ result }),
    (failure: unknown) => ({ failure }),
  );
}

class Importer {
  readonly #deps: ImportDeps;
  readonly #ids = new RecentIds();
  /** The last entry of a hash that is under way. */
  readonly #inHand = new Map<KeyHash, Promise<void>>();
  /** The index of the entry that each hash came with first: of those put by this run, and of those there before it. */
  readonly #taken = new Map<KeyHash, number>();
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
    // Entries of one hash take turns, in their order.
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
      return { index, outcome: 'taken', id };
    }
    // That another key has the id does not matter if nothing would be written.
    if (put === 'id taken' && (await this.#deps.store.read(keyHash)) === undefined) {
      return { index, outcome: 'rejected', problem: 'id: another key has it' };
    }
    this.#skipped.set(keyHash, index);
    return { index, outcome: 'skipped' };
  }

  async #put(record: KeyRecord): Promise<Put> {
    const { store } = this.#deps;
    try {
      await store.put(serialiseRecord(record));
      return 'stored';
    } catch (error) {
      if (!(error instanceof ConditionRefused)) throw error;
      const isOwn = error.wasSentAgain && (await store.read(record.keyHash))?.[ATTRIBUTE.id] === record.id;
      return isOwn ? 'stored' : 'there';
    }
  }

  /**
   * Two records of one id could no longer be told apart, not even to be revoked. The index lags, so that of what came just
   * before this process keeps its own note; another one that imports the same id in that moment is not seen.
   */
  async #putWithOwnId(record: KeyRecord): Promise<Put> {
    const { id, keyHash } = record;
    for (let earlier = this.#ids.get(id); earlier !== undefined; earlier = this.#ids.get(id)) {
      if (await earlier) return 'id taken';
    }
    const work = (async () => {
      const hashes = await this.#deps.store.hashesOf(id);
      return hashes.every((other) => other === keyHash) ? this.#put(record) : 'id taken';
    })();
    // An id counts once its key is stored.
    const isStored = work.then(
      (put) => put === 'stored' || this.#ids.delete(id),
      () => this.#ids.delete(id),
    );
    this.#ids.set(id, isStored);
    return work;
  }

  /** Puts the restrictions of a later entry on a key that this run stored. One that was there before stays as it is. */
  async #takeDuplicate(record: KeyRecord, firstIndex: number, index: number): Promise<ImportResult> {
    const { store, now } = this.#deps;
    for (let tries = 1; ; tries++) {
      const stored = isRestricted(record) ? await store.read(record.keyHash) : undefined;
      if (stored === undefined) return { index, outcome: 'skipped', firstIndex };
      const kept = readStored(stored);
      if (kept instanceof LatchkeyError) {
        const problem = `keyHash: entry ${firstIndex + 1} has it too, but ${kept.message}, so this entry's restrictions can't be added: repair the record and import the entry again`;
        return { index, outcome: 'rejected', problem };
      }
      const added = addedRestriction(kept, record);
      const names = Object.keys(added);
      if (names.length === 0) return { index, outcome: 'skipped', firstIndex };
      if (!this.#taken.has(record.keyHash)) {
        const problem = `keyHash: entry ${firstIndex + 1} has it too, and the table held that key before, without ${names.join(', ')}: end it there`;
        return { index, outcome: 'rejected', problem };
      }
      const change = restricting(kept, added, now());
      try {
        await store.update(record.keyHash, updateExpressions(kept.id, change), change.operation);
      } catch (error) {
        if (!(error instanceof ConditionRefused)) throw error;
        if (tries === MAX_TRIES) throw conflict(kept.id, 'was changed meanwhile: try again', error.cause);
      }
    }
  }
}

type Put = 'stored' | 'there' | 'id taken';

/** Of a record whose state others change all the time. */
const MAX_TRIES = 5;

/** Returns the record, or why it is unreadable: one bad record must not end every run of an import. */
function readStored(item: Item): KeyRecord | LatchkeyError {
  try {
    return parseRecord(item);
  } catch (error) {
    if (error instanceof LatchkeyError && error.code === 'RECORD_CORRUPT') return error;
    throw error;
  }
}

function isRestricted(record: Restriction): boolean {
  return Object.keys(addedRestriction({}, record)).length > 0;
}

const RECENT_IDS = 10_000;

/** Whether the keys of the last ids were stored, of 10,000 ids or some more. */
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

  /** Always false, for its key is not stored. */
  delete(id: string): false {
    this.#younger.delete(id);
    this.#older.delete(id);
    return false;
  }
}

import { LatchkeyError } from './errors.ts';
import { checkImportedKey, type ImportedKey } from './importedKey.ts';
import { serialiseRecord } from './record.ts';
import { ConditionRefused, type RegistryStore } from './registryStore.ts';
import type { KeyHash } from './secret.ts';
import { ATTRIBUTE } from './table.ts';

/** What came of one entry. */
export type ImportResult = {
  /** Of the entry, counted from 0. */
  readonly index: number;
} & (
  | { readonly outcome: 'taken'; readonly id: string; readonly problem?: never }
  /** The table holds the hash already, and keeps what it has. */
  | { readonly outcome: 'skipped'; readonly id?: never; readonly problem?: never }
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
  throw new LatchkeyError('INPUT_INVALID', `concurrency: got ${String(concurrency)}, wanted ${wanted}`);
}

/**
 * Puts each entry that the table lacks, a few at once, and tells what came of it in the order of the entries. Entries are
 * read as they are wanted, so that any number of them takes the same memory. Where the reader stops, what is in hand is
 * finished first; where reading or the store fails, what is in hand is told before the failure.
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
  readonly #recent = new RecentIds();

  constructor(deps: ImportDeps) {
    this.#deps = deps;
  }

  async take(entry: ImportedKey, index: number): Promise<ImportResult> {
    const { store, actor, now } = this.#deps;
    const checked = checkImportedKey(entry, { actor, nowMs: now() });
    if ('problem' in checked) return { index, outcome: 'rejected', problem: checked.problem };
    const { record, hasOwnId } = checked;
    if (hasOwnId && (await this.#isTaken(record.id, record.keyHash))) {
      return { index, outcome: 'rejected', problem: 'id: another key has it' };
    }
    try {
      await store.put(serialiseRecord(record));
    } catch (error) {
      if (!(error instanceof ConditionRefused)) throw error;
      const isOwn = error.wasSentAgain && (await store.read(record.keyHash))?.[ATTRIBUTE.id] === record.id;
      if (!isOwn) return { index, outcome: 'skipped' };
    }
    return { index, outcome: 'taken', id: record.id };
  }

  /**
   * Two records of one id could no longer be told apart, not even to be revoked. The index lags, so that of what came just
   * before this process keeps its own note; another one that imports the same id in that moment is not seen.
   */
  async #isTaken(id: string, keyHash: KeyHash): Promise<boolean> {
    const holder = this.#recent.holderOf(id, keyHash);
    if (holder !== keyHash) return true;
    const stored = await this.#deps.store.hashesOf(id);
    return stored.some((other) => other !== keyHash);
  }
}

const RECENT_IDS = 10_000;

/** Which hash the last ids came with, 10,000 of them or some more. */
class RecentIds {
  #younger = new Map<string, KeyHash>();
  #older = new Map<string, KeyHash>();

  /** The hash that the id came with first. */
  holderOf(id: string, keyHash: KeyHash): KeyHash {
    const holder = this.#younger.get(id) ?? this.#older.get(id) ?? keyHash;
    this.#younger.set(id, holder);
    if (this.#younger.size >= RECENT_IDS) {
      this.#older = this.#younger;
      this.#younger = new Map();
    }
    return holder;
  }
}

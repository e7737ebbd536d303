import type { KeyLookup, UseOutcome } from '../../keys/lookup.ts';
import type { KeyRecord } from '../../keys/record.ts';
import type { KeyHash } from '../../keys/secret.ts';
import { toEpochMs, toTimestamp } from '../../keys/timestamp.ts';

export interface CountingTableOptions {
  /** How long a request to the table is under way; the table reads or writes in the middle of it. */
  readonly readMs: number;
  readonly writeMs: number;
  /** Resolves when so much time has passed. */
  readonly wait: (ms: number) => Promise<void>;
}

/** A table in memory that answers after a while, and counts what is asked of it as it would be billed. */
export class CountingTable implements Pick<KeyLookup, 'find' | 'recordUse'> {
  readonly #options: CountingTableOptions;
  readonly #records: Map<KeyHash, KeyRecord>;
  /** Reads of an item that is there or not: each is half a read unit. */
  reads = 0;
  /** By hash, the `lastUsedAt` of each write that was made, in epoch milliseconds. */
  readonly committed = new Map<KeyHash, number[]>();
  /** Writes that their condition refused: each is a write unit all the same. */
  refused = 0;

  constructor(records: readonly KeyRecord[], options: CountingTableOptions) {
    this.#options = options;
    this.#records = new Map(records.map((record) => [record.keyHash, record]));
  }

  async find(keyHash: KeyHash): Promise<KeyRecord | undefined> {
    this.reads++;
    return this.#midway(this.#options.readMs, () => this.#records.get(keyHash));
  }

  async recordUse(keyHash: KeyHash, usedAtMs: number, cutoffMs: number): Promise<UseOutcome> {
    return this.#midway(this.#options.writeMs, () => this.#write(keyHash, usedAtMs, cutoffMs));
  }

  /** The condition of `KeyLookup.recordUse`; a test holds it to `MemoryLookup`, which the stores' contract suite holds. */
  #write(keyHash: KeyHash, usedAtMs: number, cutoffMs: number): UseOutcome {
    const record = this.#records.get(keyHash);
    if (record === undefined || (record.lastUsedAt !== undefined && toEpochMs(record.lastUsedAt) > cutoffMs)) {
      this.refused++;
      return 'superseded';
    }
    this.#records.set(keyHash, { ...record, lastUsedAt: toTimestamp(usedAtMs) });
    const committed = this.committed.get(keyHash);
    if (committed === undefined) this.committed.set(keyHash, [usedAtMs]);
    else committed.push(usedAtMs);
    return 'written';
  }

  async #midway<T>(ms: number, act: () => T): Promise<T> {
    await this.#options.wait(ms / 2);
    const result = act();
    await this.#options.wait(ms / 2);
    return result;
  }
}

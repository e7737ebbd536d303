import { LatchkeyError } from '../keys/errors.ts';
import type { KeyReader, UseOutcome } from '../keys/reader.ts';
import type { KeyRecord } from '../keys/record.ts';
import { lastUsedMs } from '../keys/state.ts';
import type { KeyHash } from '../keys/secret.ts';
import { toTimestamp } from '../keys/timestamp.ts';

/** An in-memory table with the same results as `KeyReader`. The store's contract tests check both. */
export class MemoryLookup implements Pick<KeyReader, 'get' | 'recordUse'> {
  /** The records by hash. */
  readonly records = new Map<KeyHash, KeyRecord>();
  /** Number of reads, including those that failed. */
  reads = 0;
  /** Number of last-used writes, including those that failed or were superseded. */
  writes = 0;
  /** Set it to `true` to make every call fail with `STORE_UNAVAILABLE`. */
  isDown = false;

  constructor(...records: KeyRecord[]) {
    this.put(...records);
  }

  /** Stores records. A record replaces the one with the same hash. */
  put(...records: KeyRecord[]): void {
    for (const record of records) this.records.set(record.keyHash, record);
  }

  async get(keyHash: KeyHash): Promise<KeyRecord | undefined> {
    this.reads++;
    await this.#network();
    return this.records.get(keyHash);
  }

  async recordUse(keyHash: KeyHash, usedAtMs: number, cutoffMs: number): Promise<UseOutcome> {
    this.writes++;
    await this.#network();
    const record = this.records.get(keyHash);
    if (record === undefined || lastUsedMs(record, usedAtMs) > cutoffMs) return 'superseded';
    this.put({ ...record, lastUsedAt: toTimestamp(usedAtMs) });
    return 'written';
  }

  async #network(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.isDown) throw new LatchkeyError('STORE_UNAVAILABLE', 'the table is down', { cause: new Error('down') });
  }
}

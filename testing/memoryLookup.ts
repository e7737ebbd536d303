import { LatchkeyError } from '../keys/errors.ts';
import type { KeyReader, UseOutcome } from '../keys/reader.ts';
import type { KeyRecord } from '../keys/record.ts';
import { lastUsedMs } from '../keys/state.ts';
import type { KeyHash } from '../keys/secret.ts';
import { toTimestamp } from '../keys/timestamp.ts';

/** The read side of the store without a table: same answers as `KeyReader`, which the store's contract suite shows. */
export class MemoryLookup implements Pick<KeyReader, 'get' | 'recordUse'> {
  /** What the table holds, by hash. */
  readonly records = new Map<KeyHash, KeyRecord>();
  /** Every attempt, also one that fails. */
  reads = 0;
  /** Every attempt, also one that fails or is refused. */
  writes = 0;
  /** While true every call fails as an unreachable table does. */
  isDown = false;

  constructor(...records: KeyRecord[]) {
    this.put(...records);
  }

  /** Puts records in, in place of those of the same hash. */
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

import type { KeyRecord } from '../keys/record.ts';

/**
 * A record as it leaves the command line: all but the hash. The hash opens nothing, but it is what the table is keyed by
 * and what a key's id is there to stand in for: output ends up in logs, and a record there need not carry it. An export does,
 * for it is of no use without, and so does the cursor of a list, which is the last hash of the page in base64url.
 */
export type PublicRecord = Omit<KeyRecord, 'keyHash'>;

/** The record without its hash. An optional field that is absent stays absent. */
export function publicRecord(record: KeyRecord): PublicRecord {
  const { keyHash: _, ...shown } = record;
  return shown;
}

/** What a command about one key prints for programs. */
export function recordJson(record: KeyRecord): string {
  return JSON.stringify({ record: publicRecord(record) });
}

import { publicRecord, type KeyRecord } from '../keys/record.ts';

export { publicRecord, type PublicRecord } from '../keys/record.ts';

/** What a command about one key prints for programs. */
export function recordJson(record: KeyRecord): string {
  return JSON.stringify({ record: publicRecord(record) });
}

import type { ConsoleKey } from '../server/keyRoutes.ts';
import type { KeyPage } from './api.ts';

export type KeysById = ReadonlyMap<string, ConsoleKey>;

/** What a load of all keys works with. */
export interface KeyLoad {
  readonly read: (cursor: string | null) => Promise<KeyPage>;
  /** Whether more is known of a key than a page may tell: it was read by itself or changed here, since or a moment before. */
  readonly isNewer: (id: string) => boolean;
  /** Changes the keys that there are. */
  readonly change: (change: (byId: KeysById) => KeysById) => void;
}

/**
 * Reads every page; a line for each record that could not be read. What was there stays in sight until the last page has come;
 * then what is gone from the table goes.
 */
export async function loadKeys({ read, isNewer, change }: KeyLoad): Promise<readonly string[]> {
  const seen = new Set<string>();
  const corrupt: string[] = [];
  let cursor: string | null = null;
  do {
    const page: KeyPage = await read(cursor);
    for (const { id } of page.records) seen.add(id);
    corrupt.push(...page.corrupt);
    change((byId) =>
      withRecords(
        byId,
        page.records.filter(({ id }) => !byId.has(id) || !isNewer(id)),
      ),
    );
    cursor = page.cursor;
  } while (cursor !== null);
  change((byId) => new Map([...byId].filter(([id]) => seen.has(id) || isNewer(id))));
  return corrupt;
}

/** The keys with these records in place of what was known of them. */
export function withRecords(byId: KeysById, records: readonly ConsoleKey[]): KeysById {
  return new Map([...byId, ...records.map((record) => [record.id, record] as const)]);
}

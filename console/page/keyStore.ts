import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ConsoleKey } from './consoleKey.ts';
import { api, ApiError, type KeyPage } from './api.ts';

/** The loaded keys of the table, and the functions that change them. */
export interface KeyStore {
  readonly keys: readonly ConsoleKey[];
  readonly byId: KeysById;
  /** One line for each record that couldn't be read. */
  readonly corrupt: readonly string[];
  readonly isLoading: boolean;
  readonly error: ApiError | undefined;
  /** Stores records from the server's responses. */
  readonly put: (...records: readonly ConsoleKey[]) => void;
  /** Removes a key that a read didn't find, and returns true. Keeps a key that was recently written or read. */
  readonly drop: (id: string) => boolean;
  /** Loads all keys again, unless a load is already running. */
  readonly reload: () => void;
}

/**
 * Maximum lag of the list and the index `byId` after a write, in milliseconds. DynamoDB doesn't guarantee a maximum.
 * The usual lag is a second.
 */
const INDEX_LAG_MS = 10_000;
const NO_KEYS: KeysById = new Map();

/**
 * Loads all pages of keys. The page shows the first ones while the others load.
 *
 * @param firstPage - the first page of the first load, if it was already requested
 */
export function useKeyStore(firstPage?: Promise<KeyPage>): KeyStore {
  const [byId, setById] = useState(NO_KEYS);
  const [corrupt, setCorrupt] = useState<readonly string[]>([]);
  const [isLoading, setLoading] = useState(true);
  const [error, setError] = useState<ApiError>();
  const isReloading = useRef(false);
  const prefetched = useRef(firstPage);
  /** Time of the server's last response for each single key, by id. */
  const answered = useRef(new Map<string, number>());
  const isAnsweredSince = (id: string, ms: number) => (answered.current.get(id) ?? -Infinity) >= ms;

  const put = useCallback((...records: readonly ConsoleKey[]) => {
    for (const { id } of records) answered.current.set(id, performance.now());
    // Every read of the open key would otherwise sort all keys again.
    setById((before) => {
      const isChanged = (record: ConsoleKey) => JSON.stringify(record) !== JSON.stringify(before.get(record.id));
      return records.some(isChanged) ? withRecords(before, records) : before;
    });
  }, []);
  const drop = useCallback((id: string) => {
    if (isAnsweredSince(id, performance.now() - INDEX_LAG_MS)) return false;
    setById((before) => new Map([...before].filter(([other]) => other !== id)));
    return true;
  }, []);
  const reload = useCallback(() => {
    if (isReloading.current) return;
    isReloading.current = true;
    const sinceMs = performance.now() - INDEX_LAG_MS;
    setLoading(true);
    setError(undefined);
    const first = prefetched.current;
    prefetched.current = undefined;
    const read = (cursor: string | null) => (cursor === null && first !== undefined ? first : api.page(cursor));
    void loadKeys({ read, isNewer: (id) => isAnsweredSince(id, sinceMs), change: setById })
      .then(setCorrupt)
      .catch((failure: unknown) => {
        setError(failure instanceof ApiError ? failure : new ApiError('INTERNAL_ERROR', String(failure)));
      })
      .finally(() => {
        isReloading.current = false;
        setLoading(false);
      });
  }, []);
  useEffect(reload, []);
  const keys = useMemo(() => [...byId.values()], [byId]);
  return { keys, byId, corrupt, isLoading, error, put, drop, reload };
}

/** The loaded keys by their ids. */
export type KeysById = ReadonlyMap<string, ConsoleKey>;

/** The dependencies of `loadKeys`. */
export interface KeyLoad {
  readonly read: (cursor: string | null) => Promise<KeyPage>;
  /**
   * Returns whether the stored key may be newer than the page. It is newer if it was read or changed during the load or
   * just before.
   */
  readonly isNewer: (id: string) => boolean;
  /** Changes the stored keys. */
  readonly change: (change: (byId: KeysById) => KeysById) => void;
}

/**
 * Reads all pages of keys. Deleted keys stay until the last page has arrived.
 *
 * @returns one line for each record that couldn't be read
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

/** Returns the keys with these records added or replaced. */
export function withRecords(byId: KeysById, records: readonly ConsoleKey[]): KeysById {
  return new Map([...byId, ...records.map((record) => [record.id, record] as const)]);
}

import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import { api, ApiError, type KeyPage } from './api.ts';

/** The keys of the table, as far as they are loaded, and what changes them here. */
export interface KeyStore {
  readonly keys: readonly ConsoleKey[];
  readonly byId: KeysById;
  /** A line for each record that could not be read. */
  readonly corrupt: readonly string[];
  readonly isLoading: boolean;
  readonly error: ApiError | undefined;
  /** Takes over records as the server answered them. */
  readonly put: (...records: readonly ConsoleKey[]) => void;
  /** Lets go of a key that a read did not find, and returns whether it did: of a new one that tells nothing yet. */
  readonly drop: (id: string) => boolean;
  /** Loads all keys anew, unless they are being loaded. */
  readonly reload: () => void;
}

/** How far a list, and the index that ids are found by, may be behind a write. DynamoDB promises no time: mostly a second. */
const SETTLE_MS = 10_000;
const NOTHING: KeysById = new Map();

/** Loads every page of keys; the first is shown while the others are on their way. */
export function useKeyStore(): KeyStore {
  const [byId, setById] = useState(NOTHING);
  const [corrupt, setCorrupt] = useState<readonly string[]>([]);
  const [isLoading, setLoading] = useState(true);
  const [error, setError] = useState<ApiError>();
  const isUnderWay = useRef(false);
  /** When what is known of a key was last answered of it alone, by its id. */
  const answered = useRef(new Map<string, number>());
  const isAnsweredSince = (id: string, ms: number) => (answered.current.get(id) ?? -Infinity) >= ms;

  const put = useCallback((...records: readonly ConsoleKey[]) => {
    for (const { id } of records) answered.current.set(id, performance.now());
    // What is as it was is no reason to sort all keys anew.
    setById((before) => {
      const isNews = (record: ConsoleKey) => JSON.stringify(record) !== JSON.stringify(before.get(record.id));
      return records.some(isNews) ? withRecords(before, records) : before;
    });
  }, []);
  const drop = useCallback((id: string) => {
    if (isAnsweredSince(id, performance.now() - SETTLE_MS)) return false;
    setById((before) => new Map([...before].filter(([other]) => other !== id)));
    return true;
  }, []);
  const reload = useCallback(() => {
    if (isUnderWay.current) return;
    isUnderWay.current = true;
    const sinceMs = performance.now() - SETTLE_MS;
    setLoading(true);
    setError(undefined);
    void loadKeys({ read: api.page, isNewer: (id) => isAnsweredSince(id, sinceMs), change: setById })
      .then(setCorrupt)
      .catch((failure: unknown) => {
        setError(failure instanceof ApiError ? failure : new ApiError('INTERNAL_ERROR', String(failure)));
      })
      .finally(() => {
        isUnderWay.current = false;
        setLoading(false);
      });
  }, []);
  useEffect(reload, []);
  const keys = useMemo(() => [...byId.values()], [byId]);
  return { keys, byId, corrupt, isLoading, error, put, drop, reload };
}

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

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import { api, ApiError } from './api.ts';

/** The keys of the table, as far as they are loaded, and what changes them here. */
export interface KeyStore {
  readonly keys: readonly ConsoleKey[];
  readonly byId: ReadonlyMap<string, ConsoleKey>;
  /** A line for each record that could not be read. */
  readonly corrupt: readonly string[];
  readonly isLoading: boolean;
  readonly error: ApiError | undefined;
  /** Takes over records as the server answered them. */
  readonly put: (...records: readonly ConsoleKey[]) => void;
  readonly reload: () => void;
}

interface Loaded {
  readonly byId: ReadonlyMap<string, ConsoleKey>;
  readonly keys: readonly ConsoleKey[];
}

const NOTHING: Loaded = { byId: new Map(), keys: [] };

/** Loads every page of keys; the first is shown while the others are on their way. */
export function useKeyStore(): KeyStore {
  const [loaded, setLoaded] = useState<Loaded>(NOTHING);
  const [corrupt, setCorrupt] = useState<readonly string[]>([]);
  const [isLoading, setLoading] = useState(true);
  const [error, setError] = useState<ApiError>();
  /** Of two loads at once, the later counts. */
  const load = useRef(0);

  const put = useCallback((...records: readonly ConsoleKey[]) => {
    // What is as it was is no reason to sort all keys anew.
    setLoaded((before) => {
      const isNews = (record: ConsoleKey) => JSON.stringify(record) !== JSON.stringify(before.byId.get(record.id));
      return records.some(isNews) ? withRecords(before.byId, records) : before;
    });
  }, []);
  const reload = useCallback(() => {
    const own = ++load.current;
    const isCurrent = () => load.current === own;
    setLoading(true);
    setError(undefined);
    void loadAll({ isCurrent, setLoaded, setCorrupt })
      .catch((failure: unknown) => {
        if (isCurrent())
          setError(failure instanceof ApiError ? failure : new ApiError('INTERNAL_ERROR', String(failure)));
      })
      .finally(() => {
        if (isCurrent()) setLoading(false);
      });
  }, []);
  useEffect(reload, []);
  return { ...loaded, corrupt, isLoading, error, put, reload };
}

interface Load {
  readonly isCurrent: () => boolean;
  readonly setLoaded: (change: (before: Loaded) => Loaded) => void;
  readonly setCorrupt: (lines: readonly string[]) => void;
}

/** What was there stays in sight until the last page has come; then what is gone from the table goes. */
async function loadAll({ isCurrent, setLoaded, setCorrupt }: Load): Promise<void> {
  const seen = new Set<string>();
  const corrupt: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await api.page(cursor);
    if (!isCurrent()) return;
    for (const { id } of page.records) seen.add(id);
    corrupt.push(...page.corrupt);
    setLoaded(({ byId }) => withRecords(byId, page.records));
    cursor = page.cursor;
  } while (cursor !== null);
  setCorrupt(corrupt);
  setLoaded(({ byId }) => loadedOf(new Map([...byId].filter(([id]) => seen.has(id)))));
}

function withRecords(byId: ReadonlyMap<string, ConsoleKey>, records: readonly ConsoleKey[]): Loaded {
  return loadedOf(new Map([...byId, ...records.map((record) => [record.id, record] as const)]));
}

function loadedOf(byId: ReadonlyMap<string, ConsoleKey>): Loaded {
  return { byId, keys: [...byId.values()] };
}

import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ConsoleKey } from '../server/keyRoutes.ts';
import { api, ApiError } from './api.ts';
import { loadKeys, withRecords, type KeysById } from './keyLoad.ts';

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

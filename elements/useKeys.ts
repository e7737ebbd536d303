import { useCallback, useEffect, useReducer, useRef } from 'preact/hooks';
import { whileVisible } from '../components/whileVisible.ts';
import type { KeysClient } from './keysClient.ts';
import { type KeysState, nextState, NOT_LOADED } from './keysState.ts';
import type { OwnedKey, OwnedKeyPage } from './ownedKey.ts';

/** The keys of an owner, and the functions that change them. */
export interface KeyStore {
  readonly state: KeysState;
  /** Stores records from the server's responses. */
  readonly put: (...records: readonly OwnedKey[]) => void;
  /** Loads the keys again. */
  readonly reload: () => void;
}

const EVERY_MS = 60_000;

/** Loads the keys now, every minute while the page is visible, and when the browser is online again. */
export function useKeys(client: KeysClient): KeyStore {
  const [state, dispatch] = useReducer(nextState, NOT_LOADED);
  /** The client of the newest load. A response to an older one is of another owner or of an older moment. */
  const newest = useRef(0);
  const reload = useCallback(() => {
    const load = ++newest.current;
    const sinceMs = performance.now();
    Promise.all([client.describe(), listAll(client)]).then(
      ([access, keys]) => load === newest.current && dispatch({ kind: 'loaded', access, keys, sinceMs }),
      (failure: Error) => load === newest.current && dispatch({ kind: 'failed', failure }),
    );
  }, [client]);
  const put = useCallback(
    (...records: readonly OwnedKey[]) => dispatch({ kind: 'written', records, atMs: performance.now() }),
    [],
  );
  useEffect(() => {
    dispatch({ kind: 'reset' });
    const stop = whileVisible(reload, EVERY_MS);
    addEventListener('online', reload);
    return () => {
      newest.current++;
      stop();
      removeEventListener('online', reload);
    };
  }, [reload]);
  return { state, put, reload };
}

async function listAll(client: KeysClient): Promise<readonly OwnedKey[]> {
  const keys: OwnedKey[] = [];
  let cursor: string | null = null;
  do {
    const page: OwnedKeyPage = await client.list(cursor);
    keys.push(...page.records);
    cursor = page.cursor;
  } while (cursor !== null);
  return keys;
}

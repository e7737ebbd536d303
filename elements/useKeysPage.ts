import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import type { KeysClient } from './keysClient.ts';
import { type KeysLanguage, toKeysLanguage } from './keysLanguage.ts';
import type { LatchkeyKeysEventMap } from './latchkeyKeysElement.ts';

/** Dispatches an event of the element. */
export type Emit = <Name extends keyof LatchkeyKeysEventMap>(
  name: Name,
  detail: LatchkeyKeysEventMap[Name]['detail'],
) => void;

/** What all components of the element share. */
export interface KeysPage {
  readonly client: KeysClient;
  readonly language: KeysLanguage;
  readonly emit: Emit;
}

/** The page of the components inside. The element provides it. */
export const KeysPageContext = createContext<KeysPage>({
  client: undefined as never,
  language: toKeysLanguage('en', undefined),
  emit: () => {},
});

/** Returns the client, the language and the events of the element. */
export function useKeysPage(): KeysPage {
  return useContext(KeysPageContext);
}

const TICK_MS = 30_000;

/** Returns the current time in epoch milliseconds, and renders again every 30 seconds. */
export function useNow(): number {
  const [, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((tick) => tick + 1), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return Date.now();
}

/** Returns whether the browser believes that it has a connection. */
export function useOnline(): boolean {
  const [isOnline, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const update = () => setOnline(navigator.onLine);
    addEventListener('online', update);
    addEventListener('offline', update);
    return () => {
      removeEventListener('online', update);
      removeEventListener('offline', update);
    };
  }, []);
  return isOnline;
}

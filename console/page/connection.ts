import { useEffect, useRef, useState } from 'preact/hooks';

/**
 * The state of the connection to the console's server. `ended` means that the server doesn't know this browser's
 * session, usually because it was restarted.
 */
export type ConnectionState = 'connected' | 'disconnected' | 'ended';

/** Keeps the state of the connection, and calls its listeners after each change. */
export class Connection {
  #state: ConnectionState = 'connected';
  readonly #listeners = new Set<(state: ConnectionState) => void>();

  get state(): ConnectionState {
    return this.#state;
  }

  /** Stores the state that a request found. */
  report(state: ConnectionState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listen of this.#listeners) listen(state);
  }

  /** Adds a listener, and returns a function that removes it. */
  listen(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The page's connection. Every request reports to it. */
export const connection = new Connection();

const CHECK_MS = 15_000;
const RETRY_MS = 3000;

/** The dependencies of `useConnection`. */
export interface ConnectionDeps {
  /** Sends a cheap request. It reports its outcome to `connection`. */
  readonly check: () => Promise<unknown>;
  /** Runs after the server has responded again. */
  readonly onHealed: () => void;
}

/**
 * Returns the state of the connection, and a function that checks it now. Checks it every 15 seconds, and every 3 seconds
 * while it is disconnected, but not in a hidden tab.
 */
export function useConnection({ check, onHealed }: ConnectionDeps): readonly [ConnectionState, retry: () => void] {
  const [state, setState] = useState(connection.state);
  const heal = useRef(onHealed);
  heal.current = onHealed;
  const retry = () => void check().catch(() => {});
  useEffect(() => {
    let before = connection.state;
    return connection.listen((now) => {
      setState(now);
      if (before === 'disconnected' && now === 'connected') heal.current();
      before = now;
    });
  }, []);
  useEffect(() => {
    if (state === 'ended') return undefined;
    const checkIfVisible = () => {
      if (!document.hidden) retry();
    };
    const timer = setInterval(checkIfVisible, state === 'connected' ? CHECK_MS : RETRY_MS);
    addEventListener('online', checkIfVisible);
    document.addEventListener('visibilitychange', checkIfVisible);
    return () => {
      clearInterval(timer);
      removeEventListener('online', checkIfVisible);
      document.removeEventListener('visibilitychange', checkIfVisible);
    };
  }, [state]);
  return [state, retry];
}

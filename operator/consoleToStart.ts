import type { KeyRegistry } from '../keys/registry.ts';
import type { TableLocation } from './findTable.ts';

/** The settings of a console. */
export interface ConsoleToStart {
  readonly registry: KeyRegistry;
  readonly location: TableLocation;
  /** The actor to record for changes. */
  readonly actor: string;
  readonly isReadOnly: boolean;
  /** The prefix of every new key. Absent if the page offers the deployment's prefixes. */
  readonly prefix?: string | undefined;
  /** The command that starts this console again. The page shows it after its session has ended. */
  readonly command: string;
  /** The port on 127.0.0.1. The system chooses a free port if it's 0. */
  readonly port: number;
  /** The command-line option of the port, for errors. The default is `--port`. */
  readonly portOption?: string;
  /** Returns the current time in epoch milliseconds. The default is `Date.now`. */
  readonly now?: () => number;
  /** Prints one line for the operator. */
  readonly note: (line: string) => void;
}

export interface RunningConsole {
  /** The URL of the page. It opens the console once, in one browser. */
  readonly url: string;
  /**
   * Returns another URL that opens the console once. It replaces an older URL that wasn't opened. The browser that opens
   * it replaces the browser that uses the console.
   */
  readonly newUrl: () => string;
  /**
   * Stops the server. The promise resolves once all requests have been answered or have timed out, and all connections
   * are closed.
   */
  readonly stop: () => Promise<void>;
}

import type { KeyRegistry } from '../keys/registry.ts';
import type { TableLocation } from './findTable.ts';

/** The settings of a console. */
export interface ConsoleToStart {
  readonly registry: KeyRegistry;
  readonly location: TableLocation;
  /** The actor that changes are recorded for. */
  readonly actor: string;
  readonly isReadOnly: boolean;
  /** The port on 127.0.0.1; 0 chooses a free one. */
  readonly port: number;
  /** Prints one line for the operator. */
  readonly note: (line: string) => void;
}

export interface RunningConsole {
  /** The address of the page. It opens the console in one browser, once. */
  readonly url: string;
  /** Stops the server. Resolves once all requests are answered or have timed out, and every connection is closed. */
  readonly stop: () => Promise<void>;
}

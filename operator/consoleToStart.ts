import type { KeyRegistry } from '../keys/registry.ts';
import type { TableLocation } from './findTable.ts';

/** What a console is started with. */
export interface ConsoleToStart {
  readonly registry: KeyRegistry;
  readonly location: TableLocation;
  /** Who acts. */
  readonly actor: string;
  readonly isReadOnly: boolean;
  /** 0 takes a free one. */
  readonly port: number;
  /** Takes a line for who started it. */
  readonly note: (line: string) => void;
}

export interface RunningConsole {
  /** To be opened in a browser, once. */
  readonly url: string;
  /** Resolves when all that was asked is answered, or has taken too long, and nothing is open any more. */
  readonly stop: () => Promise<void>;
}

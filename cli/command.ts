import type { Readable } from 'node:stream';
import type { ConsoleToStart, RunningConsole } from '../operator/consoleToStart.ts';
import type { Output } from './output.ts';
import type { Interruption } from './signals.ts';
import type { RegistryDeps } from './withRegistry.ts';

export interface ConfirmDeps {
  readonly output: Output;
  readonly stdin: Readable & { readonly isTTY?: boolean };
}

/** What `main.ts` hands to every command. */
export interface CommandDeps extends RegistryDeps, ConfirmDeps {
  readonly interruption: Interruption;
  /** The console's server stands above the command line, which therefore is given it. */
  readonly startConsole: (console: ConsoleToStart) => Promise<RunningConsole>;
  /** Opens a URL in the user's browser. */
  readonly openUrl: (url: string) => void;
}

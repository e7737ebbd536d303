import type { ConfirmDeps } from './confirm.ts';
import type { ConsoleToStart, RunningConsole } from './consoleToStart.ts';
import type { Interruption } from './interruption.ts';
import type { RegistryDeps } from './withRegistry.ts';

/** What `main.ts` hands to every command. */
export interface CommandDeps extends RegistryDeps, ConfirmDeps {
  readonly interruption: Interruption;
  /** The console's server stands above the command line, which therefore is given it. */
  readonly startConsole: (console: ConsoleToStart) => Promise<RunningConsole>;
  /** Opens a URL in the user's browser. */
  readonly openUrl: (url: string) => void;
}

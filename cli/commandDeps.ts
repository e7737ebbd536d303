import type { ConfirmDeps } from './confirm.ts';
import type { Interruption } from './interruption.ts';
import type { RegistryDeps } from './withRegistry.ts';

/** What `main.ts` hands to every command. */
export interface CommandDeps extends RegistryDeps, ConfirmDeps {
  readonly interruption: Interruption;
}

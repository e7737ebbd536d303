import type { Interruption } from './interruption.ts';
import type { Output } from './output.ts';
import type { RegistryDeps } from './withRegistry.ts';

/** What `main.ts` hands to every command. */
export interface CommandDeps extends RegistryDeps {
  readonly output: Output;
  readonly interruption: Interruption;
  readonly stdin: AsyncIterable<Uint8Array>;
}

import type { Command } from 'commander';
import { CliError } from '../cliError.ts';
import type { CommandDeps } from '../commandDeps.ts';
import { recordJson } from '../publicRecord.ts';
import { readSecret } from '../readSecret.ts';
import { recordFields } from '../recordFields.ts';
import { addTableOptions } from '../tableOptions.ts';
import { withRegistry, type RegistryOptions } from '../withRegistry.ts';

interface IdentifyOptions extends RegistryOptions {
  readonly json?: boolean;
}

const HELP = `
The key is typed or pasted at a prompt that does not show it, or comes on standard input. It is never an argument: those
are kept by the shell's history and shown by ps. Exits 1 where the key is nobody's.

  latchkey identify --table keys
  pbpaste | latchkey identify --table keys --json`;

/** Adds `latchkey identify`, which tells whose a raw key is. */
export function addIdentifyCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('identify')
    .description('Tell whose a key is, from a prompt without echo or from standard input.')
    // Taken only so that it can be refused with the reason, and not repeated.
    .argument('[arguments...]', 'none: the key is never an argument')
    .option('--json', 'print one JSON document, {"record"}')
    .addHelpText('after', HELP);
  addTableOptions(command).action((args: readonly string[], options: IdentifyOptions) => identify(args, options, deps));
}

async function identify(args: readonly string[], options: IdentifyOptions, deps: CommandDeps): Promise<void> {
  if (args.length > 0) {
    throw new CliError(
      'USAGE_INVALID',
      'identify takes no argument: a key given as one stays in the history of the shell and is seen by every user of this machine; give it at the prompt, or on standard input. If it was a key, it is best rotated.',
    );
  }
  await withRegistry(options, deps, async (registry) => {
    const record = await registry.find(await readSecret('key (not shown): ', deps));
    if (record === undefined) throw new CliError('KEY_UNKNOWN', "that key is nobody's: the table does not know it");
    const text = options.json ? recordJson(record) : recordFields(record, deps);
    await deps.output.print(`${text}\n`);
  });
}

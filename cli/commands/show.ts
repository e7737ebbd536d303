import type { Command } from 'commander';
import type { CommandDeps } from '../command.ts';
import { addExactIdOption, ID_HELP, keyOf, type KeyIdOptions } from '../prompt.ts';
import { recordFields, recordJson } from '../records.ts';
import { addTableOptions } from '../options.ts';
import { withRegistry, type RegistryOptions } from '../withRegistry.ts';

interface ShowOptions extends KeyIdOptions, RegistryOptions {
  readonly json?: boolean;
}

const HELP = `
  latchkey show 0f8c1a52 --table keys`;

/** Adds `latchkey show`, which tells all that is known of one key. */
export function addShowCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('show')
    .description('Show all that is known of a key, which is never the key itself.')
    .argument('<id>', ID_HELP)
    .option('--json', 'print one JSON document, {"record"}')
    .addHelpText('after', HELP);
  addTableOptions(addExactIdOption(command)).action((id: string, options: ShowOptions) => show(id, options, deps));
}

async function show(idStart: string, options: ShowOptions, deps: CommandDeps): Promise<void> {
  await withRegistry(options, deps, async (registry, { acceptedKeys }) => {
    const record = await keyOf(idStart, options, registry);
    await deps.output.print(`${options.json ? recordJson(record) : recordFields(record, deps, acceptedKeys)}\n`);
  });
}

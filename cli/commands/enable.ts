import type { Command } from 'commander';
import type { CommandDeps } from '../commandDeps.ts';
import { enableNotice } from '../delayNotice.ts';
import { addExactIdOption, fullId, ID_HELP, type KeyIdOptions } from '../keyId.ts';
import { keyName } from '../keyName.ts';
import { recordJson } from '../publicRecord.ts';
import { addActorOption, addTableOptions } from '../tableOptions.ts';
import { withActingRegistry, type RegistryOptions } from '../withRegistry.ts';

interface EnableOptions extends KeyIdOptions, RegistryOptions {
  readonly json?: boolean;
}

const HELP = `
  latchkey enable 0f8c1a52 --stack LatchkeyStack`;

/** Adds `latchkey enable`, which takes the disabling of one key back. */
export function addEnableCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('enable')
    .description('Enable a key that was disabled.')
    .argument('<id>', ID_HELP)
    .option('--json', 'print one JSON document, {"record"}')
    .addHelpText('after', HELP);
  addTableOptions(addExactIdOption(addActorOption(command))).action((id: string, options: EnableOptions) =>
    enable(id, options, deps),
  );
}

async function enable(idStart: string, options: EnableOptions, deps: CommandDeps): Promise<void> {
  await withActingRegistry(options, deps, async (registry, { revocationDelaySeconds }) => {
    const record = await registry.enable(await fullId(idStart, options, registry));
    const notice = `Enabled key ${keyName(record)}.\n${enableNotice(revocationDelaySeconds)}`;
    await deps.output.print(`${options.json ? recordJson(record) : notice}\n`);
  });
}

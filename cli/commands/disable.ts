import type { Command } from 'commander';
import type { KeyRecord } from '../../keys/record.ts';
import { delayNotice, enableNotice } from '../../operator/notices.ts';
import type { CommandDeps } from '../command.ts';
import { addActorOption, addTableOptions, addYesOption } from '../options.ts';
import { addExactIdOption, confirmedId, fullId, ID_HELP, type KeyIdOptions, requireTerminal } from '../prompt.ts';
import { keyName, recordJson } from '../records.ts';
import { type RegistryOptions, withActingRegistry } from '../withRegistry.ts';

interface DisableOptions extends KeyIdOptions, RegistryOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

const HELP = `
A disabled key is refused until it is enabled again. That takes effect as a revocation does: see latchkey revoke --help.

  latchkey disable 0f8c1a52 --stack LatchkeyStack`;

/** Adds `latchkey disable`, which has one key refused until it is enabled again. */
export function addDisableCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('disable')
    .description('Disable a key: it is refused until it is enabled again.')
    .argument('<id>', ID_HELP)
    .option('--json', 'print one JSON document, {"record"}')
    .addHelpText('after', HELP);
  addTableOptions(addExactIdOption(addActorOption(addYesOption(command)))).action(
    (id: string, options: DisableOptions) => disable(id, options, deps),
  );
}

async function disable(idStart: string, options: DisableOptions, deps: CommandDeps): Promise<void> {
  if (!options.yes) requireTerminal(deps);
  await withActingRegistry(options, deps, async (registry, { revocationDelaySeconds }) => {
    const id = options.yes
      ? await fullId(idStart, options, registry)
      : await confirmedId(idStart, options, registry, { ...deps, question, change: 'disabled' });
    const record = await registry.disable(id);
    const notice = `Disabled key ${keyName(record)}.\n${delayNotice(revocationDelaySeconds)}`;
    await deps.output.print(`${options.json ? recordJson(record) : notice}\n`);
  });
}

/** Of a key that is refused already nothing is left to ask. */
function question({ revokedAt, disabledAt }: KeyRecord, name: string): string | undefined {
  return revokedAt === undefined && disabledAt === undefined
    ? `Disable key ${name}? It is refused until it is enabled again.`
    : undefined;
}

interface EnableOptions extends KeyIdOptions, RegistryOptions {
  readonly json?: boolean;
}

const ENABLE_HELP = `
  latchkey enable 0f8c1a52 --stack LatchkeyStack`;

/** Adds `latchkey enable`, which takes the disabling of one key back. */
export function addEnableCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('enable')
    .description('Enable a key that was disabled.')
    .argument('<id>', ID_HELP)
    .option('--json', 'print one JSON document, {"record"}')
    .addHelpText('after', ENABLE_HELP);
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

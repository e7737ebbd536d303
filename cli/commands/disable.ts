import type { Command } from 'commander';
import type { KeyRecord } from '../../keys/record.ts';
import type { CommandDeps } from '../commandDeps.ts';
import { requireTerminal } from '../confirm.ts';
import { delayNotice } from '../delayNotice.ts';
import { addExactIdOption, confirmedId, fullId, ID_HELP, type KeyIdOptions } from '../keyId.ts';
import { keyName } from '../keyName.ts';
import { recordJson } from '../publicRecord.ts';
import { addActorOption, addTableOptions, addYesOption } from '../tableOptions.ts';
import { withActingRegistry, type RegistryOptions } from '../withRegistry.ts';

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

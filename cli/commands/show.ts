import type { Command } from 'commander';
import { publicRecord } from '../../keys/record.ts';
import type { CommandDeps } from '../command.ts';
import { addHelp } from '../help.ts';
import { planLine, readPlan } from '../keyPlan.ts';
import { addLimitsTableOption, addTableOptions } from '../options.ts';
import { addExactIdOption, getKey, ID_HELP, type KeyIdOptions } from '../prompt.ts';
import { recordFields } from '../records.ts';
import { type RegistryOptions, withRegistry } from '../withRegistry.ts';

interface ShowOptions extends KeyIdOptions, RegistryOptions {
  readonly json?: boolean;
}

const DETAILS = `
The line of the plan shows what is left of it if the authorizer enforces the plan. It counts the requests that the
authorizer has taken from the quota so far. The authorizer takes several at once, so some of them may still be left.`;

/** Fills `latchkey show`, which prints the record of one key and what is left of its plan. */
export function addShowCommand(command: Command, deps: CommandDeps): void {
  addHelp(command, {
    examples: ['latchkey show 0f8c1a52 --stack Orders', 'latchkey show 0f8c1a52 --table keys --json'],
    details: DETAILS,
  })
    .argument('<id>', ID_HELP)
    .option('--json', 'print one JSON document, {"record", "plan"}; the plan is null for a key without one');
  addLimitsTableOption(addTableOptions(addExactIdOption(command))).action((idStart: string, options: ShowOptions) =>
    show(idStart, options, deps),
  );
}

async function show(idStart: string, options: ShowOptions, deps: CommandDeps): Promise<void> {
  const { output, now } = deps;
  await withRegistry(options, deps, async (registry, location) => {
    const record = await getKey(idStart, options, registry);
    const plan = await readPlan(record, { registry, location, nowMs: now(), output });
    if (options.json === true) {
      return output.print(`${JSON.stringify({ record: publicRecord(record), plan: plan ?? null })}\n`);
    }
    const { acceptedKeys } = location;
    const shown = plan === undefined ? {} : { plan: planLine(plan, now(), output.colors) };
    return output.print(`${recordFields(record, deps, { acceptedKeys, ...shown })}\n`, { isColored: true });
  });
}

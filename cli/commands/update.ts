import { Option, type Command } from 'commander';
import type { JsonObject } from '../../keys/json.ts';
import { CliError } from '../../operator/errors.ts';
import type { CommandDeps } from '../command.ts';
import {
  addActorOption,
  addScope,
  addTableOptions,
  EXPIRY_HELP,
  parseExpiry,
  parseMetadata,
  SCOPE_HELP,
} from '../options.ts';
import { addExactIdOption, fullId, ID_HELP, type KeyIdOptions } from '../prompt.ts';
import { keyName, recordFields, recordJson } from '../records.ts';
import { withActingRegistry, type RegistryOptions } from '../withRegistry.ts';

/** `false`, from `--no-…`, removes the field. The program rejects an option together with its `--no-…`. */
interface UpdateOptions extends KeyIdOptions, RegistryOptions {
  readonly label?: string;
  readonly owner?: string | false;
  readonly scope?: readonly string[];
  /** `false` by `--no-scopes`. */
  readonly scopes: boolean;
  readonly plan?: string | false;
  readonly metadata?: JsonObject | false;
  readonly expires?: string;
  /** `false` by `--no-expiry`. */
  readonly expiry: boolean;
  readonly json?: boolean;
}

const HELP = `
What is not mentioned stays as it is. Scopes are replaced, not added to. A change reaches the authorizers as a
revocation does: see latchkey revoke --help.

  latchkey update 0f8c1a52 --owner acme --expires 90d --stack LatchkeyStack
  latchkey update 0f8c1a52 --plan pro --table keys`;

/** Adds `latchkey update`, which changes what is said of one key. */
export function addUpdateCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('update')
    .description('Change what is said of a key: its label, owner, scopes, plan, metadata or expiry.')
    .argument('<id>', ID_HELP)
    .option('--label <text>', 'what the key is for')
    .option('--owner <text>', 'whom it is issued to')
    .option('--no-owner', 'it is issued to nobody in particular')
    .option('--scope <scope>', SCOPE_HELP, addScope)
    .addOption(new Option('--no-scopes', 'take the scopes away: it may do everything').conflicts('scope'))
    .option('--plan <name>', 'the plan it is on, such as free')
    .option('--no-plan', 'it is on no plan')
    .option('--metadata <json>', 'a JSON object of your own, at most 1 KB', parseMetadata)
    .option('--no-metadata', 'take the metadata away')
    .option('--expires <when>', EXPIRY_HELP, (text) => parseExpiry(text, deps.now()))
    .addOption(new Option('--no-expiry', 'it never expires').conflicts('expires'))
    .option('--json', 'print one JSON document, {"record"}')
    .addHelpText('after', HELP);
  addTableOptions(addExactIdOption(addActorOption(command))).action((id: string, options: UpdateOptions) =>
    update(id, options, deps),
  );
}

async function update(idStart: string, options: UpdateOptions, deps: CommandDeps): Promise<void> {
  const changes = changesOf(options);
  if (Object.keys(changes).length === 0) {
    throw new CliError(
      'USAGE_INVALID',
      'what is to change? Give --label, --owner, --scope, --plan, --metadata or --expires',
    );
  }
  await withActingRegistry(options, deps, async (registry) => {
    const record = await registry.update(await fullId(idStart, options, registry), changes);
    const notice = `Updated key ${keyName(record)}.\n\n${recordFields(record, deps)}`;
    await deps.output.print(`${options.json ? recordJson(record) : notice}\n`);
  });
}

/** A field that is taken away is `null`. */
function changesOf({ label, owner, scope, scopes, plan, metadata, expires, expiry }: UpdateOptions) {
  return {
    ...(label === undefined ? {} : { label }),
    ...(owner === undefined ? {} : { owner: owner === false ? null : owner }),
    ...(scope === undefined ? {} : { scopes: scope }),
    ...(scopes ? {} : { scopes: null }),
    ...(plan === undefined ? {} : { plan: plan === false ? null : plan }),
    ...(metadata === undefined ? {} : { metadata: metadata === false ? null : metadata }),
    ...(expires === undefined ? {} : { expiresAt: expires }),
    ...(expiry ? {} : { expiresAt: null }),
  };
}

import type { Command } from 'commander';
import type { JsonObject } from '../../keys/json.ts';
import type { IssuedKey, KeyRegistry } from '../../keys/registry.ts';
import { CliError } from '../../operator/errors.ts';
import type { CommandDeps } from '../command.ts';
import {
  addActorOption,
  addKeyPrefixOption,
  addScope,
  addTableOptions,
  EXPIRY_HELP,
  parseExpiry,
  parseMetadata,
  SCOPE_HELP,
} from '../options.ts';
import { lostKeyNotice } from '../../operator/notices.ts';
import { isOutcomeUnknown } from '../../operator/aws.ts';
import { issuedKeyJson, issuedKeyNotice } from '../output.ts';
import {
  addSecretSinkOptions,
  unconfirmedNotice,
  withSecretSink,
  type SecretSink,
  type SecretSinkOptions,
} from '../secretSink.ts';
import { withActingRegistry, type RegistryOptions } from '../withRegistry.ts';

interface CreateOptions extends RegistryOptions, SecretSinkOptions {
  readonly label: string;
  readonly owner?: string;
  readonly scope?: readonly string[];
  readonly plan?: string;
  readonly expires?: string;
  readonly metadata?: JsonObject;
  readonly json?: boolean;
}

const HELP = `
  latchkey create --label ci --owner acme --expires 90d --stack LatchkeyStack
  latchkey create --label ci --scope orders:read,orders:write --plan free --out ci.json --table keys`;

/** Adds `latchkey create`, which issues one key and shows it. */
export function addCreateCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('create')
    .description('Issue a key. It is shown once.')
    .requiredOption('--label <text>', 'what the key is for')
    .option('--owner <text>', 'whom it is issued to, such as a customer')
    .option('--scope <scope>', `${SCOPE_HELP}; everything unless given`, addScope)
    .option('--plan <name>', 'the plan it is on, such as free; where the deployment has none, it is only passed on')
    .option('--expires <when>', `${EXPIRY_HELP}; never unless given`, (text) => parseExpiry(text, deps.now()))
    .option('--metadata <json>', 'a JSON object of your own, at most 1 KB', parseMetadata)
    .option('--json', 'print one JSON document, {"key","record"}; with --copy or --out no "key"')
    .addHelpText('after', HELP);
  addTableOptions(addActorOption(addKeyPrefixOption(addSecretSinkOptions(command)))).action((options: CreateOptions) =>
    create(options, deps),
  );
}

/** A key that is in the table is shown before anything else may end the process; one that is kept elsewhere is so before. */
async function create(options: CreateOptions, deps: CommandDeps): Promise<void> {
  await withActingRegistry(options, deps, (registry) =>
    deps.interruption.deferSignals(() =>
      withSecretSink(options, deps.env, async (place) => {
        const issued = await issue(options, { registry, place, deps });
        const text = options.json
          ? issuedKeyJson(issued, place?.name)
          : issuedKeyNotice(issued, deps.now(), place?.name);
        await deps.output.print(`${text}\n`).catch((cause: unknown) => {
          throw place === undefined ? notShown(issued, cause) : cause;
        });
      }),
    ),
  );
}

async function issue(
  { label, owner, scope: scopes, plan, expires: expiresAt, metadata }: CreateOptions,
  { registry, place, deps }: { registry: KeyRegistry; place: SecretSink | undefined; deps: CommandDeps },
): Promise<IssuedKey> {
  const issued = registry.prepare({ label, owner, scopes, plan, expiresAt, metadata });
  await place?.keep(issued);
  await registry.store(issued).catch((error: unknown) => {
    if (place !== undefined) deps.output.note(unconfirmedNotice(issued, place));
    else if (isOutcomeUnknown(error)) deps.output.note(lostKeyNotice(issued));
    throw error;
  });
  return issued;
}

function notShown({ record: { id } }: IssuedKey, cause: unknown): CliError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new CliError('KEY_NOT_SHOWN', `key ${id} was issued, but could not be shown and is of no use: ${why}`, {
    cause,
  });
}

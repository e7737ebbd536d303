import { type Command, Option } from 'commander';
import type { JsonObject } from '../../keys/json.ts';
import { CliError } from '../../operator/errors.ts';
import { lostKeyNotice } from '../../operator/notices.ts';
import type { CommandDeps } from '../command.ts';
import { addHelp } from '../help.ts';
import {
  addActorOption,
  addAllowedIp,
  addPrefixOption,
  addScope,
  addTableOptions,
  ALLOW_IP_HELP,
  EXPIRY_DETAILS,
  EXPIRY_FORMS,
  parseExpiry,
  parseMetadata,
  SCOPE_HELP,
} from '../options.ts';
import { done } from '../outcome.ts';
import { issuedKeyNotice } from '../output.ts';
import { addSecretSinkOptions, type IssueOptions, issueSafely } from '../secretSink.ts';
import { type RegistryOptions, withActingRegistry } from '../withRegistry.ts';

interface CreateOptions extends RegistryOptions, IssueOptions {
  readonly label?: string;
  /** The file of entries, instead of the fields of one key. */
  readonly from?: string;
  readonly skipExisting?: boolean;
  readonly owner?: string;
  readonly scope?: readonly string[];
  readonly plan?: string;
  readonly allowIp?: readonly string[];
  readonly expires?: string;
  readonly metadata?: JsonObject;
}

/** The options that apply to one key, by their names in Commander. */
const ONE_KEY_OPTIONS = ['label', 'owner', 'scope', 'plan', 'allowIp', 'expires', 'metadata', 'copy'];

const DETAILS = `
The table stores only the key's SHA-256 hash, so you can't display the key again. A key without --scope may do
everything. A plan limits a key only if the deployment has plans.

${EXPIRY_DETAILS}

--from, --out and --json work as in latchkey seed. latchkey seed --help describes the file.`;

/** Fills `latchkey create`, which issues one key. */
export function addCreateCommand(command: Command, deps: CommandDeps): void {
  addHelp(command, {
    examples: [
      'latchkey create --label ci --expires 90d --stack Orders',
      'latchkey create --label ci --out ci.json --table keys',
      'latchkey create --from keys.json --out made.jsonl',
    ],
    details: DETAILS,
  })
    .option('--label <text>', "the key's purpose; required without --from")
    .option('--owner <text>', 'the customer or team that the key belongs to')
    .option('--scope <scope>', SCOPE_HELP, addScope)
    .option('--plan <name>', "the key's plan, such as free")
    .option('--allow-ip <ip>', `${ALLOW_IP_HELP} (default: everywhere)`, addAllowedIp)
    .option('--expires <when>', `the key's expiry, such as ${EXPIRY_FORMS} (default: never)`, (text) =>
      parseExpiry(text, deps.now()),
    )
    .option('--metadata <json>', 'a custom JSON object, at most 1 KB', parseMetadata)
    .addOption(
      new Option(
        '--from <file>',
        'issue a key for each entry of this file, as seed does; - reads standard input',
      ).conflicts(ONE_KEY_OPTIONS),
    )
    .option('--skip-existing', 'with --from, skip labels that are already in the table')
    .option('--json', 'print one JSON document, {"key","record"}; without "key" if you pass --copy or --out');
  addTableOptions(addActorOption(addPrefixOption(addSecretSinkOptions(command)))).action((options: CreateOptions) =>
    options.from === undefined ? create(options, deps) : createFrom(options.from, options, deps),
  );
}

async function create(options: CreateOptions, deps: CommandDeps): Promise<void> {
  const { label, owner, scope: scopes, plan, allowIp: allowedIps, expires: expiresAt, metadata } = options;
  if (label === undefined) throw usage('expected --label TEXT or --from FILE, got neither');
  if (options.skipExisting === true) throw usage('--skip-existing: expected --from, whose labels it skips');
  await withActingRegistry(options, deps, (registry) =>
    issueSafely(options, deps, {
      prepare: async () => registry.prepare({ label, owner, scopes, plan, allowedIps, expiresAt, metadata }),
      store: async (issued) => {
        await registry.store(issued);
        return issued;
      },
      notice: (issued, sinkName) =>
        `${done('Created', issued.record, deps.output.colors)}\n\n${issuedKeyNotice(issued, deps, sinkName)}`,
      lostNotice: lostKeyNotice,
      notShown: ({ record: { id } }) => `key ${id} was issued but could not be shown, so revoke it`,
    }),
  );
}

async function createFrom(file: string, options: CreateOptions, deps: CommandDeps): Promise<void> {
  // Loaded on demand, because most runs issue one key.
  const { seedKeys } = await import('../seedKeys.ts');
  await seedKeys(file, options, deps);
}

function usage(message: string): CliError {
  return new CliError('USAGE_INVALID', message);
}

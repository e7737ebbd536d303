import { InvalidArgumentError, type Command } from 'commander';
import { isJsonObject, type JsonObject } from '../../keys/record.ts';
import type { IssuedKey } from '../../keys/registry.ts';
import { CliError } from '../cliError.ts';
import type { CommandDeps } from '../commandDeps.ts';
import { EXPIRY_HELP, parseExpiry } from '../expiry.ts';
import { issuedKeyJson, issuedKeyNotice } from '../output.ts';
import { parseJson } from '../parseJson.ts';
import { addKeyPrefixOption, addTableOptions } from '../tableOptions.ts';
import { withRegistry, type RegistryOptions } from '../withRegistry.ts';

interface CreateOptions extends RegistryOptions {
  readonly label: string;
  readonly owner?: string;
  readonly scope?: readonly string[];
  readonly expires?: string;
  readonly metadata?: JsonObject;
  readonly json?: boolean;
}

/** Adds `latchkey create`, which issues one key and shows it. */
export function addCreateCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('create')
    .description('Issue a key. It is shown once.')
    .requiredOption('--label <text>', 'what the key is for')
    .option('--owner <text>', 'whom it is issued to, such as a customer')
    .option('--scope <scope>', 'what it may do; again for each further scope; everything unless given', addScope)
    .option('--expires <when>', `${EXPIRY_HELP}; never unless given`, (text) => parseExpiry(text, deps.now()))
    .option('--metadata <json>', 'a JSON object of your own, at most 1 KB', parseMetadata)
    .option('--json', 'print one JSON document, {"key","record"}');
  addTableOptions(addKeyPrefixOption(command)).action((options: CreateOptions) => create(options, deps));
}

/** A key that is in the table is shown before anything else may end the process. */
async function create(options: CreateOptions, deps: CommandDeps): Promise<void> {
  const { label, owner, scope: scopes, expires: expiresAt, metadata } = options;
  await withRegistry(options, deps, (registry) =>
    deps.interruption.holdOff(async () => {
      const issued = await registry.issue({ label, owner, scopes, expiresAt, metadata });
      const text = options.json ? issuedKeyJson(issued) : issuedKeyNotice(issued, deps.now());
      await deps.output.print(`${text}\n`).catch((cause: unknown) => {
        throw notShown(issued, cause);
      });
    }),
  );
}

function notShown({ record: { id } }: IssuedKey, cause: unknown): CliError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new CliError('KEY_NOT_SHOWN', `key ${id} was issued, but could not be shown and is of no use: ${why}`, {
    cause,
  });
}

function addScope(scope: string, scopes: readonly string[] = []): readonly string[] {
  return [...scopes, scope];
}

function parseMetadata(text: string): JsonObject {
  const value = parseJson(text);
  if (isJsonObject(value)) return value;
  throw new InvalidArgumentError('Wanted a JSON object, such as {"plan":"pro"}.');
}

import { InvalidArgumentError, type Command } from 'commander';
import { type KeyRecord, publicRecord } from '../../keys/record.ts';
import { isText, TEXT_EXPECTED } from '../../keys/fields.ts';
import type { CommandDeps } from '../command.ts';
import { addExactIdOption, confirmedId, fullId, ID_HELP, type KeyIdOptions, requireTerminal } from '../prompt.ts';
import { delayNotice } from '../../operator/notices.ts';
import { keyName } from '../records.ts';
import { addActorOption, addTableOptions, addYesOption } from '../options.ts';
import { withActingRegistry, type RegistryOptions } from '../withRegistry.ts';

interface RevokeOptions extends KeyIdOptions, RegistryOptions {
  readonly reason?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

const HELP = `
A revoked key is refused from then on, and its record stays for 90 days. When the record is gone the table does not know the
key, so that it is refused like an unknown one; a key that was made elsewhere must not be imported again after that, for
import would take it as new.
A revocation takes effect once the caches of the deployment have let go of the key: within its recordCacheTtl plus its
resultsCacheTtl. In an outage of DynamoDB a longer staleIfError takes the place of recordCacheTtl.
A WebSocket connection that is open stays open: API Gateway asks about the key at $connect only.

  latchkey revoke 0f8c1a52 --reason 'found on GitHub' --stack LatchkeyStack`;

/** Adds `latchkey revoke`, which ends one key for good and says when that takes effect. */
export function addRevokeCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('revoke')
    .description('Revoke a key: it is refused for good.')
    .argument('<id>', ID_HELP)
    .option('--reason <text>', 'why, for the record', parseReason)
    .option(
      '--json',
      'print one JSON document, {"record","revocationDelaySeconds"}; null where only the table is known',
    )
    .addHelpText('after', HELP);
  addTableOptions(addExactIdOption(addActorOption(addYesOption(command)))).action(
    (id: string, options: RevokeOptions) => revoke(id, options, deps),
  );
}

async function revoke(idStart: string, options: RevokeOptions, deps: CommandDeps): Promise<void> {
  if (!options.yes) requireTerminal(deps);
  await withActingRegistry(options, deps, async (registry, { revocationDelaySeconds }) => {
    const id = options.yes
      ? await fullId(idStart, options, registry)
      : await confirmedId(idStart, options, registry, { ...deps, question, change: 'revoked' });
    const record = await registry.revoke(id, { reason: options.reason });
    const text = options.json ? revocationJson(record, revocationDelaySeconds) : notice(record, revocationDelaySeconds);
    await deps.output.print(`${text}\n`);
  });
}

/** Of a key that is revoked nothing is left to ask: the registry tells when that was, and by whom. */
function question({ revokedAt }: KeyRecord, name: string): string | undefined {
  return revokedAt === undefined ? `Revoke key ${name}? It cannot be undone.` : undefined;
}

function revocationJson(record: KeyRecord, revocationDelaySeconds: number | undefined): string {
  return JSON.stringify({
    record: publicRecord(record),
    revocationDelaySeconds: revocationDelaySeconds ?? null,
  });
}

function notice(record: KeyRecord, revocationDelaySeconds: number | undefined): string {
  return `Revoked key ${keyName(record)}.\n${delayNotice(revocationDelaySeconds)}`;
}

function parseReason(text: string): string {
  if (isText(text)) return text;
  throw new InvalidArgumentError(`Wanted ${TEXT_EXPECTED}.`);
}

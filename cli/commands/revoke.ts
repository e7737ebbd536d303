import { InvalidArgumentError, type Command } from 'commander';
import type { KeyRecord } from '../../keys/record.ts';
import type { KeyRegistry } from '../../keys/registry.ts';
import { isText, TEXT_WANTED } from '../../keys/text.ts';
import { CliError } from '../cliError.ts';
import type { CommandDeps } from '../commandDeps.ts';
import { confirm, requireTerminal } from '../confirm.ts';
import { delayNotice } from '../delayNotice.ts';
import { printable } from '../printable.ts';
import { publicRecord } from '../publicRecord.ts';
import { addTableOptions } from '../tableOptions.ts';
import { withRegistry, type RegistryOptions } from '../withRegistry.ts';

interface RevokeOptions extends RegistryOptions {
  readonly reason?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

const HELP = `
A revoked key is never accepted again, and its record stays for 90 days. That takes effect once the caches of the
deployment have let go of the key: within its recordCacheTtl plus its resultCacheTtl. In an outage of DynamoDB a longer
staleIfError takes the place of recordCacheTtl.
A WebSocket connection that is open stays open: API Gateway asks about the key at $connect only.

  latchkey revoke 0f8c1a52-5b8e-4c56-9d2f-7a1f6f0a3b11 --reason 'found in a public repository'`;

/** Adds `latchkey revoke`, which ends one key for good and says when that takes effect. */
export function addRevokeCommand(program: Command, deps: CommandDeps): void {
  const command = program
    .command('revoke')
    .description('Revoke a key: it is refused for good.')
    .argument('<id>', "the key's id in full, as list shows it; never the key itself")
    .option('--reason <text>', 'why, for the record', parseReason)
    .option('--yes', 'do not ask first; needed where there is no terminal to ask on')
    .option(
      '--json',
      'print one JSON document, {"record","revocationDelaySeconds"}; null where only the table is known',
    )
    .addHelpText('after', HELP);
  addTableOptions(command).action((id: string, options: RevokeOptions) => revoke(id, options, deps));
}

async function revoke(id: string, options: RevokeOptions, deps: CommandDeps): Promise<void> {
  if (!options.yes) requireTerminal(deps);
  await withRegistry(options, deps, async (registry, { revocationDelaySeconds }) => {
    if (!options.yes) await ask(id, registry, deps);
    const record = await registry.revoke(id, { reason: options.reason });
    const text = options.json ? revocationJson(record, revocationDelaySeconds) : notice(record, revocationDelaySeconds);
    await deps.output.print(`${text}\n`);
  });
}

async function ask(id: string, registry: KeyRegistry, deps: CommandDeps): Promise<void> {
  const record = await registry.get(id);
  // Nothing is left to ask: the registry tells when it was revoked, and by whom.
  if (record.revokedAt !== undefined) return;
  if (await confirm(`Revoke key ${nameOf(record)}? It cannot be undone.`, deps)) return;
  throw new CliError('NOT_CONFIRMED', `key ${id} was not revoked: the answer was not yes`);
}

function revocationJson(record: KeyRecord, revocationDelaySeconds: number | undefined): string {
  return JSON.stringify({
    record: publicRecord(record),
    revocationDelaySeconds: revocationDelaySeconds ?? null,
  });
}

function notice(record: KeyRecord, revocationDelaySeconds: number | undefined): string {
  return `Revoked key ${nameOf(record)}.\n${delayNotice(revocationDelaySeconds)}`;
}

function nameOf({ id, label }: KeyRecord): string {
  return `${printable(id)}, ${printable(JSON.stringify(label))}`;
}

function parseReason(text: string): string {
  if (isText(text)) return text;
  throw new InvalidArgumentError(`Wanted ${TEXT_WANTED}.`);
}

import { Option } from 'commander';
import type { JsonObject } from '../../keys/json.ts';
import { CliError } from '../../operator/errors.ts';
import { keyCommand, type KeyCommandOptions } from '../command.ts';
import {
  addAllowedIp,
  addScope,
  ALLOW_IP_HELP,
  EXPIRY_DETAILS,
  EXPIRY_FORMS,
  parseExpiry,
  parseMetadata,
  SCOPE_HELP,
} from '../options.ts';
import { done, inEffectNotice } from '../outcome.ts';
import { recordFields } from '../records.ts';

/**
 * The options of `update`. `false`, from a `--no-…` option, removes the field. The program rejects an option together
 * with its `--no-…` option.
 */
interface UpdateOptions extends KeyCommandOptions {
  readonly label?: string;
  readonly owner?: string | false;
  readonly scope?: readonly string[];
  /** `false` if the user passes `--no-scopes`. */
  readonly scopes: boolean;
  readonly plan?: string | false;
  readonly allowIp?: readonly string[];
  readonly anyIp?: boolean;
  readonly metadata?: JsonObject | false;
  readonly expires?: string;
  /** `false` if the user passes `--no-expiry`. */
  readonly expiry: boolean;
}

const DETAILS = `
Other fields stay unchanged. --scope replaces all scopes, and --allow-ip all IP addresses. The change takes effect with
the same delay as a revocation: see latchkey revoke --help.

${EXPIRY_DETAILS}`;

/** Adds `latchkey update`, which changes fields of one key's record. */
export const addUpdateCommand = keyCommand<UpdateOptions>({
  examples: [
    'latchkey update 0f8c1a52 --expires 90d --stack Orders',
    'latchkey update 0f8c1a52 --plan pro --table keys',
  ],
  details: DETAILS,
  addOptions: (command, { now }) =>
    command
      .option('--label <text>', "the key's purpose")
      .option('--owner <text>', 'the customer or team that the key belongs to')
      .option('--no-owner', 'remove the owner')
      .option('--scope <scope>', SCOPE_HELP, addScope)
      .addOption(new Option('--no-scopes', 'remove the scopes; the key may then do everything').conflicts('scope'))
      .option('--plan <name>', "the key's plan, such as free")
      .option('--no-plan', 'remove the plan')
      .option('--allow-ip <ip>', ALLOW_IP_HELP, addAllowedIp)
      .addOption(
        new Option('--any-ip', 'remove the IP addresses; the key then works from everywhere').conflicts('allowIp'),
      )
      .option('--metadata <json>', 'a custom JSON object, at most 1 KB', parseMetadata)
      .option('--no-metadata', 'remove the metadata')
      .option('--expires <when>', `the key's expiry, such as ${EXPIRY_FORMS}`, (text) => parseExpiry(text, now()))
      .addOption(new Option('--no-expiry', 'remove the expiry; the key then never expires').conflicts('expires')),
  check: (options) => {
    if (Object.keys(toChanges(options)).length > 0) return;
    const expected = '--label, --owner, --scope, --plan, --allow-ip, --metadata or --expires';
    throw new CliError('USAGE_INVALID', `no change given: pass ${expected}`);
  },
  act: (registry, id, options) => registry.update(id, toChanges(options)),
  print: (record, { revocationDelaySeconds }, deps) => {
    const { output, now } = deps;
    const notice = inEffectNotice(revocationDelaySeconds, now());
    const outcome = output.fill(`${done('Updated', record, output.colors)} ${notice}`);
    return `${outcome}\n\n${recordFields(record, deps)}`;
  },
});

/** Returns the changes for the registry. `null` removes a field. */
function toChanges(options: UpdateOptions) {
  const { label, owner, scope, scopes, plan, allowIp, anyIp, metadata, expires, expiry } = options;
  return {
    ...(label === undefined ? {} : { label }),
    ...(owner === undefined ? {} : { owner: owner === false ? null : owner }),
    ...(scope === undefined ? {} : { scopes: scope }),
    ...(scopes ? {} : { scopes: null }),
    ...(plan === undefined ? {} : { plan: plan === false ? null : plan }),
    ...(allowIp === undefined ? {} : { allowedIps: allowIp }),
    ...(anyIp === true ? { allowedIps: null } : {}),
    ...(metadata === undefined ? {} : { metadata: metadata === false ? null : metadata }),
    ...(expires === undefined ? {} : { expiresAt: expires }),
    ...(expiry ? {} : { expiresAt: null }),
  };
}

import { publicRecord } from '../../keys/record.ts';
import { delayNotice } from '../../operator/notices.ts';
import { keyCommand, type KeyCommandOptions } from '../command.ts';
import { parseText } from '../options.ts';
import { keyName } from '../output.ts';

interface RevokeOptions extends KeyCommandOptions {
  readonly reason?: string;
}

const HELP = `
The authorizer rejects a revoked key. The table keeps its record for 90 days. After that, the authorizer rejects the key as
unknown. Don't import a key of another system again after DynamoDB deletes its record. Import would accept it as new.

A revocation takes effect once the deployment's caches drop the key: after at most recordCacheTtl plus resultsCacheTtl. A longer
staleIfError replaces recordCacheTtl during an outage of DynamoDB. An open WebSocket connection stays open, because API Gateway
calls the authorizer only on $connect.

  latchkey revoke 0f8c1a52 --reason 'found on GitHub' --stack LatchkeyStack`;

/** Adds `latchkey revoke`, which revokes one key and prints when the revocation takes effect. */
export const addRevokeCommand = keyCommand<RevokeOptions>({
  name: 'revoke',
  description: 'Revoke a key. This cannot be undone.',
  help: HELP,
  addOptions: (command) => command.option('--reason <text>', 'the reason to record', parseText),
  ask: {
    question: ({ revokedAt }, name) =>
      revokedAt === undefined ? `Revoke key ${name}? This cannot be undone.` : undefined,
    change: 'revoked',
  },
  act: (registry, id, { reason }) => registry.revoke(id, { reason }),
  print: (record, { revocationDelaySeconds }) =>
    `Revoked key ${keyName(record)}.\n${delayNotice(revocationDelaySeconds)}`,
  json: {
    help: 'print one JSON document, {"record","revocationDelaySeconds"}; the delay is null if unknown',
    print: (record, { revocationDelaySeconds }) =>
      JSON.stringify({ record: publicRecord(record), revocationDelaySeconds: revocationDelaySeconds ?? null }),
  },
});

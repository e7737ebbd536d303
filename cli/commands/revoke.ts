import { publicRecord } from '../../keys/record.ts';
import { keyCommand, type KeyCommandOptions } from '../command.ts';
import { parseText } from '../options.ts';
import { done, refusedNotice } from '../outcome.ts';

interface RevokeOptions extends KeyCommandOptions {
  readonly reason?: string;
}

const DETAILS = `
The authorizer rejects a revoked key. A revocation takes effect once the deployment's caches drop the key: after at most
recordCacheTtl plus resultsCacheTtl. A longer staleIfError replaces recordCacheTtl during an outage of DynamoDB. An open
WebSocket connection stays open, because API Gateway calls the authorizer only on $connect.

The table keeps the record for 90 days. After that, the authorizer rejects the key as unknown. Don't import a key of
another system again after that. Import would accept it as new.`;

/** Adds `latchkey revoke`, which revokes one key and prints when the revocation takes effect. */
export const addRevokeCommand = keyCommand<RevokeOptions>({
  examples: ['latchkey revoke 0f8c1a52 --stack Orders', "latchkey revoke 0f8c1a52 --reason 'found on GitHub' --yes"],
  details: DETAILS,
  addOptions: (command) => command.option('--reason <text>', 'the reason to record', parseText),
  ask: {
    question: ({ revokedAt }, name) =>
      revokedAt === undefined ? `Revoke key ${name}? This cannot be undone.` : undefined,
  },
  act: (registry, id, { reason }) => registry.revoke(id, { reason }),
  print: (record, { revocationDelaySeconds }, { output, now }) =>
    output.fill(`${done('Revoked', record, output.colors)} ${refusedNotice(revocationDelaySeconds, now())}`),
  json: {
    help: 'print one JSON document, {"record","revocationDelaySeconds"}; the delay is null if unknown',
    print: (record, { revocationDelaySeconds }) =>
      JSON.stringify({ record: publicRecord(record), revocationDelaySeconds: revocationDelaySeconds ?? null }),
  },
});

import { publicRecord } from '../../keys/record.ts';
import { keysCommand, type KeysCommandOptions } from '../command.ts';
import { parseText } from '../options.ts';
import { done, refusedNotice } from '../outcome.ts';

interface RevokeOptions extends KeysCommandOptions {
  readonly reason?: string;
}

const DETAILS = `
The authorizer rejects a revoked key. A revocation takes effect once the deployment's caches drop the key: after at most
recordCacheTtl plus resultsCacheTtl. A longer staleIfError replaces recordCacheTtl during an outage of DynamoDB. An open
WebSocket connection stays open, because API Gateway calls the authorizer only on $connect.

With several ids or --owner, revoke finds all keys before it changes the first one. An unknown or ambiguous id therefore
changes nothing. It skips keys that are revoked already. To complete an interrupted run, run the same command again.
--owner can miss a key that was issued within the last second.

The table keeps the record for 90 days. After that, the authorizer rejects the key as unknown. Don't import a key of
another system again after that. Import would accept it as new.`;

/** Adds `latchkey revoke`, which revokes keys and prints when the revocation takes effect. */
export const addRevokeCommand = keysCommand<RevokeOptions>({
  examples: [
    "latchkey revoke 0f8c1a52 --reason 'found on GitHub'",
    'latchkey revoke 0f8c1a52 77d0be41 --stack Orders',
    "latchkey revoke --owner acme --reason 'contract ended'",
  ],
  details: DETAILS,
  addOptions: (command) => command.option('--reason <text>', 'the reason to record', parseText),
  ask: {
    question: ({ revokedAt }, name) =>
      revokedAt === undefined ? `Revoke key ${name}? This cannot be undone.` : undefined,
  },
  several: {
    verb: 'Revoke',
    change: 'revoked',
    warning: 'This cannot be undone.',
    isDone: ({ revokedAt }) => revokedAt !== undefined,
    skipped: 'revoked already',
    notice: refusedNotice,
    json: ({ revocationDelaySeconds }) => ({ revocationDelaySeconds: revocationDelaySeconds ?? null }),
  },
  act: (registry, id, { reason }) => registry.revoke(id, { reason }),
  print: (record, { revocationDelaySeconds }, { output, now }) =>
    output.fill(`${done('Revoked', record, output.colors)} ${refusedNotice(revocationDelaySeconds, now())}`),
  json: {
    help: 'print one JSON document, {"record", "revocationDelaySeconds"}, or {"records", "skipped", "revocationDelaySeconds"} for several ids or --owner; the delay is null if unknown',
    print: (record, { revocationDelaySeconds }) =>
      JSON.stringify({ record: publicRecord(record), revocationDelaySeconds: revocationDelaySeconds ?? null }),
  },
});

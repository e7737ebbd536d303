import { hash } from 'node:crypto';
import { readConfig } from '../../lambda/config.ts';
import { createHandler, type Handler } from '../../lambda/createHandler.ts';
import { createTestKey } from '../../testing/createTestKey.ts';
import { restRequestEvent } from '../../testing/authorizerEvents.ts';
import { MemoryLookup } from '../../testing/memoryLookup.ts';
import { timed, type BenchCase } from '../harness.ts';

/** The key that every case of ours verifies. */
export const testKey = createTestKey({ label: 'ci', lastUsedAt: new Date().toISOString() });

/** One SHA-256 of a key, which no check can do without. */
export function hashCase(): BenchCase {
  const { secret, record } = testKey;
  return timed({
    name: 'crypto.hash',
    run: () => hash('sha256', secret, 'hex'),
    check: (digest) => requireEqual(digest, record.keyHash),
    unitNs: 1000,
  });
}

/** What a check of a key comes to at the least: a hash, and a record found by it. */
export function hashAndMapCase(): BenchCase {
  const { secret, record } = testKey;
  const records = new Map<string, object>([[record.keyHash, record]]);
  return timed({
    name: 'a hash and a Map',
    run: () => records.get(hash('sha256', secret, 'hex')),
    check: (found) => requireEqual(found, record),
    unitNs: 1000,
  });
}

/** The whole handler, as it is deployed, on a REST API's event of a key that the record cache holds. */
export function decisionCase(): BenchCase {
  const { secret, record } = testKey;
  const handler = wire(new MemoryLookup(record));
  const event = restRequestEvent({ key: secret });
  const context = { awsRequestId: 'request-1' };
  return timed({
    name: 'Latchkey, from the record cache',
    run: () => handler(event, context),
    check: (answer) => {
      if (!('principalId' in answer)) throw new Error('the handler gave no policy');
      requireEqual(answer.principalId, record.id);
      requireEqual(JSON.stringify(answer).includes('"Effect":"Allow"'), true);
    },
    unitNs: 1000,
  });
}

function wire(lookup: MemoryLookup): Handler {
  return createHandler({
    config: readConfig({ LATCHKEY_TABLE: 'keys' }),
    functionName: 'authorizer',
    lookup,
    now: Date.now,
    random: Math.random,
    writeLog: () => {},
  });
}

function requireEqual(got: unknown, wanted: unknown): void {
  if (got !== wanted) throw new Error('a case gave another answer than the one that it is timed for');
}

import { hash } from 'node:crypto';
import { restRequestEvent } from '../../testing/authorizerEvents.ts';
import { createTestKey } from '../../testing/createTestKey.ts';
import { timed, type BenchCase } from '../harness.ts';
import { requestWith, warmHandler } from '../warm/cachedRequests.ts';

const KEY_COUNT = 100;

/** A key for the cases that need one alone. */
export const testKey = createTestKey();

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

/** The whole handler, metrics on, on events of a REST API for keys whose records its cache holds. */
export function decisionCase(): BenchCase {
  const { secrets, handler } = warmHandler(KEY_COUNT);
  const events = secrets.map((secret, at) => asParsed(restRequestEvent(requestWith(secret, at))));
  let next = 0;
  return timed({
    name: 'Latchkey, from the record cache',
    run: () => handler(events[next++ % KEY_COUNT]),
    check: (answer) => requireEqual(/"Effect":"(\w+)"/.exec(JSON.stringify(answer))?.[1], 'Allow'),
    unitNs: 1000,
  });
}

/** As the runtime reads it: every text a new one. */
function asParsed<T>(event: T): T {
  return JSON.parse(JSON.stringify(event));
}

function requireEqual(got: unknown, wanted: unknown): void {
  if (got !== wanted) throw new Error('a case gave another answer than the one that it is timed for');
}

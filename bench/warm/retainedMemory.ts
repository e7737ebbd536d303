// Prints the megabytes that a map, or the whole handler, holds on to after so many new keys. To be run with --expose-gc:
// retainedMemory.ts NAME COUNT
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { generateSecret, type KeySecret } from '../../keys/secret.ts';
import { restRequestEvent } from '../../testing/authorizerEvents.ts';
import { boundedMaps } from './boundedMaps.ts';
import { requestWith, warmHandler } from './cachedRequests.ts';

const LIVE_KEYS = 1000;
const SETTLING_KEYS = 300_000;

const [name = '', count = ''] = process.argv.slice(2);
const make = (await boundedMaps())[name];
const retained = make === undefined ? await retainedByHandler(Number(count)) : retainedByMap(make(), Number(count));
process.stdout.write(String(retained));

function retainedByMap(
  map: { get(key: string): unknown; set(key: string, value: number): unknown },
  keys: number,
): number {
  map.set('', 0);
  const before = heapUsed();
  for (let at = 0; at < keys; at++) map.set(hash('sha256', String(at), 'hex'), at);
  const megabytes = (heapUsed() - before) / 1e6;
  assert.equal(map.get(hash('sha256', String(keys - 1), 'hex')), keys - 1);
  return megabytes;
}

/** Well-formed keys that the table lacks, and then the live keys again, none of which may be read anew. */
async function retainedByHandler(keys: number): Promise<number> {
  const { secrets, handler, lookup } = warmHandler(LIVE_KEYS);
  const ask = (secret: KeySecret, at: number) => handler(restRequestEvent(requestWith(secret, at)));
  for (const [at, secret] of secrets.entries()) await ask(secret, at);
  await ask(generateSecret('sk_'), 0);
  await settleHeap();
  const before = heapUsed();
  for (let at = 0; at < keys; at++) await ask(generateSecret('sk_'), at);
  const megabytes = (heapUsed() - before) / 1e6;
  assert.ok(megabytes > 0, 'what was let go meanwhile hides what is kept');
  const reads = lookup.reads;
  for (const [at, secret] of secrets.entries()) assert.match(JSON.stringify(await ask(secret, at)), /"Effect":"Allow"/);
  assert.deepEqual([reads, lookup.reads], [LIVE_KEYS + 1 + keys, LIVE_KEYS + 1 + keys], 'a live record was read anew');
  return megabytes;
}

/**
 * The process lets go of megabytes that no handler holds, but only after collections and many requests; they would be taken from
 * what is kept. So another handler is asked first.
 */
async function settleHeap(): Promise<void> {
  heapUsed();
  const { handler } = warmHandler(0);
  for (let at = 0; at < SETTLING_KEYS; at++) await handler(restRequestEvent(requestWith(generateSecret('sk_'), at)));
}

/** Several collections: code that has not run for some of them is let go, too, and must not count against what is kept. */
function heapUsed(): number {
  assert.ok(globalThis.gc, 'wanted --expose-gc');
  for (let times = 0; times < 10; times++) globalThis.gc();
  return process.memoryUsage().heapUsed;
}

import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { httpApiEvent } from '../../testing/authorizerEvents.ts';
import type { TestRequest } from '../../testing/request.ts';
import { assertAllowed, countLines, eventWith, importFunction, usedKey } from '../deployedFunction.ts';
import { interleave, timed, type BenchCase } from '../harness.ts';
import type { Group, Measured, PartOptions } from '../report.ts';
import { startStore, type FixedStore } from '../store.ts';
import { mapMeasurements } from './maps.ts';
import { readGroup } from './reads.ts';

const KEY_COUNT = 100;
const SIMPLE = { makeEvent: httpApiEvent, settings: { LATCHKEY_HTTP_API_RESPONSE: 'simple' } };
/** Scopes with a few routes each. The bench requests the last route. */
const SCOPES = {
  LATCHKEY_SCOPES: JSON.stringify({
    'orders:write': ['POST /orders', 'PUT /orders/*'],
    'orders:read': ['GET /orders/*'],
  }),
};

/** Measures the deployed file after its warm-up: responses from its cache, reads, and the maps behind its cache. */
export async function warm({ rounds }: PartOptions): Promise<Measured> {
  const requests = await requestGroup(rounds);
  const reads = await readGroup(rounds);
  const { group, table } = await mapMeasurements(rounds);
  return { groups: [requests, reads, group], tables: [table] };
}

async function requestGroup(rounds: number): Promise<Group> {
  const keys = Array.from({ length: KEY_COUNT }, usedKey);
  const secrets = keys.map(({ secret }) => secret);
  const lineCount = countLines();
  const denial = { secrets: secrets.map(withWrongChecksum), assertAnswer: assertDenied, lineCount };
  const store = await startStore(keys.map(({ record }) => record));
  try {
    const cases = [
      hashCase(secrets),
      await requestCase(store, { name: 'allowed, REST REQUEST', secrets }),
      await requestCase(store, { name: 'allowed, HTTP API 2.0', secrets, makeEvent: httpApiEvent }),
      await requestCase(store, { name: 'allowed, HTTP API 2.0, simple', secrets, ...SIMPLE }),
      await requestCase(store, { name: 'allowed, REST REQUEST, scopes mapped', secrets, settings: SCOPES }),
      await requestCase(store, { name: 'malformed key, with its log line', ...denial }),
    ];
    const title = 'One request, answered by the deployed file without a read';
    return { title, unit: 'ns', base: 'crypto.hash', rounds: await interleave(cases, rounds) };
  } finally {
    store.stop();
  }
}

/** One SHA-256 of a key. Every check of a key needs at least this. */
function hashCase(secrets: readonly string[]): BenchCase {
  let last = '';
  return timed({
    name: 'crypto.hash',
    prepare: (count) => {
      const batch: string[] = JSON.parse(JSON.stringify(secrets.slice(0, count)));
      return () => {
        for (const secret of batch) last = hash('sha256', secret, 'hex');
      };
    },
    check: () => assert.match(last + hash('sha256', 'abc', 'hex'), /^([0-9a-f]{64})?ba7816bf[0-9a-f]{56}$/),
    unitNs: 1,
  });
}

interface RequestOptions {
  readonly name: string;
  readonly secrets: readonly string[];
  readonly makeEvent?: (request: TestRequest) => object;
  readonly settings?: Readonly<Record<string, string>>;
  readonly assertAnswer?: (answer: object) => void;
  /** Returns the number of printed lines. Pass it if each request prints a line. */
  readonly lineCount?: () => number;
}

/**
 * Measures requests to a new instance of the deployed file. It doesn't read the table, because it has cached each key
 * before.
 */
async function requestCase(store: FixedStore, options: RequestOptions): Promise<BenchCase> {
  const { name, secrets, makeEvent, settings, assertAnswer = assertAllowed, lineCount } = options;
  const handler = await importFunction(store.endpoint, settings);
  for (const secret of secrets) await handler(eventWith(secret, makeEvent));
  const prepare = (count: number) => {
    const events = secrets.slice(0, count).map((secret) => eventWith(secret, makeEvent));
    return async () => {
      for (const event of events) await handler(event);
    };
  };
  const check = async () => {
    const [reads, lines] = [await store.reads(), lineCount?.() ?? 0];
    for (const secret of secrets) assertAnswer(await handler(eventWith(secret, makeEvent)));
    assert.equal(await store.reads(), reads, `${name}: expected no read`);
    if (lineCount !== undefined) assert.ok(lineCount() >= lines + secrets.length, `${name}: expected a line each`);
  };
  return timed({ name, prepare, check, unitNs: 1 });
}

function assertDenied(answer: object): void {
  assert.match(JSON.stringify(answer), /"Effect":"Deny".*"INVALID_KEY"/);
}

/** Returns the key with a wrong checksum in the last place, which takes longest to detect. */
function withWrongChecksum(secret: string): string {
  return secret.slice(0, -1) + (secret.endsWith('0') ? '1' : '0');
}

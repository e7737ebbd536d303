import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { KeyReader, UseOutcome } from '../../keys/reader.ts';
import type { KeyRecord } from '../../keys/record.ts';
import { generateSecret, type KeyHash } from '../../keys/secret.ts';
import { readConfig } from '../../lambda/config.ts';
import { createHandler } from '../../lambda/createHandler.ts';
import { FunctionEnvironment } from '../../local/functionEnvironment.ts';
import { restRequestEvent } from '../../testing/authorizerEvents.ts';
import { MemoryLookup } from '../../testing/memoryLookup.ts';
import { BUNDLE } from '../support/bundledFunction.ts';
import { DynamoDbProxy } from '../support/dynamoDbProxy.ts';
import { startFunctionTable } from '../support/functionTable.ts';
import { at, makeKey, NOW_MS } from '../support/keys.ts';

const KEYS = [
  makeKey({ id: 'first' }),
  makeKey({ id: 'second', owner: 'acme' }),
  makeKey({ id: 'third', expiresAt: '2099-01-01T00:00:00Z' }),
  makeKey({ id: 'revoked', revokedAt: at(-1) }),
];
const RECORDS = KEYS.map(({ record }) => record);
const UNKNOWN = { secret: generateSecret('sk_'), record: undefined };
const PRESENTED = [...KEYS, UNKNOWN];

/** Returns the expected response to a request with the key, regardless of concurrent requests. */
const expectedFor = (record: KeyRecord | undefined) => ({
  principalId: record?.id ?? 'anonymous',
  context: expect.objectContaining(
    record === undefined || record.revokedAt !== undefined
      ? { errorCode: record === undefined ? 'INVALID_KEY' : 'KEY_REVOKED' }
      : { keyId: record.id, keyPrefix: record.keyPrefix },
  ),
});

/** A table that responds in the scheduler's order, and counts the concurrent reads of one hash. */
class ScheduledLookup implements Pick<KeyReader, 'get' | 'recordUse'> {
  readonly table = new MemoryLookup(...RECORDS);
  mostAtOnce = 0;
  readonly #scheduler: fc.Scheduler;
  readonly #reading = new Map<KeyHash, number>();

  constructor(scheduler: fc.Scheduler) {
    this.#scheduler = scheduler;
  }

  async get(keyHash: KeyHash): Promise<KeyRecord | undefined> {
    const reading = (this.#reading.get(keyHash) ?? 0) + 1;
    this.#reading.set(keyHash, reading);
    this.mostAtOnce = Math.max(this.mostAtOnce, reading);
    await this.#scheduler.schedule(Promise.resolve(), 'read');
    this.#reading.set(keyHash, (this.#reading.get(keyHash) ?? 0) - 1);
    return this.table.get(keyHash);
  }

  async recordUse(...use: Parameters<KeyReader['recordUse']>): Promise<UseOutcome> {
    await this.#scheduler.schedule(Promise.resolve(), 'write');
    return this.table.recordUse(...use);
  }
}

test('each of many concurrent invocations gets the response for its own key', async () => {
  const requests = fc.array(fc.nat({ max: PRESENTED.length - 1 }), { minLength: 2, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      requests,
      fc.constantFrom('60', '0'),
      async (scheduler, presented, cacheSeconds) => {
        const lookup = new ScheduledLookup(scheduler);
        const handler = createHandler({
          config: readConfig({ LATCHKEY_TABLE: 'keys', LATCHKEY_RECORD_CACHE_SECONDS: cacheSeconds }),
          functionName: 'authorizer',
          lookup,
          now: () => NOW_MS,
          random: () => 0.5,
          writeLog: () => {},
        });
        // The scheduler also starts the requests. Some join a running read, and some find a cached record.
        const answers = presented.map(async (which) => {
          await scheduler.schedule(Promise.resolve(), 'request');
          return handler(restRequestEvent({ key: PRESENTED[which]?.secret ?? '' }));
        });
        await scheduler.waitFor(Promise.all(answers));
        expect(await Promise.all(answers)).toEqual(
          presented.map((which) => expect.objectContaining(expectedFor(PRESENTED[which]?.record))),
        );
        if (cacheSeconds !== '0') expect(lookup.mostAtOnce).toBe(1);
        const used = new Set(presented.filter((which) => which < 3));
        expect(lookup.table.writes).toBe(used.size);
        if (cacheSeconds !== '0') expect(lookup.table.reads).toBe(new Set(presented).size);
      },
    ),
    { numRuns: 300 },
  );
});

describe('four threads that each load the authorizer', () => {
  const THREADS = 4;
  const REQUESTS_PER_THREAD = 100;
  const stops: (() => Promise<void>)[] = [];
  let table: Awaited<ReturnType<typeof startFunctionTable>>;
  let proxy: DynamoDbProxy;
  let threads: readonly FunctionEnvironment[];

  beforeAll(async () => {
    table = await startFunctionTable(...RECORDS);
    stops.push(table.stop);
    proxy = await DynamoDbProxy.start({ endpoint: table.endpoint });
    stops.push(() => proxy.stop());
    threads = Array.from({ length: THREADS }, () => startThread(proxy.endpoint));
    stops.push(...threads.map((thread) => () => thread.stop()));
  });
  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  test('return only correct responses to 400 concurrent requests', async () => {
    const presented = Array.from({ length: REQUESTS_PER_THREAD }, (_, at) => PRESENTED[(at * 7) % PRESENTED.length]);
    const answers = await Promise.all(
      threads.flatMap((thread) => presented.map((key) => thread.invoke(restRequestEvent({ key: key?.secret ?? '' })))),
    );
    const expected = presented.map((key) => expect.objectContaining(expectedFor(key?.record)));
    expect(answers).toEqual(threads.flatMap(() => expected));
    await proxy.settled();
    expect(proxy.of('GetItem')).toHaveLength(THREADS * PRESENTED.length);
    // Several threads may try to write the same use. The table's condition accepts one of them.
    const committed = proxy.of('UpdateItem').filter(({ status }) => status === 200);
    expect(committed).toHaveLength(3);
    expect(proxy.of('UpdateItem').length).toBeLessThanOrEqual(THREADS * 3);
    for (const record of RECORDS)
      expect(typeof (await table.lastUsedAt(record))).toBe(isUsed(record) ? 'string' : 'undefined');
  });
});

function isUsed({ revokedAt }: KeyRecord): boolean {
  return revokedAt === undefined;
}

/** Starts a thread without priming, because the test counts only the reads of requests. */
function startThread(endpoint: string): FunctionEnvironment {
  const config = {
    name: 'authorizer',
    arn: 'arn:aws:lambda:us-east-1:123456789012:function:authorizer',
    file: BUNDLE,
    handlerName: 'handler',
    environment: { LATCHKEY_TABLE: 'keys', LATCHKEY_PRIME: 'false' },
    timeoutSeconds: 10,
    memoryMb: 256,
  };
  return new FunctionEnvironment(config, { dynamodbEndpoint: endpoint, writeLog: () => {} });
}

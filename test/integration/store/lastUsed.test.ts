import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterEach, describe, expect, test } from '@jest/globals';
import { KeyReader, LOOKUP_TRANSLATION } from '../../../keys/reader.ts';
import { readConfig } from '../../../lambda/config.ts';
import { createHandler } from '../../../lambda/createHandler.ts';
import { startFunction } from '../../support/bundledFunction.ts';
import { DynamoDbProxy, type DynamoDbProxyOptions } from '../../support/dynamoDbProxy.ts';
import { createClient } from '../../support/engine.ts';
import { restRequestEvent } from '../../../testing/authorizerEvents.ts';
import { ACTIVE, bearing, RECORDS, UNKNOWN } from '../../support/functionCases.ts';
import { startFunctionTable } from '../../support/functionTable.ts';
import { at, INTERVAL_MS, makeKey, NOW_MS } from '../../support/keys.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

/** Starts a table, with a proxy in front that records each request. */
async function startTable(options: Omit<DynamoDbProxyOptions, 'endpoint'> = {}) {
  const table = await startFunctionTable(...RECORDS);
  stops.push(table.stop);
  const proxy = await DynamoDbProxy.start({ ...options, endpoint: table.endpoint });
  stops.push(() => proxy.stop());
  return { table, proxy };
}

/** Starts without priming, because the test counts only the reads of requests. */
async function startBundle(endpoint: string, settings: Record<string, string> = {}) {
  const bundle = await startFunction(endpoint, { LATCHKEY_PRIME: 'false', ...settings });
  stops.push(bundle.stop);
  return bundle;
}

const EVENT = restRequestEvent(bearing(ACTIVE.secret));
const ALLOWED = { answer: expect.objectContaining({ principalId: ACTIVE.record.id }) };

test.each([
  ['60', 1],
  // Each request needs a read that begins after it if the cache is off.
  ['0', 20],
])(
  '20 concurrent invocations for one key make exactly one UpdateItem with a record cache of %s s and %d reads',
  async (seconds, reads) => {
    const { table, proxy } = await startTable();
    const bundle = await startBundle(proxy.endpoint, { LATCHKEY_RECORD_CACHE_SECONDS: seconds });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => bundle.invoke(EVENT)));
    expect(outcomes).toEqual(Array.from({ length: 20 }, () => ALLOWED));
    expect(proxy.of('UpdateItem')).toEqual([{ operation: 'UpdateItem', status: 200 }]);
    expect(proxy.of('GetItem')).toHaveLength(reads);
    expect(await table.lastUsedAt(ACTIVE.record)).toEqual(expect.any(String));
  },
);

test('eight processes that all read a key as unused make exactly one successful write', async () => {
  const gate = new Gate(8);
  const { table, proxy } = await startTable({
    beforeAnswer: (operation) => (operation === 'GetItem' ? gate.pass() : undefined),
  });
  const bundles = await Promise.all(Array.from({ length: 8 }, () => startBundle(proxy.endpoint)));
  const inEach = (event: object) => Promise.all(bundles.map((bundle) => bundle.invoke(event)));

  await inEach(restRequestEvent(bearing(UNKNOWN)));
  expect(await inEach(EVENT)).toEqual(Array.from({ length: 8 }, () => ALLOWED));

  // On a busy machine, a write may outlast the function's timeout. The engine still accepts or rejects it.
  await proxy.settled();
  const updates = proxy.of('UpdateItem').filter(({ status }) => status !== undefined);
  const refused = { operation: 'UpdateItem', status: 400, errorType: 'ConditionalCheckFailedException' };
  expect(updates.length).toBeGreaterThan(1);
  expect(updates.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(updates.filter(({ status }) => status !== 200)).toEqual(
    Array.from({ length: updates.length - 1 }, () => refused),
  );
  expect(await table.lastUsedAt(ACTIVE.record)).toEqual(expect.any(String));
});

describe('the handler with an adjustable clock', () => {
  const KEY = makeKey({ expiresAt: at(365 * 24 * 3_600_000) });
  const event = restRequestEvent(bearing(KEY.secret));

  async function startHandlers() {
    const { table, proxy } = await startTable();
    await table.put(KEY.record);
    const clock = { nowMs: NOW_MS };
    const newHandler = () => {
      const client = createClient(proxy.endpoint);
      stops.push(async () => client.destroy());
      const documents = DynamoDBDocumentClient.from(client, LOOKUP_TRANSLATION);
      return createHandler({
        config: readConfig({ LATCHKEY_TABLE: 'keys' }),
        functionName: 'authorizer',
        lookup: new KeyReader({ client: documents, tableName: 'keys', writeTimeoutMs: 30_000 }),
        now: () => clock.nowMs,
        random: () => 0.5,
        writeLog: () => {},
      });
    };
    return { table, proxy, clock, newHandler };
  }

  test.each(['the same execution environment', 'a new execution environment'])(
    'makes its next UpdateItem exactly 15 minutes after the last use in %s',
    async (environment) => {
      const { table, proxy, clock, newHandler } = await startHandlers();
      const warm = newHandler();
      const handlerNow = () => (environment === 'a new execution environment' ? newHandler() : warm);

      await handlerNow()(event);
      expect(await table.lastUsedAt(KEY.record)).toBe(at(0));
      for (const laterMs of [1, INTERVAL_MS - 1000, INTERVAL_MS - 1]) {
        clock.nowMs = NOW_MS + laterMs;
        expect(await handlerNow()(event)).toMatchObject({ principalId: KEY.record.id });
      }
      expect(proxy.of('UpdateItem')).toHaveLength(1);
      expect(await table.lastUsedAt(KEY.record)).toBe(at(0));

      clock.nowMs = NOW_MS + INTERVAL_MS;
      await handlerNow()(event);
      expect(proxy.of('UpdateItem')).toHaveLength(2);
      expect(await table.lastUsedAt(KEY.record)).toBe(at(INTERVAL_MS));
    },
  );

  test('writes a last use once per interval even if two execution environments use a key in turn', async () => {
    const { table, proxy, clock, newHandler } = await startHandlers();
    const handlers = [newHandler(), newHandler()];
    for (let minute = 0; minute <= 60; minute++) {
      clock.nowMs = NOW_MS + minute * 60_000;
      await handlers[minute % 2]?.(event);
    }
    expect(proxy.of('UpdateItem').filter(({ status }) => status === 200)).toHaveLength(5);
    expect(await table.lastUsedAt(KEY.record)).toBe(at(60 * 60_000));
  });
});

/** Repeatedly waits for a given number of callers, and then resolves for all of them. */
class Gate {
  readonly #size: number;
  #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  pass(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === this.#size) for (const open of this.#waiting.splice(0)) open();
    });
  }
}

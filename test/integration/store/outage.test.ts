import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { logLines, type RunningFunction } from '../../support/bundledFunction.ts';
import { DynamoDbProxy } from '../../support/dynamoDbProxy.ts';
import {
  appSyncEvent,
  httpApiEvent,
  httpApiV1Event,
  restRequestEvent,
  restTokenEvent,
  webSocketEvent,
} from '../../../testing/authorizerEvents.ts';
import type { TestRequest } from '../../../testing/request.ts';
import { FunctionPool } from '../../support/functionPool.ts';
import { startFunctionTable, type FunctionTable } from '../../support/functionTable.ts';
import { makeKey } from '../../support/keys.ts';

const API_TYPES: readonly (readonly [string, (carried: TestRequest) => object, Record<string, string>])[] = [
  ['REST TOKEN', restTokenEvent, {}],
  ['REST REQUEST', restRequestEvent, {}],
  ['HTTP 1.0', httpApiV1Event, {}],
  ['HTTP 2.0, policy', httpApiEvent, {}],
  ['HTTP 2.0, simple', httpApiEvent, { LATCHKEY_HTTP_API_RESPONSE: 'simple' }],
  ['WebSocket', webSocketEvent, {}],
  ['AppSync', appSyncEvent, {}],
];

const bearing = (secret: string): TestRequest => ({ headers: [['Authorization', `Bearer ${secret}`]] });
const ALLOWED = /"Effect":"Allow"|"isAuthorized":true/;

let table: FunctionTable;
let proxy: DynamoDbProxy;
let isDown = false;
const functions = new FunctionPool();
beforeAll(async () => {
  table = await startFunctionTable();
  proxy = await DynamoDbProxy.start({
    endpoint: table.endpoint,
    intercept: (_, response) => {
      if (isDown) response.writeHead(500).end('{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}');
      return isDown;
    },
  });
});
beforeEach(() => {
  isDown = false;
});
afterAll(async () => {
  await functions.stop();
  await proxy.stop();
  await table.stop();
});

/** Returns the lines that the function logs during the action. */
async function logsDuring({ output }: RunningFunction, action: () => Promise<void>) {
  const before = output().length;
  await action();
  return logLines(output().slice(before));
}

describe.each(API_TYPES)('a function for %s', (_, makeEvent, settings) => {
  test('throws a LatchkeyError for a key only until the table responds again', async () => {
    const { secret, record } = makeKey();
    await table.put(record);
    const running = await functions.get(proxy.endpoint, settings);
    const logged = await logsDuring(running, async () => {
      isDown = true;
      for (let request = 0; request < 2; request++) {
        expect(await running.invoke(makeEvent(bearing(secret)))).toMatchObject({ errorType: 'LatchkeyError' });
      }
      isDown = false;
      expect(JSON.stringify(await running.invoke(makeEvent(bearing(secret))))).toMatch(ALLOWED);
    });
    const faults = logged.map(({ code, cause }) => [code, cause]);
    expect(faults).toEqual(Array.from({ length: 2 }, () => ['STORE_UNAVAILABLE', 'InternalServerError']));
  });

  test('allows only a key that was read before the outage if staleIfError is set', async () => {
    const { secret, record } = makeKey();
    await table.put(record);
    const stale = { ...settings, LATCHKEY_RECORD_CACHE_SECONDS: '0', LATCHKEY_STALE_IF_ERROR_SECONDS: '60' };
    const { invoke } = await functions.get(proxy.endpoint, stale);
    await invoke(makeEvent(bearing(secret)));
    isDown = true;
    expect(JSON.stringify(await invoke(makeEvent(bearing(secret))))).toMatch(ALLOWED);
    expect(await invoke(makeEvent(bearing(makeKey().secret)))).toMatchObject({ errorType: 'LatchkeyError' });
  });
});

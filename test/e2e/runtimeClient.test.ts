import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from '@jest/globals';
import { describeFunction } from '../integration/store/functionContract.ts';
import { restRequestEvent } from '../../testing/authorizerEvents.ts';
import { BUNDLE, functionEnvironment, logLines, startFunction } from '../support/bundledFunction.ts';
import { ACTIVE, bearing, RECORDS } from '../support/functionCases.ts';
import { startFunctionTable, type FunctionTable } from '../support/functionTable.ts';
import { type FunctionUnderRuntimeClient, LAMBDA_NODE, startUnderRuntimeClient } from '../support/runtimeClient.ts';

const startBundle = (endpoint: string, settings: Readonly<Record<string, string>> = {}) =>
  startUnderRuntimeClient(BUNDLE, functionEnvironment(endpoint, settings));

test('the tests use the major version of Node that the deployed function uses', () => {
  const { stdout } = spawnSync(LAMBDA_NODE, ['--version'], { encoding: 'utf8' });
  expect(stdout).toMatch(/^v24\./);
});

// Both run the same cases, so their responses are the same.
describeFunction("the bundle under Lambda's runtime client on Node 24", startBundle);
describeFunction(`the bundle on Node ${process.versions.node}`, startFunction);

describe('an invalid setting', () => {
  test("makes the function's init phase fail under Lambda's runtime client", async () => {
    const starting = startBundle('http://127.0.0.1:1', { LATCHKEY_RECORD_CACHE_SECONDS: 'soon' });
    await expect(starting).rejects.toThrow(/LatchkeyError: LATCHKEY_RECORD_CACHE_SECONDS/);
  });
});

describe('the bundle with usage lines', () => {
  let table: FunctionTable | undefined;
  let bundle: FunctionUnderRuntimeClient | undefined;
  afterAll(async () => {
    await bundle?.stop();
    await table?.stop();
  });

  test("registers as an extension under Lambda's runtime client, and writes its pending counts on SIGTERM", async () => {
    table = await startFunctionTable(...RECORDS);
    bundle = await startBundle(table.endpoint, { LATCHKEY_USAGE: 'true' });
    expect(bundle.hasWaitingExtension()).toBe(true);
    for (let requests = 0; requests < 3; requests++) await bundle.invoke(restRequestEvent(bearing(ACTIVE.secret)));
    // Node's default timeout of a connection is 5 seconds.
    await sleep(6000);
    expect(bundle.hasWaitingExtension()).toBe(true);
    bundle.terminate();
    const counts = () =>
      logLines(String(bundle?.output()))
        .filter(({ message }) => message === 'usage')
        .map(({ keys }) => Object.values(Object(keys)[ACTIVE.record.id]));
    while (counts().length < 2) await sleep(10);
    expect(counts()).toEqual([[{ allowed: 1 }], [{ allowed: 2 }]]);
  });
});

import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { describeFunction } from '../integration/store/functionContract.ts';
import { BUNDLE, functionEnvironment, startFunction } from '../support/bundledFunction.ts';
import { LAMBDA_NODE, startUnderRuntimeClient } from '../support/runtimeClient.ts';

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

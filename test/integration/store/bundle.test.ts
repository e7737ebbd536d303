import { expect, test } from '@jest/globals';
import { startFunction } from '../../support/bundledFunction.ts';
import { describeFunction } from './functionContract.ts';

describeFunction(`the bundle on Node ${process.versions.node}`, startFunction);

test.each([
  ['an empty table name', { LATCHKEY_TABLE: '' }],
  ['an invalid setting', { LATCHKEY_RECORD_CACHE_SECONDS: 'soon' }],
])('the bundle logs a fault during initialization if it has %s', async (_, settings) => {
  await expect(startFunction('http://127.0.0.1:1', settings)).rejects.toThrow(
    /"message":"fault","code":"CONFIG_INVALID"/,
  );
});

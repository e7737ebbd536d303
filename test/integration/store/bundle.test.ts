import { expect, test } from '@jest/globals';
import { startFunction } from '../../support/bundledFunction.ts';
import { describeFunction } from './functionContract.ts';

describeFunction(`the bundle on Node ${process.versions.node}`, startFunction);

test.each([
  ['an empty table name', { LATCHKEY_TABLE: '' }],
  ['a setting that cannot be read', { LATCHKEY_RECORD_CACHE_SECONDS: 'soon' }],
])('with %s the bundle does not start, and tells the fault in the log', async (_, settings) => {
  await expect(startFunction('http://127.0.0.1:1', settings)).rejects.toThrow(
    /"message":"fault","code":"CONFIG_INVALID"/,
  );
});

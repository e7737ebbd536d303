import { describe, expect, test } from '@jest/globals';
import { generateSecret, hashSecret, type KeySecret } from '../../../keys/secret.ts';
import { readOptions, KeyVerifier, type DecisionOptions } from '../../../lambda/verifier.ts';
import { MemoryLookup } from '../../../testing/memoryLookup.ts';
import { makeKey, NOW_MS } from '../../support/keys.ts';

const EXTERNAL = { prefixes: ['acme-'], minLength: 20, maxLength: 30 };

/** Returns the decision on a key and the number of reads that it took. The table has no record of the key. */
async function decide(options: DecisionOptions, key: string) {
  const lookup = new MemoryLookup(makeKey().record);
  const config = readOptions({ tableName: 'keys', ...options });
  const verifier = new KeyVerifier({ config, lookup, now: () => NOW_MS, onLastUsedWriteFailed: () => {} });
  const decision = await verifier.verify(key);
  return { decision, reads: lookup.reads };
}

describe('a verifier reads the table for a key in an accepted format', () => {
  test.each<[string, DecisionOptions, string]>([
    ['the prefix sk_', {}, generateSecret('sk_')],
    ['the prefix sk_', { keyPrefixes: ['sk_', 'sk_live_'] }, generateSecret('sk_')],
    ['the prefix sk_live_', { keyPrefixes: ['sk_', 'sk_live_'] }, generateSecret('sk_live_')],
    ['16 characters', { externalKeys: true }, 'x'.repeat(16)],
    ['the prefix sk_', { externalKeys: EXTERNAL }, generateSecret('sk_')],
    ['the minimum length', { externalKeys: EXTERNAL }, `acme-${'x'.repeat(15)}`],
    ['the maximum length', { externalKeys: EXTERNAL }, `acme-${'x'.repeat(25)}`],
    ['1024 characters', { externalKeys: { maxLength: 1024 } }, 'x'.repeat(1024)],
  ])('accepts the format of a key with %s if the options are %j', async (_, options, key) => {
    expect(await decide(options, key)).toEqual({ decision: { effect: 'deny', code: 'INVALID_KEY' }, reads: 1 });
  });
});

describe('a verifier refuses every other key without a read', () => {
  test.each<[string, DecisionOptions, string]>([
    ['the prefix sk_live_', {}, generateSecret('sk_live_')],
    ['the prefix sk_test_', { keyPrefixes: ['sk_live_'] }, generateSecret('sk_test_')],
    ['the prefix sk_', { keyPrefixes: ['sk_live_'] }, generateSecret('sk_')],
    ['15 characters', { externalKeys: true }, 'x'.repeat(15)],
    ['256 characters', { externalKeys: true }, 'x'.repeat(256)],
    ['a comma', { externalKeys: true }, `${'x'.repeat(16)},x`],
    ['16 characters', { externalKeys: false }, 'x'.repeat(16)],
    ['the prefix sk_test_', { externalKeys: EXTERNAL }, generateSecret('sk_test_')],
    ['too few characters', { externalKeys: EXTERNAL }, `acme-${'x'.repeat(14)}`],
    ['too many characters', { externalKeys: EXTERNAL }, `acme-${'x'.repeat(26)}`],
    ['the prefix in capitals', { externalKeys: EXTERNAL }, `ACME-${'x'.repeat(20)}`],
    ['a character outside ASCII', { externalKeys: EXTERNAL }, `acme-${'x'.repeat(15)}\u00e9`],
  ])('refuses a key with %s if the options are %j', async (_, options, key) => {
    expect(await decide(options, key)).toEqual({ decision: { effect: 'deny', code: 'INVALID_KEY' }, reads: 0 });
  });
});

test('a verifier accepts an external key whose hash is in the table', async () => {
  const key = 'acme-0123456789abcdef' as KeySecret;
  const lookup = new MemoryLookup({ ...makeKey().record, keyHash: hashSecret(key) });
  const config = readOptions({ tableName: 'keys', externalKeys: EXTERNAL });
  const verifier = new KeyVerifier({ config, lookup, now: () => NOW_MS, onLastUsedWriteFailed: () => {} });
  expect(await verifier.verify(key)).toMatchObject({ effect: 'allow' });
});

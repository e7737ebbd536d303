import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { estimatedBits, MIN_STRENGTH_BITS, shownPartOf } from '../../../../cli/importExport/notAKey.ts';

test.each([
  ['32 hex digits are 128 bits', '0123456789abcdeffedcba9876543210', 128],
  ['capital hex is hex', '0123456789ABCDEFFEDCBA9876543210', 128],
  ['34 decimal digits are 112 bits', '1234567890098765432112345678900987', 112],
  ['33 decimal digits are not', '123456789009876543211234567890098', 109],
  ['19 letters of both cases and digits are 113 bits', 'aB3dE6gH9jK2mN5pQ8s', 113],
  ['18 are not', 'aB3dE6gH9jK2mN5pQ8', 107],
  ['a prefix counts nothing', 'sk_live_aB3dE6gH9jK2mN5pQ8', 107],
  ['a block that repeats itself counts once', 'passw0rd!passw0rd!passw0rd!', 54],
  ['also if its last one is cut off', 'passw0rd!passw0rd!passw', 54],
  ['few different characters count nothing', 'abcab'.repeat(20), 0],
])('%s', (_, key, bits) => {
  expect(estimatedBits(key)).toBe(bits);
});

test('a key of 256 random bits is never weak, whatever it is written in', () => {
  for (let round = 0; round < 1000; round++) {
    const bytes = randomBytes(32);
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      expect(estimatedBits(`sk_${bytes.toString(encoding)}`)).toBeGreaterThanOrEqual(MIN_STRENGTH_BITS);
    }
  }
});

test('as much of a key is shown as leaves the rest strong: its prefix and 8 characters, or nothing', () => {
  const key = `sk_${'aB3dE6gH9jK2mN5pQ8s'.repeat(2)}`;
  expect(shownPartOf(key)).toBe('sk_aB3dE6g');
  expect(shownPartOf(key.slice(0, 3 + 8 + 18))).toBeUndefined();
});

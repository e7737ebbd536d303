import { expect, test } from '@jest/globals';
import { isSafeToPrint } from '../../../keys/fields.ts';

const UUID = '0f8c1a52-5b8e-4c56-9d2f-7a1f6f0a3b11';

test.each([
  ['a UUID', UUID, true],
  ['a UUID in capitals', UUID.toUpperCase(), true],
  ['the start of a UUID, as long as a key made elsewhere can be', UUID.slice(0, 18), true],
  ['what is too short for a key', 'x'.repeat(15), true],
  ['what is as long as a key made elsewhere can be', 'x'.repeat(16), false],
  ['a key that is a UUID behind a prefix', `sk${UUID}`, false],
  ['a key that is a UUID with more behind it', `${UUID}0`, false],
])('%s, given for an id that no key has, may be told: %s, %p', (_, id, tellable) => {
  expect(isSafeToPrint(id)).toBe(tellable);
});

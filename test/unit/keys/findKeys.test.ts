import { describe, expect, test } from '@jest/globals';
import { encodeChecksum, generateSecret } from '../../../keys/secret.ts';
import { findKeys, MAX_KEY_LENGTH } from '../../../keys/findKeys.ts';
const LONGEST_PREFIX = 'abcdefghijklmno_';
const [KEY, OTHER, LONGEST] = [generateSecret('sk_'), generateSecret('live9_'), generateSecret(LONGEST_PREFIX)];
const FOUND_KEY = { secret: KEY, prefix: 'sk_', index: 0 };
const FOUND_OTHER = { secret: OTHER, prefix: 'live9_', index: 0 };

/** Its CRC-32 is 0, that of no text: a checksum is the same with it in front as without. */
const LEAVES_NO_TRACE = 'a9jdwnx';

describe('a key is found with its prefix and its place', () => {
  test.each([
    ['alone', KEY, [FOUND_KEY]],
    ['of the longest prefix', `${LONGEST}.`, [{ secret: LONGEST, prefix: LONGEST_PREFIX, index: 0 }]],
    ['behind small letters', `xy${KEY}`, [{ ...FOUND_KEY, index: 2 }]],
    ['behind a digit', `1${KEY}`, [{ ...FOUND_KEY, index: 1 }]],
    ['behind capitals', `KEY=${KEY}`, [{ ...FOUND_KEY, index: 4 }]],
    ['before letters', `${KEY}zz`, [FOUND_KEY]],
    ['with another right behind it', KEY + OTHER, [FOUND_KEY, { ...FOUND_OTHER, index: KEY.length }]],
  ])('%s', (_, text, found) => {
    expect([...findKeys(text)]).toEqual(found);
  });

  test('once, under the longer prefix, where a shorter one fits as well', () => {
    const text = LEAVES_NO_TRACE + KEY;
    expect([...findKeys(text)]).toEqual([{ secret: text, prefix: `${LEAVES_NO_TRACE}sk_`, index: 0 }]);
    expect([...findKeys(text, 'sk_')]).toEqual([{ ...FOUND_KEY, index: LEAVES_NO_TRACE.length }]);
  });
});

test('of the prefix that is asked for, and of no other', () => {
  const text = `${OTHER} ${KEY} ${LONGEST}`;
  expect([...findKeys(text, 'sk_')]).toEqual([{ ...FOUND_KEY, index: OTHER.length + 1 }]);
  expect([...findKeys(text, 'live9_')]).toEqual([FOUND_OTHER]);
  expect([...findKeys(text, 'none_')]).toEqual([]);
});

test.each(['1a_', '_', 'abcdefghijklmnop_'])(
  'what would be a key of %j, which no deployment can have, is none',
  (prefix) => {
    const body = prefix + '0'.repeat(43);
    expect([...findKeys(body + encodeChecksum(body))]).toEqual([]);
  },
);

test('no key is longer than the longest', () => {
  expect(LONGEST).toHaveLength(MAX_KEY_LENGTH);
});

import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findKeys, maskKeys, mayHoldKey } from '../../../keys/findKeys.ts';
import { encodeChecksum, generateSecret, MAX_ISSUED_LENGTH } from '../../../keys/secret.ts';

const LONGEST_PREFIX = 'abcdefgh_ijklmno_pqrstu_';
const [KEY, OTHER, LONGEST] = [generateSecret('sk_'), generateSecret('live9_'), generateSecret(LONGEST_PREFIX)];
const LIVE = generateSecret('sk_live_');
const FOUND_LIVE = { secret: LIVE, prefix: 'sk_live_', index: 0 };
const FOUND_KEY = { secret: KEY, prefix: 'sk_', index: 0 };
const FOUND_OTHER = { secret: OTHER, prefix: 'live9_', index: 0 };

/** A string with the CRC-32 of an empty string. A checksum stays the same if this string is prepended. */
const LEAVES_NO_TRACE = 'a9jdwnx';

describe('findKeys', () => {
  test.each([
    ['alone', KEY, [FOUND_KEY]],
    ['with the longest prefix', `${LONGEST}.`, [{ secret: LONGEST, prefix: LONGEST_PREFIX, index: 0 }]],
    ['after small letters', `xy${KEY}`, [{ ...FOUND_KEY, index: 2 }]],
    ['after a digit', `1${KEY}`, [{ ...FOUND_KEY, index: 1 }]],
    ['after capitals', `KEY=${KEY}`, [{ ...FOUND_KEY, index: 4 }]],
    ['before letters', `${KEY}zz`, [FOUND_KEY]],
    ['with a prefix of two segments', LIVE, [FOUND_LIVE]],
    ['with a prefix of two segments after capitals and an underscore', `MY_${LIVE}`, [{ ...FOUND_LIVE, index: 3 }]],
    [
      'with a prefix of two segments after small letters and an underscore',
      `my_${LIVE}`,
      [{ ...FOUND_LIVE, index: 3 }],
    ],
    ['after the first segment of another prefix', `sk_${KEY}`, [{ ...FOUND_KEY, index: 3 }]],
    ['with another key right after it', KEY + OTHER, [FOUND_KEY, { ...FOUND_OTHER, index: KEY.length }]],
  ])('returns the prefix and the position of a key %s', (_, text, found) => {
    expect([...findKeys(text)]).toEqual(found);
  });

  test('returns a key only with its longest possible prefix', () => {
    const text = LEAVES_NO_TRACE + KEY;
    expect([...findKeys(text)]).toEqual([{ secret: text, prefix: `${LEAVES_NO_TRACE}sk_`, index: 0 }]);
    expect([...findKeys(text, 'sk_')]).toEqual([{ ...FOUND_KEY, index: LEAVES_NO_TRACE.length }]);
  });
});

test('findKeys finds only keys with the given prefix', () => {
  const text = `${OTHER} ${KEY} ${LONGEST}`;
  expect([...findKeys(text, 'sk_')]).toEqual([{ ...FOUND_KEY, index: OTHER.length + 1 }]);
  expect([...findKeys(text, 'live9_')]).toEqual([FOUND_OTHER]);
  expect([...findKeys(text, 'none_')]).toEqual([]);
});

test.each(['1a_', '_', 'abcdefgh_ijklmno_pqrstuv_'])(
  "findKeys doesn't find a key with the invalid prefix %j",
  (prefix) => {
    const body = prefix + '0'.repeat(43);
    expect([...findKeys(body + encodeChecksum(body))]).toEqual([]);
  },
);

test('MAX_ISSUED_LENGTH is the length of the longest key', () => {
  expect(LONGEST).toHaveLength(MAX_ISSUED_LENGTH);
});

/** The number of characters that maskKeys keeps. */
const LONGEST_SHOWN = 4;

describe('maskKeys', () => {
  const forms: readonly (readonly [string, (key: string) => string])[] = [
    ['alone', (key) => key],
    ['in quotes', (key) => `error: unknown command '${key}'`],
    ['in JSON quotes', (key) => `plan: expected a name, got "${key}"`],
    ['after an equals sign', (key) => `--plan=${key}`],
    ['in a URL', (key) => `https://api.example.com/orders?api_key=${key}&page=2`],
    ['as a file in a directory', (key) => `cannot read ./keys/${key}: ENOENT`],
  ];
  const keys: readonly (readonly [string, string])[] = [
    ['base64url', 'sk_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE'],
    ['base62', 'live51HxYzAbCdEfGh1234567890'],
    ['hex', '9f86d081884c7d659a2feaa0c55ad015'],
    ['16 characters', 'aB3dE5gH7jK9mN1p'],
    ['letters and digits in groups', 'ABCD-1234-EFGH-5678-IJKL'],
    ['small letters and digits', '3f9k2m8q7x1z5b4n6v0c8d2g7h'],
    ['24 letters', 'qzkvjxwpmrtbnghydlfcsaeu'],
    ['a password', 'P@ssw0rd!xY7#kQ2z'],
  ];
  test.each(forms.flatMap(([place, write]) => keys.map(([kind, key]) => [kind, place, key, write(key)] as const)))(
    'masks a key (%s) that is written %s',
    (_, __, key, text) => {
      const masked = maskKeys(text);
      for (let at = 0; at + LONGEST_SHOWN < key.length; at++) {
        expect(masked).not.toContain(key.slice(at, at + LONGEST_SHOWN + 1));
      }
    },
  );

  test('masks any random base64url key', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 24, maxLength: 48 }), (bytes) => {
        fc.pre(new Set(bytes).size > 16);
        const key = Buffer.from(bytes).toString('base64url');
        expect(maskKeys(`error: unknown command '${key}'`)).not.toContain(key.slice(0, 8));
      }),
    );
  });

  test('keeps the prefix and 8 characters of a key of Latchkey', () => {
    const secret = generateSecret('sk_');
    expect(maskKeys(`'x${secret}'`)).toBe(`'x${secret.slice(0, 11)}…'`);
  });

  test('masks a whole key in base64 that contains slashes', () => {
    const key = '/2o9Vbq1XyZk/Qm3n8Tr4LwPa/c7Hd0Gf5JsEu/1NvBxK9i';
    expect(maskKeys(`error: unknown command '${key}'`)).toBe("error: unknown command '/2o9… (47 characters)'");
  });

  test('adds the length of the key to the masked key', () => {
    expect(maskKeys("'9f86d081884c7d659a2feaa0c55ad015'")).toBe("'9f86… (32 characters)'");
  });
});

test.each([
  'staleIfErrorSeconds: expected whole seconds, got "NaN"',
  'LATCHKEY_STALE_IF_ERROR_SECONDS',
  'reservedConcurrentExecutions',
  randomUUID(),
  `key-${randomUUID()}`,
  '0f8c1a52-5b8e-4c56-9d2f',
  '0f8c1a52-5b8e-4c56-9d2f-7a1f6f0a3b1',
  '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  '2030-01-31T12:00:00.000Z',
  '2030-01-31T12:00:00+01:00',
  '/tmp/latchkey-test-aB3dE5/latchkey-cli-xY7kQ2/made.jsonl',
  './orders-2024/keys.jsonl',
  'https://dynamodb.eu-central-1.amazonaws.com:8000',
  'arn:aws:iam::111122223333:role/OrganizationAccountAccessRole',
  'AWS_ENDPOINT_URL_DYNAMODB',
  'cloudformation:DescribeStacks',
  'LatchkeyStack-Keys-Production',
  'LatchkeyStack-KeysTable5B1B5C3D-1ABCDEFGH2345',
  'internationalization',
  '--skip-existing',
])('maskKeys keeps %s', (text) => {
  expect(maskKeys(`error: expected another text, got "${text}"`)).toContain(text);
  expect(mayHoldKey(text)).toBe(false);
});

test('maskKeys masks only the random hex bytes in a path', () => {
  const key = randomBytes(16).toString('hex');
  expect(maskKeys(`/var/lib/${key}/x.json`)).toBe(`/var/lib/${key.slice(0, 4)}… (32 characters)/x.json`);
});

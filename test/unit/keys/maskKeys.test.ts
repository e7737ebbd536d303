import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { maskKeys, mayHoldKey } from '../../../keys/findKeys.ts';
import { generateSecret } from '../../../keys/secret.ts';

/** Longer than the 4 characters that a message keeps. */
const LONGEST_SHOWN = 4;

describe('a key is not repeated', () => {
  const forms: readonly (readonly [string, (key: string) => string])[] = [
    ['alone', (key) => key],
    ['in quotes', (key) => `error: unknown command '${key}'`],
    ['in JSON quotes', (key) => `plan: got "${key}", wanted a name`],
    ['behind an equals sign', (key) => `--plan=${key}`],
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
    '%s %s',
    (_, __, key, text) => {
      const masked = maskKeys(text);
      for (let at = 0; at + LONGEST_SHOWN < key.length; at++) {
        expect(masked).not.toContain(key.slice(at, at + LONGEST_SHOWN + 1));
      }
    },
  );

  test('of any random base64url key', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 24, maxLength: 48 }), (bytes) => {
        fc.pre(new Set(bytes).size > 16);
        const key = Buffer.from(bytes).toString('base64url');
        expect(maskKeys(`error: unknown command '${key}'`)).not.toContain(key.slice(0, 8));
      }),
    );
  });

  test('and of one issued here, the prefix and 8 characters stay', () => {
    const secret = generateSecret('sk_');
    expect(maskKeys(`'x${secret}'`)).toBe(`'x${secret.slice(0, 11)}…'`);
  });

  test('in base64 that begins with a slash and has more of them', () => {
    const key = '/2o9Vbq1XyZk/Qm3n8Tr4LwPa/c7Hd0Gf5JsEu/1NvBxK9i';
    expect(maskKeys(`error: unknown command '${key}'`)).toBe("error: unknown command '/2o9… (47 characters)'");
  });

  test('says how long it is', () => {
    expect(maskKeys("'9f86d081884c7d659a2feaa0c55ad015'")).toBe("'9f86… (32 characters)'");
  });
});

test.each([
  'staleIfErrorSeconds: got "NaN", wanted whole seconds',
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
])('%s stays readable', (text) => {
  expect(maskKeys(`error: got "${text}", wanted another`)).toContain(text);
  expect(mayHoldKey(text)).toBe(false);
});

test('random bytes in hex are masked in a path too, and the rest of the path stays', () => {
  const key = randomBytes(16).toString('hex');
  expect(maskKeys(`/var/lib/${key}/x.json`)).toBe(`/var/lib/${key.slice(0, 4)}… (32 characters)/x.json`);
});

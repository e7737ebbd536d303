import { describe, expect, test } from '@jest/globals';
import { LatchkeyError } from '../../../keys/errors.ts';
import { checkNewKey, toExpiryFields } from '../../../keys/fields.ts';
import { generateSecret } from '../../../keys/secret.ts';
import { deepValue } from '../../support/deepJson.ts';
import { NOW_MS } from '../../support/keys.ts';

function problemOf(input: unknown): string {
  try {
    checkNewKey(input, NOW_MS);
  } catch (error) {
    if (error instanceof LatchkeyError && error.code === 'INPUT_INVALID') return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}

test.each(['label', 'owner', 'scopes', 'plan', 'expiresAt', 'metadata'])(
  '%s of 25,000 lists in each other is refused by name, and exhausts no stack',
  (name) => {
    const deep = name === 'metadata' ? { deep: deepValue(25_000) } : deepValue(25_000);
    expect(problemOf({ label: 'x', [name]: deep })).toMatch(
      new RegExp(`^${name}: expected .+, got objects and lists more than 32 deep`),
    );
  },
);

test.each(['label', 'owner', 'scopes', 'plan', 'expiresAt', 'metadata'])(
  'checkNewKey rejects a value of %s that holds itself twice, and ends',
  (name) => {
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    cyclic['again'] = cyclic;
    expect(problemOf({ label: 'x', [name]: cyclic })).toMatch(
      new RegExp(`^${name}: expected .+, got objects and lists more than 32 deep`),
    );
  },
);

test.each([
  ['a bigint', 1n],
  ['a symbol', Symbol('s')],
  ['a function', () => {}],
  ['a date', new Date(0)],
  ['nothing', undefined],
])('checkNewKey rejects metadata with %s in it', (_, value) => {
  expect(problemOf({ label: 'x', metadata: { a: [value] } })).toMatch(/^metadata: expected .+, got an object$/);
  expect(problemOf({ label: 'x', scopes: [value] })).toMatch(/^scopes: expected .+, got a list of 1 with /);
});

test('checkNewKey rejects a list of scopes with a gap', () => {
  const scopes: string[] = [];
  scopes.length = 1;
  expect(problemOf({ label: 'x', scopes })).toMatch(/^scopes: expected .+, got a list of 1 with nothing in it/);
});

test('a new key shares no list and no object with its input', () => {
  const scopes = ['a'];
  const metadata = { list: ['a'] };
  const checked = checkNewKey({ label: 'x', scopes, metadata }, NOW_MS);
  scopes.push('bad,scope');
  metadata.list.push('b');
  expect(checked).toStrictEqual({ label: 'x', scopes: ['a'], metadata: { list: ['a'] } });
});

describe('the bounds of a new key', () => {
  test.each([
    ['a label of 256 characters', { label: 'x'.repeat(256) }],
    ['an owner of 256 characters', { label: 'x', owner: 'x'.repeat(256) }],
    ['scopes of 1024 characters together', { label: 'x', scopes: ['x'.repeat(512), 'x'.repeat(511)] }],
    ['an empty list of scopes', { label: 'x', scopes: [] }],
    ['a plan of 64 characters', { label: 'x', plan: `9.${'x'.repeat(60)}-_` }],
    ['a plan of one character', { label: 'x', plan: 'A' }],
    ['metadata of 1024 bytes', { label: 'x', metadata: { a: 'x'.repeat(1016) } }],
  ])('%s is taken', (_, input) => {
    expect(checkNewKey(input, NOW_MS)).toStrictEqual(input);
  });

  test('an expiry is taken in its stored form, and the record is kept for 90 days from then', () => {
    expect(checkNewKey({ label: 'x', expiresAt: '2031-01-31T13:00+01:00' }, NOW_MS)).toStrictEqual({
      label: 'x',
      expiresAt: '2031-01-31T12:00:00.000Z',
      // 31 January 2031, 12:00, and 90 days.
      purgeAfter: 1_935_403_200,
    });
  });

  test('an expiry that nobody checked is not stored', () => {
    expect(() => toExpiryFields('tomorrow')).toThrow(expect.objectContaining({ code: 'INTERNAL_ERROR' }));
  });

  test.each([
    ['label', { label: 'x'.repeat(257) }],
    ['label', { label: '' }],
    ['label', {}],
    ['label', Object.assign(() => {}, { label: 'x' })],
    ['owner', { label: 'x', owner: 'x'.repeat(257) }],
    ['owner', { label: 'x', owner: '' }],
    ['scopes', { label: 'x', scopes: ['x'.repeat(512), 'x'.repeat(512)] }],
    ['scopes', { label: 'x', scopes: ['a b'] }],
    ['scopes', { label: 'x', scopes: ['a', 1] }],
    ['plan', { label: 'x', plan: 'x'.repeat(65) }],
    ['plan', { label: 'x', plan: '' }],
    ['plan', { label: 'x', plan: '.free' }],
    ['plan', { label: 'x', plan: 'free plan' }],
    ['plan', { label: 'x', plan: 'frée' }],
    ['plan', { label: 'x', plan: 'free\n' }],
    ['plan', { label: 'x', plan: null }],
    ['metadata', { label: 'x', metadata: { a: 'x'.repeat(1017) } }],
    ['metadata', { label: 'x', metadata: [] }],
    ['expiresAt', { label: 'x', expiresAt: '2031-02-30T00:00:00Z' }],
    ['expiresAt', { label: 'x', expiresAt: '2020-01-01T00:00:00Z' }],
  ])('a bad %s is told: %p', (field, input) => {
    expect(problemOf(input)).toMatch(new RegExp(`^${field}: expected .+, got \\S`));
  });
});

describe('a key in a field that is wrong is not told', () => {
  const secret = generateSecret('sk_');
  const foreign = 'sk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';

  test.each(
    [secret, foreign, generateSecret('abcdefghijklmno_')].flatMap((key) =>
      Array.from({ length: 70 }, (_, offset) => [offset, key] as const),
    ),
  )('at %i: %s', (offset, key) => {
    const before = 'x '.repeat(offset / 2);
    const message = problemOf({
      label: `${before}${key} ${'x'.repeat(300)}`,
      owner: { name: before + key },
      scopes: [before + key, ' '],
      plan: `.${before}${key}`,
      expiresAt: before + key,
      metadata: { key: before + key, more: 'x'.repeat(1100) },
    });
    expect(message.split(';')).toHaveLength(6);
    for (let at = 0; at + 12 <= key.length; at++) {
      const part = key.slice(at, at + 12);
      expect(message.includes(part)).toBe(false);
    }
  });
});

import { describe, expect, test } from '@jest/globals';
import { parseTime, problemOf, wantedOf } from '../../keys/keyFields.ts';
import type { JsonValue } from '../../keys/record.ts';
import { NOW_MS } from '../support/keys.ts';

/** As many objects, one in the other, around the value. */
function nested(levels: number, value: JsonValue): JsonValue {
  return levels === 0 ? value : { a: nested(levels - 1, value) };
}

describe('a time', () => {
  test.each([
    ['with milliseconds', '2031-01-31T12:00:00.123Z', '2031-01-31T12:00:00.123Z'],
    ['without seconds', '2031-01-31T12:00Z', '2031-01-31T12:00:00.000Z'],
    ['of a zone before', '2031-01-31T12:00:00+05:30', '2031-01-31T06:30:00.000Z'],
    ['of a zone behind', '2031-01-31T12:00:00-05:30', '2031-01-31T17:30:00.000Z'],
    ['that is the first', '0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000Z'],
    ['that is the last', '9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('%s is read', (_, text, stored) => {
    expect(parseTime(text)).toBe(stored);
  });

  test.each([
    ['before the first', '0000-01-01T00:00:00+01:00'],
    ['behind the last', '9999-12-31T23:00:00-01:00'],
    ['with an hour that no day has', '2031-01-31T25:00:00Z'],
    ['with a year of six digits', '+002031-01-31T12:00:00Z'],
    ['with more behind it', '2031-01-31T12:00:00Z\0'],
    ['with more than milliseconds', '2031-01-31T12:00:00.1234Z'],
    ['in a list', ['2031-01-31T12:00:00Z']],
    ['in milliseconds', NOW_MS],
  ])('%s is not read', (_, value) => {
    expect(parseTime(value)).toBeUndefined();
  });

  test.each([
    ['2031-01-31T12:00:00.123456789Z', '2031-01-31T12:00:00.123Z'],
    ['2031-01-31T12:00:00.1234567891Z', undefined],
  ])('that may have nanoseconds is cut to milliseconds: %s', (text, stored) => {
    expect(parseTime(text, { fractionDigits: 9 })).toBe(stored);
  });
});

describe('metadata', () => {
  test.each([
    ['of 1024 bytes', { a: `${'x'.repeat(1014)}é` }],
    ['of 30 levels', nested(30, true)],
    ['with numbers that the table keeps', { all: [0, 9.9e125, -9.9e125, 1e-130, -1e-130] }],
    ['with names that objects have from elsewhere', { toString: 'x', prototype: null }],
  ])('%s is taken', (_, metadata) => {
    expect(problemOf('metadata', metadata, NOW_MS)).toBeUndefined();
  });

  test.each([
    ['of 1025 bytes', { a: `${'x'.repeat(1015)}é` }],
    ['of 31 levels', nested(31, true)],
    ['of 31 levels, the last one empty', nested(30, {})],
    ['with half of a character', { a: '\ud83d' }],
    ['with half of a character in a name', { '\ud83d': 1 }],
    ['with a number that is too great', { a: 1e126 }],
    ['with a number that is too far below zero', { a: -1e126 }],
    ['with a number that is too close to zero', { a: 9.9e-131 }],
    ['whose reader would get another prototype', JSON.parse('{"a":{"__proto__":{}}}')],
    ['whose reader would get a class', { a: { constructor: 'x' } }],
  ])('%s is refused', (_, metadata) => {
    expect(problemOf('metadata', metadata, NOW_MS)).toMatch(/^metadata: got .+, wanted .*1024/);
  });
});

describe('a message tells what a field was', () => {
  test.each([
    [undefined, 'nothing'],
    [null, 'null'],
    [7, '7'],
    [true, 'true'],
    ['a "b"', String.raw`"a \"b\""`],
    ['a '.repeat(30), `"${'a '.repeat(30)}"`],
    [`${'a '.repeat(30)}b`, 'a text of 61 characters'],
    [['a', 'b', 'c'], 'a list of 3'],
    [{ a: 1 }, 'an object of 7 characters'],
  ])('%p', (value, got) => {
    expect(problemOf('plan', value, NOW_MS)?.split(', wanted ')[0]).toBe(`plan: got ${got}`);
  });

  test.each([
    ['15 characters, which are no key', '.12345678901234', '.12345678901234'],
    ['16 characters, which may be one', ' 1234567890abcdef', ' 1234… (16 characters)'],
    [
      'two that may be keys',
      '.sk_live-AbCdEfGhIjKlMnOp sk_test-AbCdEfGhIjKlMnOp',
      '.sk_… (25 characters) sk_t… (24 characters)',
    ],
    ['an override of the direction', 'a\u202eb', String.raw`a\u202eb`],
  ])('and of %s at most the first 4 and its length', (_, value, got) => {
    expect(problemOf('plan', value, NOW_MS)?.split(', wanted ')[0]).toBe(`plan: got "${got}"`);
  });

  test.each([
    ['label', '256'],
    ['owner', '256'],
    ['scopes', '1024'],
    ['plan', '64'],
    ['expiresAt', '8601'],
    ['metadata', '1024'],
  ] as const)('and the bounds of what is wanted of a field: of %s, %s', (name, bound) => {
    expect(wantedOf(name)).toContain(bound);
  });
});

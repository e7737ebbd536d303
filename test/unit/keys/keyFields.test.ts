import { describe, expect, test } from '@jest/globals';
import { findProblem, expectedFor } from '../../../keys/fields.ts';
import type { JsonValue } from '../../../keys/json.ts';
import { NOW_MS } from '../../support/keys.ts';

/** As many objects, one in the other, around the value. */
function nested(levels: number, value: JsonValue): JsonValue {
  return levels === 0 ? value : { a: nested(levels - 1, value) };
}

describe('an expiry', () => {
  test.each([
    '2031-01-31T12:00:00.123456Z',
    '2031-01-31T12:00:00+0100',
    '2031-01-31 12:00:00+01',
    '2031-01-31T12:00Z',
    '2031-01-31',
    '2030-06-15',
  ])('of %s is taken', (text) => {
    expect(findProblem('expiresAt', text, NOW_MS)).toBeUndefined();
  });

  test.each(['2030-06-14', '2030-06-15T12:00:00Z', '2031-01-31T12:00:00', '2031-02-30', '1924905600', 'tomorrow'])(
    'of %s is refused, and what is wanted is told',
    (text) => {
      expect(findProblem('expiresAt', text, NOW_MS)).toBe(
        `expiresAt: expected ${expectedFor('expiresAt')}, got "${text}"`,
      );
    },
  );
});

describe('scopes', () => {
  test.each(['a,b', 'a, b', '{a,b}', '{a', '[a]', 'a b', ''])(
    'with %j among them are refused, and how to write them is told',
    (scope) => {
      const problem = findProblem('scopes', ['fine', scope], NOW_MS);
      expect(problem).toBe(
        `scopes: expected ${expectedFor('scopes')}, got a list of 2 with ${JSON.stringify(scope)} in it`,
      );
      expect(problem).toContain('["orders:read","orders:write"]');
    },
  );

  test('that are one text are refused', () => {
    expect(findProblem('scopes', 'a,b', NOW_MS)).toMatch(/^scopes: expected a list of scopes.*, got "a,b"$/);
  });
});

describe('metadata', () => {
  test.each([
    ['of 1024 bytes', { a: `${'x'.repeat(1014)}é` }],
    ['of 30 levels', nested(30, true)],
    ['with numbers that the table keeps', { all: [0, 9.9e125, -9.9e125, 1e-130, -1e-130] }],
    ['with names that objects have from elsewhere', { toString: 'x', prototype: null }],
  ])('%s is taken', (_, metadata) => {
    expect(findProblem('metadata', metadata, NOW_MS)).toBeUndefined();
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
    expect(findProblem('metadata', metadata, NOW_MS)).toMatch(/^metadata: expected .*1024.*, got .+/);
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
    [{ a: 1 }, 'an object'],
    [{ a: 1n }, 'an object'],
    [new Map(), 'an object'],
    [Object.create(null), 'an object'],
    [7n, 'a bigint'],
    [Symbol('s'), 'a symbol'],
    [() => 'secret', 'a function'],
  ])('%p', (value, got) => {
    expect(findProblem('plan', value, NOW_MS)?.split(', got ')[1]).toBe(`${got}`);
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
    expect(findProblem('plan', value, NOW_MS)?.split(', got ')[1]).toBe(`"${got}"`);
  });

  test.each([
    ['label', '256'],
    ['owner', '256'],
    ['scopes', '1024'],
    ['plan', '64'],
    ['expiresAt', '8601'],
    ['metadata', '1024'],
  ] as const)('and the bounds of what is wanted of a field: of %s, %s', (name, bound) => {
    expect(expectedFor(name)).toContain(bound);
  });
});

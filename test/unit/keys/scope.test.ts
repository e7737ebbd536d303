import { describe, expect, test } from '@jest/globals';
import { isScope, splitScopes } from '../../../keys/scope.ts';

describe('isScope', () => {
  test.each(['orders:read', 'https://api.example.com/auth/orders.read', 'a', '!#$%&()*+-./:<=>?@^_`|~', 'orders/*'])(
    'accepts %s',
    (scope) => {
      expect(isScope(scope)).toBe(true);
    },
  );

  test.each([
    '',
    'a b',
    'a,b',
    '{a',
    'b}',
    '[a',
    'b]',
    '"a"',
    'a\\b',
    'a\tb',
    'a\n',
    'é',
    '\u007f',
    7,
    ['a'],
    undefined,
  ])('rejects %j', (value) => {
    expect(isScope(value)).toBe(false);
  });
});

describe('splitScopes', () => {
  test.each([
    ['orders:read', ['orders:read']],
    ['orders:read,orders:write', ['orders:read', 'orders:write']],
    ['orders:read, orders:write', ['orders:read', 'orders:write']],
    ['orders:read orders:write', ['orders:read', 'orders:write']],
    [' a ,\tb,\n', ['a', 'b']],
    ['{a,b}', ['a', 'b']],
    ['{"a",b}', ['a', 'b']],
    ['{}', []],
    ['["a","b"]', ['a', 'b']],
    ['[]', []],
    ['', []],
    [',', []],
  ])('splits %j into %j', (text, scopes) => {
    expect(splitScopes(text)).toEqual(scopes);
  });

  test.each(['{"a b",c}', '{a,{b}}', '{a', 'a}', '[a b]', '[a,b]', '[1]', '["a",1]', '"a","b"', "['a'"])(
    'returns at least one invalid scope for %j',
    (text) => {
      expect(splitScopes(text).every(isScope)).toBe(false);
    },
  );

  test("doesn't split the elements of a JSON list", () => {
    expect(splitScopes('["a,b"]')).toEqual(['a,b']);
  });
});

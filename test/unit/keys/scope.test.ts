import { describe, expect, test } from '@jest/globals';
import { isScope, splitScopes } from '../../../keys/scope.ts';

describe('a scope', () => {
  test.each(['orders:read', 'https://api.example.com/auth/orders.read', 'a', '!#$%&()*+-./:<=>?@^_`|~', 'orders/*'])(
    'may be %s',
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
  ])('is not %j', (value) => {
    expect(isScope(value)).toBe(false);
  });
});

describe('scopes in one text', () => {
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
  ])('%j are %j', (text, scopes) => {
    expect(splitScopes(text)).toEqual(scopes);
  });

  test.each(['{"a b",c}', '{a,{b}}', '{a', 'a}', '[a b]', '[a,b]', '[1]', '["a",1]', '"a","b"', "['a'"])(
    'are not all scopes in %j',
    (text) => {
      expect(splitScopes(text).every(isScope)).toBe(false);
    },
  );

  test('that JSON has as a list are not split further', () => {
    expect(splitScopes('["a,b"]')).toEqual(['a,b']);
  });
});

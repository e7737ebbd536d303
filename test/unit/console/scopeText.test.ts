import { describe, expect, test } from '@jest/globals';
import { parseScopeText, suggestScopes, toScopeText } from '../../../console/page/scopeText.ts';

describe('parseScopeText', () => {
  test.each([
    ['a b', ['a'], 'b'],
    ['a b ', ['a', 'b'], ''],
    ['a,b,', ['a', 'b'], ''],
    ['', [], ''],
  ])('reads %p while the user types', (text, chips, draft) => {
    expect(parseScopeText(text, true)).toEqual({ chips, draft });
  });

  test('has no draft after the user has left the field', () => {
    expect(parseScopeText('a b', false)).toEqual({ chips: ['a', 'b'], draft: '' });
  });

  test('reads a pasted JSON list as chips', () => {
    expect(parseScopeText('["a","b"]', true)).toEqual({ chips: ['a', 'b'], draft: '' });
  });
});

describe('toScopeText', () => {
  test.each<[readonly string[], string]>([
    [['a', 'b'], ''],
    [['a'], 'b'],
    [[], 'b'],
    [[], ''],
  ])('returns text that parses to the chips %p and the draft %p', (chips, draft) => {
    expect(parseScopeText(toScopeText(chips, draft), true)).toEqual({ chips, draft });
  });

  test('drops a scope that is already a chip', () => {
    expect(toScopeText(['a', 'b', 'a'])).toBe('a b ');
  });
});

describe('suggestScopes', () => {
  test('returns the known scopes that contain the draft and are not chips', () => {
    const known = ['invoices:read', 'orders:read', 'orders:write'];
    expect(suggestScopes(known, { chips: ['orders:read'], draft: 'ORD' })).toEqual(['orders:write']);
  });
});

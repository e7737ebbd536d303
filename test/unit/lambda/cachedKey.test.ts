import { expect, test } from '@jest/globals';
import { deepFreeze } from '../../../lambda/cachedKey.ts';

test('deepFreeze freezes a value at every depth, and skips strings and nulls', () => {
  const inner = { list: [{ text: 'x' }] };
  const value = { nothing: null, text: 'x', inner };
  expect(deepFreeze(value)).toBe(value);
  expect([value, inner, inner.list, inner.list[0]].every(Object.isFrozen)).toBe(true);
});

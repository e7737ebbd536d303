import { expect, test } from '@jest/globals';
import { deepFreeze } from '../../../lambda/cachedKey.ts';

test('deepFreeze freezes a value with strings and nulls at every depth', () => {
  const inner = { list: [{ text: 'x' }] };
  const value = { nothing: null, text: 'x', inner };
  expect(deepFreeze(value)).toBe(value);
  expect([value, inner, inner.list, inner.list[0]].every(Object.isFrozen)).toBe(true);
});

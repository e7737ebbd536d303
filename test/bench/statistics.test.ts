import { describe, expect, test } from '@jest/globals';
import { pairedRatios, spreadOf } from '../../bench/statistics.ts';

describe('the spread', () => {
  test.each([
    [[3], { median: 3, min: 3, max: 3 }],
    [[9, 1, 5], { median: 5, min: 1, max: 9 }],
    [[4, 10, 1, 2], { median: 3, min: 1, max: 10 }],
  ])('of %j has its median, its least and its most', (values, spread) => {
    expect(spreadOf(values)).toEqual(spread);
  });

  test.each([[[]], [[1, Number.NaN]]])('of %j is refused', (values) => {
    expect(() => spreadOf(values)).toThrow('wanted at least one number');
  });
});

describe('paired ratios', () => {
  test('compare the rounds one by one', () => {
    expect(pairedRatios([2, 30, 4], [1, 10, 4])).toEqual([2, 3, 1]);
  });

  test('of unequal rounds are refused', () => {
    expect(() => pairedRatios([1, 2], [1])).toThrow('as many rounds');
  });
});

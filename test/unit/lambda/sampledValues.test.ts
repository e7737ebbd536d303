import { expect, test } from '@jest/globals';
import { SampledValues } from '../../../lambda/metrics.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

function sampleOf(count: number, capacity = 100): readonly number[] {
  const sampled = new SampledValues(capacity);
  for (const value of numbers(count)) sampled.add(value);
  return sampled.takeAll();
}

test.each([0, 1, 99, 100])('of %i values every one is kept', (count) => {
  expect(sampleOf(count)).toEqual(numbers(count));
});

test.each([
  [101, 2],
  [200, 2],
  [201, 4],
  [10_000, 128],
])('of %i values every %ith is kept, from the first to the last', (count, stride) => {
  expect(sampleOf(count)).toEqual(numbers(count).filter((value) => value % stride === 0));
});

test('it never holds more than its capacity, and at least half of it once it was full', () => {
  for (const capacity of [1, 2, 7, 100]) {
    for (let count = capacity; count < 700; count += 13) {
      const { length } = sampleOf(count, capacity);
      expect(length).toBeLessThanOrEqual(capacity);
      expect(length).toBeGreaterThanOrEqual(capacity / 2);
    }
  }
});

test('what was taken is not kept, and the next values count from the first again', () => {
  const sampled = new SampledValues(2);
  for (const value of [1, 2, 3, 4]) sampled.add(value);
  expect(sampled.takeAll()).toEqual([1, 3]);
  expect(sampled.takeAll()).toEqual([]);
  for (const value of [5, 6]) sampled.add(value);
  expect(sampled.takeAll()).toEqual([5, 6]);
});

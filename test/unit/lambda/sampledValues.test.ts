import { expect, test } from '@jest/globals';
import { SampledValues } from '../../../lambda/metrics.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

function sampleOf(count: number, capacity = 100): readonly number[] {
  const sampled = new SampledValues(capacity);
  for (const value of numbers(count)) sampled.add(value);
  return sampled.takeAll();
}

test.each([0, 1, 99, 100])('SampledValues keeps each of %i values', (count) => {
  expect(sampleOf(count)).toEqual(numbers(count));
});

test.each([
  [101, 2],
  [200, 2],
  [201, 4],
  [10_000, 128],
])('SampledValues of capacity 100 keeps, of %i values, every %ith', (count, stride) => {
  expect(sampleOf(count)).toEqual(numbers(count).filter((value) => value % stride === 0));
});

test('SampledValues never exceeds its capacity, and stays at least half full', () => {
  for (const capacity of [1, 2, 7, 100]) {
    for (let count = capacity; count < 700; count += 13) {
      const { length } = sampleOf(count, capacity);
      expect(length).toBeLessThanOrEqual(capacity);
      expect(length).toBeGreaterThanOrEqual(capacity / 2);
    }
  }
});

test('SampledValues starts again after takeAll', () => {
  const sampled = new SampledValues(2);
  for (const value of [1, 2, 3, 4]) sampled.add(value);
  expect(sampled.takeAll()).toEqual([1, 3]);
  expect(sampled.takeAll()).toEqual([]);
  for (const value of [5, 6]) sampled.add(value);
  expect(sampled.takeAll()).toEqual([5, 6]);
});

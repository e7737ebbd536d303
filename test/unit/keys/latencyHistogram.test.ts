import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  addLatency,
  LATENCY_ERROR,
  latencyPercentile,
  type LatencyHistogram,
  parseLatencyHistogram,
} from '../../../keys/latencyHistogram.ts';
import { UsageSum } from '../../../keys/usage.ts';

function histogramOf(latencies: readonly number[]): LatencyHistogram {
  const histogram = {};
  for (const ms of latencies) addLatency(histogram, ms);
  return histogram;
}

/** Returns the histogram of hours with these latencies. */
function sumOf(hours: readonly (readonly number[])[]): LatencyHistogram {
  const sum = new UsageSum();
  for (const hour of hours) {
    sum.add({ source: 'access-log', allowed: hour.length, limited: 0, refused: 0, latency: histogramOf(hour) });
  }
  return sum.latency;
}

/** Returns the exact percentile by the nearest-rank method. */
function exactPercentile(latencies: readonly number[], fraction: number): number {
  const sorted = latencies.toSorted((a, b) => a - b);
  return sorted[Math.ceil(fraction * sorted.length) - 1] ?? Number.NaN;
}

const latency = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 900_000 }));

test('a percentile differs from the exact one by at most the stated relative error', () => {
  const hours = fc.array(fc.array(latency, { maxLength: 50 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(hours, fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1), (latencies, fraction) => {
      fc.pre(latencies.flat().length > 0);
      const merged = sumOf(latencies);
      const exact = exactPercentile(latencies.flat(), fraction);
      const error = Math.abs((latencyPercentile(merged, fraction) ?? 0) - exact) / exact;
      expect(error).toBeLessThanOrEqual(LATENCY_ERROR * (1 + 1e-9));
    }),
  );
});

test('a histogram of hours is the same in any order', () => {
  const [first, second] = [
    [1, 20, 20],
    [20, 29_000],
  ];
  const forward = sumOf([first, second]);
  expect(forward).toEqual(sumOf([second, first]));
  expect(forward).toEqual(histogramOf([1, 20, 20, 20, 29_000]));
});

test('latencyPercentile returns undefined for a histogram without requests', () => {
  expect(latencyPercentile({}, 0.5)).toBeUndefined();
});

test('a latency below a millisecond counts as one, and a latency above 15 minutes as 15 minutes', () => {
  expect(histogramOf([0, -5, 0.2])).toEqual(histogramOf([1, 1, 1]));
  expect(histogramOf([1e12])).toEqual(histogramOf([900_000]));
});

test('parseLatencyHistogram accepts every histogram', () => {
  const histogram = histogramOf([0, 12, 29_000, 900_000, 1e12]);
  expect(parseLatencyHistogram(histogram)).toEqual(histogram);
});

test.each([null, [], 'x', { 1: -1 }, { 1: 0 }, { 1: 1.5 }, { x: 1 }, { 999: 1 }, { 1: '1' }])(
  'parseLatencyHistogram rejects %j',
  (value) => {
    expect(parseLatencyHistogram(value)).toBeUndefined();
  },
);

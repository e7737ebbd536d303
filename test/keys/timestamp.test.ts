import { expect, test } from '@jest/globals';
import { parseTimestamp, toEpochMs, toTimestamp } from '../../keys/timestamp.ts';

test('the stored form has milliseconds and is in UTC', () => {
  expect(toTimestamp(0)).toBe('1970-01-01T00:00:00.000Z');
  expect(toEpochMs(toTimestamp(1_234_567_890_123))).toBe(1_234_567_890_123);
});

test.each([
  '2030-01-01T00:00:00Z',
  '2030-01-01T00:00:00.000+00:00',
  '2030-02-30T00:00:00.000Z',
  '2030-01-01 00:00:00.000Z',
  '+02030-01-01T00:00:00.00Z',
  '+010000-01-01T00:00:00.000Z',
  '-000001-01-01T00:00:00.000Z',
  '',
  undefined,
  1,
])('%p is not the stored form', (text) => {
  expect(parseTimestamp(text)).toBeUndefined();
});

test('a time that has no fixed width is refused', () => {
  expect(() => toTimestamp(Date.UTC(10_000, 0))).toThrow(RangeError);
});

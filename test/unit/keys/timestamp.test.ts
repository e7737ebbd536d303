import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseTimestamp, readTime, toEpochMs, toTimestamp } from '../../../keys/timestamp.ts';

test('toTimestamp formats a time with milliseconds in UTC', () => {
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
])('parseTimestamp rejects %p', (text) => {
  expect(parseTimestamp(text)).toBeUndefined();
});

test('toTimestamp rejects a year of five digits', () => {
  expect(() => toTimestamp(Date.UTC(10_000, 0))).toThrow(RangeError);
});

describe('readTime', () => {
  test.each([
    ['the stored form', '2026-01-31T12:34:56.789Z', '2026-01-31T12:34:56.789Z'],
    ['microseconds, which Python writes', '2026-01-31T12:34:56.789999+00:00', '2026-01-31T12:34:56.789Z'],
    ['nanoseconds, which Go writes', '2026-01-31T12:34:56.123456789Z', '2026-01-31T12:34:56.123Z'],
    ['no fraction', '2026-01-31T12:34:56Z', '2026-01-31T12:34:56.000Z'],
    ['a short fraction', '2026-01-31T12:34:56.5Z', '2026-01-31T12:34:56.500Z'],
    ['a fraction after a comma', '2026-01-31T12:34:56,5Z', '2026-01-31T12:34:56.500Z'],
    ['no seconds', '2026-01-31T12:34Z', '2026-01-31T12:34:00.000Z'],
    ['a space, which SQL writes', '2026-01-31 12:34:56+02', '2026-01-31T10:34:56.000Z'],
    ['a space before the zone', '2026-01-31 12:34:56 +0000', '2026-01-31T12:34:56.000Z'],
    ['the zone as a word', '2026-01-31 12:34:56 UTC', '2026-01-31T12:34:56.000Z'],
    ['an offset with a colon', '2026-01-31T12:00:00+01:00', '2026-01-31T11:00:00.000Z'],
    ['an offset without a colon', '2026-01-31T12:00:00-0800', '2026-01-31T20:00:00.000Z'],
    ['an offset of hours', '2026-01-31T12:00:00+01', '2026-01-31T11:00:00.000Z'],
    ['an offset over midnight', '2026-01-01T00:30:00+05:30', '2025-12-31T19:00:00.000Z'],
    ['lowercase letters, which RFC 3339 allows', '2024-02-29t12:00:00z', '2024-02-29T12:00:00.000Z'],
    ['a leap day', '2024-02-29T12:00:00Z', '2024-02-29T12:00:00.000Z'],
    ['the first time', '0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000Z'],
    ['the last time', '9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('reads a time with %s', (_, text, stored) => {
    expect(readTime(text)).toBe(stored);
    expect(readTime(text, { dateAs: 'end', zone: 'UTC' })).toBe(stored);
  });

  test.each([
    ['a nonexistent day', '2027-02-30T12:00:00Z'],
    ['a leap day of another year', '2025-02-29T12:00:00Z'],
    ['a nonexistent month', '2027-13-01T12:00:00Z'],
    ['hour 24', '2027-02-20T24:00:00Z'],
    ['hour 25', '2027-02-20T25:00:00Z'],
    ['a leap second', '2016-12-31T23:59:60Z'],
    ['a nonexistent offset', '2027-02-20T23:59:00+24:00'],
    ['an offset of 60 minutes', '2027-02-20T23:59:00+01:60'],
    ['a year of five digits', '10000-01-01T00:00:00Z'],
    ['a year of six digits', '+002031-01-31T12:00:00Z'],
    ['a negative year', '-000001-01-01T00:00:00Z'],
    ['a year after the last', '9999-12-31T23:59:59-01:00'],
    ['a year before the first', '0000-01-01T00:00:00+01:00'],
    ['more than nanoseconds', '2031-01-31T12:00:00.1234567891Z'],
    ['a nonexistent date', '2027-02-30'],
    ['a date and a zone', '2027-02-20Z'],
    ['a month without a day', '2027-02'],
    ['a NUL at the end', '2031-01-31T12:00:00Z\0'],
    ['a newline at the end', '2031-01-31T12:00:00Z\n'],
    ['words', 'yesterday'],
    ['an empty string', ''],
    ['a number', 1_767_225_600],
    ['a list', ['2031-01-31T12:00:00Z']],
    ['undefined', undefined],
  ])('rejects a time with %s', (_, value) => {
    expect(readTime(value)).toBeUndefined();
    expect(readTime(value, { dateAs: 'end', zone: 'UTC' })).toBeUndefined();
  });

  test('reads a time without a zone only with the option zone', () => {
    expect(readTime('2026-01-31T12:34:56.789123')).toBeUndefined();
    expect(readTime('2026-01-31T12:34:56.789123', { zone: 'UTC' })).toBe('2026-01-31T12:34:56.789Z');
    expect(readTime('2026-01-31 12:34', { zone: 'UTC' })).toBe('2026-01-31T12:34:00.000Z');
  });

  test('reads a date as the start or the end of the day in UTC', () => {
    expect(readTime('2027-01-01')).toBe('2027-01-01T00:00:00.000Z');
    expect(readTime('2027-01-01', { dateAs: 'end' })).toBe('2027-01-01T23:59:59.999Z');
  });

  test('reads the same time from the stored form and from a form with an offset', () => {
    const times = fc.integer({ min: 86_400_000, max: Date.UTC(9999, 0) });
    fc.assert(
      fc.property(times, fc.integer({ min: -14 * 60, max: 14 * 60 }), (epochMs, offset) => {
        const stored = toTimestamp(epochMs);
        expect(readTime(stored)).toBe(stored);
        const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
        const zone = `${offset < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
        expect(readTime(toTimestamp(epochMs + offset * 60_000).replace('Z', zone))).toBe(stored);
      }),
    );
  });
});

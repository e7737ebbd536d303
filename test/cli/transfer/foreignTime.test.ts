import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readForeignTime } from '../../../cli/transfer/foreignTime.ts';
import { toTimestamp } from '../../../keys/timestamp.ts';

test.each([
  ['the stored form', '2026-01-31T12:34:56.789Z', '2026-01-31T12:34:56.789Z'],
  ['microseconds, as Python writes them', '2026-01-31T12:34:56.789999+00:00', '2026-01-31T12:34:56.789Z'],
  ['no zone: UTC', '2026-01-31T12:34:56.789123', '2026-01-31T12:34:56.789Z'],
  ['no fraction', '2026-01-31T12:34:56', '2026-01-31T12:34:56.000Z'],
  ['a short fraction', '2026-01-31T12:34:56.5Z', '2026-01-31T12:34:56.500Z'],
  ['no seconds', '2026-01-31T12:34Z', '2026-01-31T12:34:00.000Z'],
  ['a space, as SQL writes it', '2026-01-31 12:34:56+02', '2026-01-31T10:34:56.000Z'],
  ['an offset over midnight', '2026-01-01T00:30:00+05:30', '2025-12-31T19:00:00.000Z'],
  ['an offset without a colon', '2026-01-31T12:00:00-0800', '2026-01-31T20:00:00.000Z'],
  ['small letters, as RFC 3339 allows', '2024-02-29t12:00:00z', '2024-02-29T12:00:00.000Z'],
  ['a leap day', '2024-02-29T12:00:00Z', '2024-02-29T12:00:00.000Z'],
  ['a day that there is not', '2025-02-29T12:00:00Z', undefined],
  ['an hour that there is not', '2025-02-20T24:00:00Z', undefined],
  ['a second that there is not', '2025-02-20T23:59:60Z', undefined],
  ['an offset that there is not', '2025-02-20T23:59:00+24:00', undefined],
  ['a day alone', '2025-02-20', undefined],
  ['a number', 1_767_225_600, undefined],
  ['a year beyond the stored form', '9999-12-31T23:59:59-01:00', undefined],
  ['a year before the stored form', '0000-01-01T00:00:00+01:00', undefined],
  ['words', 'yesterday', undefined],
])('%s: %p is %p', (_, foreign, stored) => {
  expect(readForeignTime(foreign)).toBe(stored);
});

test('every stored time, and the same with an offset, is read as itself', () => {
  const times = fc.integer({ min: 86_400_000, max: Date.UTC(9999, 0) });
  fc.assert(
    fc.property(times, fc.integer({ min: -14 * 60, max: 14 * 60 }), (epochMs, offset) => {
      const stored = toTimestamp(epochMs);
      expect(readForeignTime(stored)).toBe(stored);
      const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
      const zone = `${offset < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
      expect(readForeignTime(toTimestamp(epochMs + offset * 60_000).replace('Z', zone))).toBe(stored);
    }),
  );
});

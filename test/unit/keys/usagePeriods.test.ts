import { describe, expect, test } from '@jest/globals';
import { usagePeriods, type UsagePeriod, type UsageSpan } from '../../../keys/usagePeriods.ts';

const NOW_MS = Date.UTC(2028, 1, 29, 21, 30);

function spanOf(options: UsageSpan) {
  const { starts, endMs } = usagePeriods(options, NOW_MS);
  const text = (ms: number | undefined) => new Date(ms ?? Number.NaN).toISOString().slice(0, 16);
  return { first: text(starts[0]), end: text(endMs), rows: starts.length };
}

describe('usagePeriods', () => {
  test.each<[UsageSpan, ReturnType<typeof spanOf>]>([
    [{ by: 'hour' }, { first: '2028-02-28T22:00', end: '2028-02-29T22:00', rows: 24 }],
    [{}, { first: '2028-01-31T00:00', end: '2028-03-01T00:00', rows: 30 }],
    [{ by: 'month' }, { first: '2027-03-01T00:00', end: '2028-03-01T00:00', rows: 12 }],
    [{ since: '2028-02-28T13:45:00Z' }, { first: '2028-02-28T00:00', end: '2028-03-01T00:00', rows: 2 }],
    [
      { since: '2028-02-28', until: '2028-02-28' },
      { first: '2028-02-28T00:00', end: '2028-02-29T00:00', rows: 1 },
    ],
    [
      { since: '2028-02-28T22:30:00-02:00', until: '2028-02-29T02:00:00Z', by: 'hour' },
      { first: '2028-02-29T00:00', end: '2028-02-29T02:00', rows: 2 },
    ],
    [
      { since: '2027-12-31', until: '2028-01-01T00:00:00Z', by: 'month' },
      { first: '2027-12-01T00:00', end: '2028-01-01T00:00', rows: 1 },
    ],
    [
      { since: '2028-02-29', until: '9999-12-31' },
      { first: '2028-02-29T00:00', end: '2028-03-01T00:00', rows: 1 },
    ],
  ])('returns whole periods in UTC for %j', (options, expected) => {
    expect(spanOf(options)).toEqual(expected);
  });

  test('returns the current period in its first millisecond', () => {
    const { starts } = usagePeriods({ by: 'day' }, Date.UTC(2028, 1, 29));
    expect(starts.at(-1)).toBe(Date.UTC(2028, 1, 29));
  });

  test.each<[UsageSpan, string]>([
    [{ by: 'week' as UsagePeriod }, 'by: expected one of hour, day, month, got "week"'],
    [{ since: 'yesterday' }, 'since: expected a time in ISO 8601 with its zone'],
    [{ until: '2028-02-30' }, 'until: expected a time in ISO 8601 with its zone'],
    [{ since: '2028-03-01' }, 'since: expected a time in the past, got "2028-03-01"'],
    [{ since: '2028-02-02', until: '2028-02-01' }, 'since: expected a time before the end, got "2028-02-02"'],
    [{ since: '0050-01-01', by: 'month' }, 'since: expected at most 10000 rows of one month, got "0050-01-01"'],
    [{ since: '2020-01-01', by: 'hour' }, 'since: expected at most 10000 rows of one hour, got "2020-01-01"'],
  ])('rejects %j', (options, message) => {
    expect(() => usagePeriods(options, NOW_MS)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
    expect(() => usagePeriods(options, NOW_MS)).toThrow(message);
  });
});

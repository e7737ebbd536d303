import { expect, test } from '@jest/globals';
import { IN_ENGLISH } from '../../../components/language.ts';
import { countsText, describeRows, rowName } from '../../../components/usageText.ts';
import type { UsageRow } from '../../../keys/usageReport.ts';
import type { Timestamp } from '../../../keys/timestamp.ts';

function rowAt(start: string, allowed: number, limited = 0, refused = 0): UsageRow {
  const total = allowed + limited + refused;
  return { start: start as Timestamp, allowed, limited, refused, total, statuses: {}, sources: [] };
}

test('rowName returns the hour or the day in UTC', () => {
  const row = rowAt('2026-11-30T21:00:00.000Z', 0);
  expect([rowName(row, 'hour', IN_ENGLISH), rowName(row, 'day', IN_ENGLISH)]).toEqual(['21:00', 'Nov 30']);
});

test.each([
  [[1200, 3, 0], '1,200 allowed, 3 limited'],
  [[0, 0, 4], '4 refused'],
  [[0, 0, 0], 'no requests'],
] as const)('countsText names the counts of %j', ([allowed, limited, refused], text) => {
  expect(countsText({ allowed, limited, refused }, IN_ENGLISH)).toBe(text);
});

test('describeRows lists the rows with requests, and counts the others', () => {
  const rows = [
    rowAt('2026-11-30T19:00:00.000Z', 5),
    rowAt('2026-11-30T20:00:00.000Z', 0),
    rowAt('2026-11-30T21:00:00.000Z', 0, 2),
  ];
  expect(describeRows(rows, 'hour', IN_ENGLISH)).toBe('19:00: 5 allowed; 21:00: 2 limited; 1 hour without requests');
  expect(describeRows(rows.slice(1, 2), 'day', IN_ENGLISH)).toBe('1 day without requests');
  expect(describeRows(rows.slice(0, 1), 'day', IN_ENGLISH)).toBe('Nov 30: 5 allowed');
});

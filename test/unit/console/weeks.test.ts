import { describe, expect, test } from '@jest/globals';
import { toTimestamp } from '../../../keys/timestamp.ts';
import { countByWeek, countExpiries, weekName, weeksAhead, weeksBack } from '../../../console/page/weeks.ts';
import { makeConsoleKey } from '../../support/consoleKeys.ts';

/** A Wednesday at noon, local time. */
const NOW = new Date(2026, 2, 11, 12);
const day = (days: number, ms = 0) => toTimestamp(new Date(2026, 2, 11 + days, 12).getTime() + ms);

describe('the weeks of a chart', () => {
  test('start on Monday at midnight, the current week first or last', () => {
    const ahead = weeksAhead(NOW.getTime());
    const back = weeksBack(NOW.getTime());
    const monday = new Date(2026, 2, 9).getTime();
    expect(ahead.map(({ fromMs }) => new Date(fromMs).getDay())).toEqual(ahead.map(() => 1));
    expect(ahead[0]?.fromMs).toBe(monday);
    expect(back.at(-1)?.fromMs).toBe(monday);
    expect([ahead.length, back.length]).toEqual([12, 12]);
  });

  test('end where the next week starts, even in a week with a clock change', () => {
    const weeks = [...weeksBack(NOW.getTime()), ...weeksAhead(NOW.getTime()).slice(1)];
    expect(weeks.slice(1).map(({ fromMs }) => fromMs)).toEqual(weeks.slice(0, -1).map(({ untilMs }) => untilMs));
  });

  test('belong to the same Monday on its own Monday and on its Sunday', () => {
    for (const date of [9, 15]) {
      expect(weeksAhead(new Date(2026, 2, date, 23, 59).getTime())[0]?.fromMs).toBe(new Date(2026, 2, 9).getTime());
    }
  });

  test('have the name of their first day', () => {
    expect(weeksAhead(NOW.getTime()).slice(0, 2).map(weekName)).toEqual(['Mar 9', 'Mar 16']);
  });
});

test('countByWeek counts each time in its week, and ignores missing times and other weeks', () => {
  const weeks = weeksBack(NOW.getTime());
  const counts = countByWeek([day(0), day(-2), day(-3), day(-300), day(8), undefined], weeks);
  expect(counts.slice(-2)).toEqual([1, 2]);
  expect(counts.slice(0, -2)).toEqual(Array.from({ length: 10 }, () => 0));
});

test('countExpiries counts expiries by week, later ones, and keys that never expire', () => {
  const keys = [day(1), day(7), day(365), undefined, undefined].map((expiresAt, index) =>
    makeConsoleKey(String(index), expiresAt === undefined ? {} : { expiresAt }),
  );
  const { byWeek, later, never } = countExpiries(keys, weeksAhead(NOW.getTime()));
  expect(byWeek.slice(0, 3)).toEqual([1, 1, 0]);
  expect({ later, never }).toEqual({ later: 1, never: 2 });
});

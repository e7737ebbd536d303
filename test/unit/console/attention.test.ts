import { describe, expect, test } from '@jest/globals';
import { DAY_MS } from '../../../components/urgency.ts';
import { type Attention, listAttention, needsAttention } from '../../../console/page/attention.ts';
import { percent } from '../../../console/page/percent.ts';
import { idsOf, makeConsoleKey } from '../../support/consoleKeys.ts';
import { at, NOW_MS } from '../../support/keys.ts';

const USED = { lastUsedAt: at(-DAY_MS) };
const KEYS = [
  makeConsoleKey('calm', USED),
  makeConsoleKey('new', { createdAt: at(-DAY_MS) }),
  makeConsoleKey('forgotten', { createdAt: at(-400 * DAY_MS) }),
  makeConsoleKey('idle', { lastUsedAt: at(-91 * DAY_MS) }),
  makeConsoleKey('idlest', { lastUsedAt: at(-300 * DAY_MS) }),
  makeConsoleKey('week', { ...USED, expiresAt: at(7 * DAY_MS) }),
  makeConsoleKey('hour', { expiresAt: at(DAY_MS / 24) }),
  makeConsoleKey('month', { ...USED, expiresAt: at(7 * DAY_MS + 1) }),
  makeConsoleKey('expired', { expiresAt: at(0) }),
  makeConsoleKey('revoked', { revokedAt: at(0), expiresAt: at(DAY_MS) }),
  makeConsoleKey('disabled', { disabledAt: at(0) }),
];

describe('an active key needs attention', () => {
  test.each<[string, Attention, string[]]>([
    ['if it expires within 7 days', 'expiring', ['week', 'hour']],
    ['for its later expiry only if it expires within 30 days', 'expiring30', ['week', 'hour', 'month']],
    ['if it was last used more than 90 days ago', 'unused', ['idle', 'idlest']],
    ['if it was never used', 'never', ['new', 'forgotten', 'hour']],
    ['for any of these reasons', 'any', ['new', 'forgotten', 'idle', 'idlest', 'week', 'hour']],
  ])('%s', (_, attention, expected) => {
    expect(idsOf(KEYS.filter((key) => needsAttention(attention, key, NOW_MS)))).toEqual(expected);
  });
});

test('the list of keys that need attention starts with the next expiry, and contains each key once', () => {
  expect(idsOf(listAttention(KEYS, NOW_MS))).toEqual(['hour', 'week', 'idlest', 'idle', 'forgotten', 'new']);
});

test.each([
  [0, 0, '0 %'],
  [0, 5, '0 %'],
  [1, 3, '33 %'],
  [1, 1000, '<1 %'],
  [999, 1000, '>99 %'],
  [5, 5, '100 %'],
])('%d of %d is shown as %s', (part, whole, expected) => {
  expect(percent(part, whole)).toBe(expected);
});

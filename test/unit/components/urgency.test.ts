import { describe, expect, test } from '@jest/globals';
import { expiryUrgency, isUsedToday } from '../../../components/urgency.ts';
import { publicRecord } from '../../../keys/record.ts';
import type { TestKeyFields } from '../../../testing/createTestKey.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';

const DAY_MS = 86_400_000;

function key(fields: TestKeyFields) {
  return publicRecord(makeKey(fields).record);
}

describe('expiryUrgency', () => {
  test.each<[string, TestKeyFields, string]>([
    ['urgent in the last 24 hours', { expiresAt: at(DAY_MS) }, 'urgent'],
    ['a warning in the last 7 days', { expiresAt: at(7 * DAY_MS) }, 'warning'],
    ['calm before', { expiresAt: at(7 * DAY_MS + 1) }, ''],
    ['calm for a key that never expires', {}, ''],
    ['calm for a revoked key', { expiresAt: at(1), revokedAt: at(-1) }, ''],
    ['calm for a disabled key', { expiresAt: at(1), disabledAt: at(-1) }, ''],
    ['calm for an expired key', { expiresAt: at(-1) }, ''],
  ])('is %s', (_, fields, expected) => {
    expect(expiryUrgency(key(fields), NOW_MS)).toBe(expected);
  });
});

describe('isUsedToday', () => {
  test.each<[TestKeyFields, boolean]>([
    [{ lastUsedAt: at(-DAY_MS) }, true],
    [{ lastUsedAt: at(-DAY_MS - 1) }, false],
    [{}, false],
  ])('classifies the use in %j as %p', (fields, expected) => {
    expect(isUsedToday(key(fields), NOW_MS)).toBe(expected);
  });
});

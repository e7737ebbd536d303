import { describe, expect, test } from '@jest/globals';
import { expiryPreview, oldKeyEnd, successorExpiry } from '../../../components/expiry.ts';
import { exactTime } from '../../../components/exactTime.ts';
import { IN_ENGLISH } from '../../../components/language.ts';
import { publicRecord } from '../../../keys/record.ts';
import { getPreviousEnd, getSuccessorFields } from '../../../keys/rotation.ts';
import type { TestKeyFields } from '../../../testing/createTestKey.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';

const DAY_MS = 86_400_000;

describe('the preview of a rotation', () => {
  test.each<[string, TestKeyFields]>([
    ['never expires', {}],
    ['expires before the end of the grace period', { createdAt: at(-DAY_MS), expiresAt: at(DAY_MS / 2) }],
    ['expires after the grace period', { createdAt: at(-DAY_MS), expiresAt: at(9 * DAY_MS) }],
  ])('equals the rotation of a key that %s', (_, fields) => {
    const { record } = makeKey(fields);
    const options = { graceSeconds: 86_400 };
    const shown = publicRecord(record);
    expect(oldKeyEnd(shown, options.graceSeconds, NOW_MS)).toBe(getPreviousEnd(record, options, NOW_MS));
    expect(successorExpiry(shown, NOW_MS) ?? undefined).toBe(getSuccessorFields(record, options, NOW_MS).expiresAt);
  });

  test("asks for an expiry if the old key's lifetime cannot be repeated", () => {
    const { record } = makeKey({ createdAt: at(DAY_MS), expiresAt: at(DAY_MS) });
    const expiry = successorExpiry(publicRecord(record), NOW_MS);
    expect(expiry).toBeUndefined();
    expect(expiryPreview(expiry, IN_ENGLISH)).toBe('Choose a date and a time.');
  });
});

describe('expiryPreview', () => {
  test('names the exact time', () => {
    expect(expiryPreview(at(0), IN_ENGLISH)).toBe(`The key expires on ${exactTime(at(0), IN_ENGLISH)}.`);
  });

  test('says that a key never expires', () => {
    expect(expiryPreview(null, IN_ENGLISH)).toBe('The key never expires.');
  });
});

describe('exactTime', () => {
  test.each([
    ['UTC', '31 Jan 2030, 23:05 UTC'],
    ['Asia/Kolkata', '1 Feb 2030, 04:35 GMT+5:30'],
  ])('shows the date, the time and the zone in %s', (zone, expected) => {
    expect(exactTime(Date.UTC(2030, 0, 31, 23, 5), { ...IN_ENGLISH, timeZone: zone })).toBe(expected);
  });
});

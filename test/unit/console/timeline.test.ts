import { describe, expect, test } from '@jest/globals';
import { getTimeline } from '../../../console/page/timeline.ts';
import { publicRecord, type PublicRecord } from '../../../keys/record.ts';
import type { TestKeyFields } from '../../../testing/createTestKey.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';

const DAY_MS = 86_400_000;

function key(fields: TestKeyFields): PublicRecord {
  return publicRecord(makeKey({ createdAt: at(-9 * DAY_MS), createdBy: 'alice', ...fields }).record);
}

function timelineOf(record: PublicRecord, others: readonly PublicRecord[] = []) {
  return getTimeline(record, new Map(others.map((other) => [other.id, other])), NOW_MS);
}

describe('getTimeline', () => {
  test('contains only the creation of a new key', () => {
    expect(timelineOf(key({}))).toEqual([{ kind: 'created', at: at(-9 * DAY_MS), by: 'alice', keyId: undefined }]);
  });

  test('lists the latest event first, with its actor and reason', () => {
    const record = key({
      disabledAt: at(-3 * DAY_MS),
      disabledBy: 'bob',
      revokedAt: at(-DAY_MS),
      revokedBy: 'carol',
      revokedReason: 'leaked',
    });
    expect(timelineOf(record).map(({ kind, by, why }) => [kind, by, why])).toEqual([
      ['revoked', 'carol', 'leaked'],
      ['disabled', 'bob', undefined],
      ['created', 'alice', undefined],
    ]);
  });

  test.each([
    ['expires', DAY_MS],
    ['expired', -DAY_MS],
  ])('calls the expiry %s', (kind, ms) => {
    expect(timelineOf(key({ expiresAt: at(ms) })).find(({ at: time }) => time === at(ms))?.kind).toBe(kind);
  });

  test('omits the expiry of a key that was revoked before', () => {
    const kinds = timelineOf(key({ revokedAt: at(-DAY_MS), expiresAt: at(DAY_MS) })).map(({ kind }) => kind);
    expect(kinds).toEqual(['revoked', 'created']);
  });

  test('keeps the expiry of a key that was revoked after it', () => {
    const kinds = timelineOf(key({ expiresAt: at(-2 * DAY_MS), revokedAt: at(-DAY_MS) })).map(({ kind }) => kind);
    expect(kinds).toEqual(['revoked', 'expired', 'created']);
  });

  test('takes the time and the actor of a rotation from the successor', () => {
    const successor = key({ id: 'successor', createdAt: at(-DAY_MS), createdBy: 'bob', rotatedFrom: 'old' });
    const old = key({ id: 'old', rotatedTo: 'successor' });
    expect(timelineOf(old, [successor])[0]).toEqual({
      kind: 'rotated',
      at: at(-DAY_MS),
      by: 'bob',
      keyId: 'successor',
    });
    expect(timelineOf(successor, [old])[0]).toMatchObject({ kind: 'created', keyId: 'old' });
  });

  test('contains a rotation without a time if the successor is no longer in the table', () => {
    expect(timelineOf(key({ rotatedTo: 'purged' }))).toContainEqual({
      kind: 'rotated',
      at: undefined,
      by: undefined,
      keyId: 'purged',
    });
  });
});

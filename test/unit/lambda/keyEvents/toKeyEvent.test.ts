import { describe, expect, test } from '@jest/globals';
import { MAX_DETAIL_BYTES } from '../../../../lambda/keyEvents/fitEvent.ts';
import { keyIdIn, toKeyEvent } from '../../../../lambda/keyEvents/toKeyEvent.ts';
import { failureOf } from '../../../support/failureOf.ts';
import { at, CHANGED, fullItem, makeKey, NOW_MS } from '../../../support/keys.ts';
import { keyStreamRecord } from '../../../support/keyStream.ts';

const { record } = makeKey();
const changed = (fields: object, before: object = {}) =>
  toKeyEvent(keyStreamRecord({ ...record, ...before }, { ...record, ...before, ...fields }));

describe('toKeyEvent', () => {
  test('returns the id of the stream’s record, also for a repeat', () => {
    const streamRecord = keyStreamRecord(undefined, record, { eventID: 'the id' });
    expect(toKeyEvent(streamRecord)?.detail.eventId).toBe('the id');
    expect(toKeyEvent(JSON.parse(JSON.stringify(streamRecord)))).toEqual(toKeyEvent(streamRecord));
  });

  test.each([
    ['the TTL', true, 'expired'],
    ['somebody', false, 'deleted'],
  ])('returns KeyPurged with its reason after a deletion by %s', (_, isByTtl, reason) => {
    expect(toKeyEvent(keyStreamRecord(record, undefined, { isByTtl }))).toEqual({
      type: 'KeyPurged',
      detail: {
        eventId: expect.any(String),
        time: at(0),
        id: record.id,
        label: record.label,
        keyPrefix: record.keyPrefix,
        version: 0,
        reason,
      },
    });
  });

  test.each<[string, object]>([
    ['the last use', { lastUsedAt: at(0) }],
    ['nothing but the version', { version: 7, ...CHANGED }],
    ['an attribute of a newer release', { newer: 'x' }],
    ['NULL instead of an absent attribute', { owner: null }],
  ])('returns nothing for a write that changes %s', (_, fields) => {
    expect(changed(fields)).toBeUndefined();
  });

  test('returns one event with all changes if a write makes several', () => {
    const both = { disabledAt: at(1), revokedAt: at(0), revokedReason: 'left', expiresAt: at(5) };
    expect(changed(both)).toMatchObject({
      type: 'KeyRevoked',
      detail: {
        reason: 'left',
        changes: {
          disabledAt: { from: null, to: at(1) },
          revokedAt: { from: null, to: at(0) },
          revokedReason: { from: null, to: 'left' },
          expiresAt: { from: null, to: at(5) },
        },
      },
    });
  });

  test('returns KeyUpdated if somebody removes a revocation by hand', () => {
    const before = { ...record, revokedAt: at(-1) };
    expect(toKeyEvent(keyStreamRecord(before, record))).toMatchObject({
      type: 'KeyUpdated',
      detail: { changes: { revokedAt: { from: at(-1), to: null } } },
    });
  });

  test('returns the reset of a quota as an update', () => {
    expect(changed({ limitsResetAt: at(0), ...CHANGED })).toMatchObject({
      type: 'KeyUpdated',
      detail: { actor: 'tests', changes: { limitsResetAt: { from: null, to: at(0) } } },
    });
  });

  test.each<[string, object, string | undefined]>([
    ['who revoked the key', { revokedAt: at(1), revokedBy: 'old cli' }, 'old cli'],
    ['who disabled the key', { disabledAt: at(1), disabledBy: 'old cli' }, 'old cli'],
    ['nobody for another change', { label: 'other' }, undefined],
  ])('returns %s by an older release, never the author of the change before', (_, fields, actor) => {
    expect(changed({ ...fields, version: 2 }, { ...CHANGED, version: 1 })?.detail).toHaveProperty('version', 2);
    expect(Object(changed({ ...fields, version: 2 }, CHANGED)?.detail).actor).toBe(actor);
  });

  test.each([
    ['the actor’s time, which has milliseconds', at(1234), at(1234)],
    ['DynamoDB’s time if the actor’s clock is an hour ahead', at(3_600_000), at(0)],
    ['DynamoDB’s time if the actor’s clock is an hour behind', at(-3_600_000), at(0)],
  ])('returns %s', (_, changedAt, time) => {
    expect(changed({ label: 'other', changedAt, changedBy: 'alice' })?.detail.time).toBe(time);
  });

  test('returns the revocation of a key whose other attributes are corrupt', () => {
    const corrupt = { scopes: 'not a list', version: 'x', expiresAt: 7, createdBy: 7, revokedAt: at(0) };
    expect(changed(corrupt)).toMatchObject({ type: 'KeyRevoked', detail: { version: 0 } });
  });

  test.each<[string, unknown, string]>([
    ['undefined', undefined, 'EVENT_UNKNOWN'],
    ['a record of another service', { eventID: 'x', eventName: 'ObjectCreated' }, 'EVENT_UNKNOWN'],
    [
      'a record without images',
      { ...keyStreamRecord(record, record), dynamodb: { ApproximateCreationDateTime: 1 } },
      'EVENT_UNKNOWN',
    ],
    ['a key without an id', keyStreamRecord(undefined, { ...record, id: undefined }), 'RECORD_CORRUPT'],
    ['a key without a label', keyStreamRecord(undefined, { ...record, label: 7 }), 'RECORD_CORRUPT'],
    ['a new key without an actor', keyStreamRecord(undefined, { ...record, createdBy: null }), 'RECORD_CORRUPT'],
    [
      'a label that is too long for an event',
      keyStreamRecord(undefined, { ...record, label: 'x'.repeat(MAX_DETAIL_BYTES) }),
      'RECORD_CORRUPT',
    ],
  ])('throws for %s, without its values', async (_, streamRecord, code) => {
    const error = await failureOf(Promise.resolve(streamRecord).then(toKeyEvent));
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toContain(record.keyHash);
  });

  test.each([
    ['scopes of a new key', keyStreamRecord(undefined, { ...record, scopes: ['x'.repeat(300_000)] })],
    ['values of a change', keyStreamRecord(record, { ...record, scopes: ['x'.repeat(300_000)] })],
  ])('leaves out %s that are too long for EventBridge', (_, streamRecord) => {
    const event = toKeyEvent(streamRecord);
    expect(event?.detail).toMatchObject({ id: record.id, truncated: true });
    expect(JSON.stringify(event).length).toBeLessThan(1000);
  });

  test('returns only fields that the event’s type declares', () => {
    const after = { ...fullItem(), somebodysOwn: 'x' };
    const event = toKeyEvent(keyStreamRecord({ ...after, label: 'before' }, after));
    expect(Object.keys(event?.detail ?? {}).toSorted()).toEqual(
      ['changes', 'eventId', 'id', 'keyPrefix', 'label', 'owner', 'plan', 'time', 'version'].toSorted(),
    );
    expect(event?.detail.time).toBe(new Date(NOW_MS).toISOString());
  });
});

test.each([
  ['the new image', keyStreamRecord(undefined, record), record.id],
  ['the old image', keyStreamRecord(record, undefined), record.id],
  ['no image', { dynamodb: {} }, undefined],
  ['something else', null, undefined],
])('keyIdIn returns the id in %s', (_, streamRecord, id) => {
  expect(keyIdIn(streamRecord)).toBe(id);
});

import fc from 'fast-check';
import { expect, test } from '@jest/globals';
import type { KeyRecord } from '../../keys/record.ts';
import { hashSecret } from '../../keys/secret.ts';
import { toKeyEvent } from '../../lambda/keyEvents/toKeyEvent.ts';
import { arbitraryRecord, arbitrarySecret } from '../support/arbitraries.ts';
import { keyStreamRecord } from '../support/keyStream.ts';

/** A write of one key: its record before and after, of which at least one exists. */
const arbitraryWrite = fc
  .record({
    secret: arbitrarySecret,
    before: fc.option(arbitraryRecord, { nil: undefined }),
    after: fc.option(arbitraryRecord, { nil: undefined }),
    note: fc.stringMatching(/^[a-z]{12}$/),
  })
  .filter(({ before, after }) => before !== undefined || after !== undefined)
  .map(({ secret, before, after, note }) => {
    const keyHash = hashSecret(secret);
    const own = (record: KeyRecord | undefined) =>
      record && { ...record, keyHash, metadata: { note: `value-${note}` } };
    const streamRecord = keyStreamRecord(own(before), own(after));
    return { secret, keyHash, note, streamRecord, hasChanged: before === undefined || after === undefined };
  });

test('no event has the hash, the secret or a value of the metadata of any key', () => {
  fc.assert(
    fc.property(arbitraryWrite, ({ secret, keyHash, note, streamRecord }) => {
      const text = JSON.stringify(toKeyEvent(streamRecord) ?? null);
      for (const forbidden of [keyHash, secret, `value-${note}`, 'keyHash']) expect(text).not.toContain(forbidden);
    }),
  );
});

test('a repeat of any record of the stream gives the same event', () => {
  fc.assert(
    fc.property(arbitraryWrite, ({ streamRecord, hasChanged }) => {
      const repeated = JSON.parse(JSON.stringify(streamRecord));
      const event = toKeyEvent(streamRecord);
      expect(toKeyEvent(repeated)).toEqual(event);
      if (hasChanged) expect(event?.detail.eventId).toBe(streamRecord.eventID);
    }),
  );
});

test('no last-used write of any key gives an event', () => {
  fc.assert(
    fc.property(
      arbitraryRecord,
      fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }),
      (record, date) => {
        const used = { ...record, lastUsedAt: date.toISOString() };
        expect(toKeyEvent(keyStreamRecord(record, used))).toBeUndefined();
      },
    ),
  );
});

import { describe, expect, test } from '@jest/globals';
import type { KeyEvent } from '../../../../keys/keyEvent.ts';
import { bury, type DeadLetter } from '../../../../lambda/keyEvents/deadLetters.ts';
import { EventLog } from '../../../../lambda/keyEvents/eventLog.ts';
import { type EventEntry, EventPublisher } from '../../../../lambda/keyEvents/publisher.ts';
import { processBatch } from '../../../../lambda/keyEvents/streamBatch.ts';
import { makeKey, NOW_MS } from '../../../support/keys.ts';
import { keyStreamRecord, TABLE_ARN } from '../../../support/keyStream.ts';

/** EventBridge's answer to an entry: accepted, or an error code. */
type Answer = (entry: EventEntry, attempt: number) => string | undefined;

/** A function of events with an event bus that answers as the test says. */
function startEvents(answer: Answer = () => undefined) {
  const calls: (readonly EventEntry[])[] = [];
  const attempts = new Map<string, number>();
  const received: string[] = [];
  const history: KeyEvent[] = [];
  const letters: DeadLetter[] = [];
  const lines: string[] = [];
  const failures = { history: false, queue: false };
  const send = async (entries: readonly EventEntry[]) => {
    calls.push(entries);
    return entries.map((entry) => {
      const { eventId } = JSON.parse(entry.Detail);
      const attempt = (attempts.get(eventId) ?? 0) + 1;
      attempts.set(eventId, attempt);
      const ErrorCode = answer(entry, attempt);
      if (ErrorCode === undefined) received.push(eventId);
      return { ErrorCode };
    });
  };
  const deps = {
    publisher: new EventPublisher({ send, busName: 'bus', tableArn: TABLE_ARN, wait: async () => {} }),
    history: {
      retentionDays: 400,
      store: {
        put: async (events: Iterable<KeyEvent>) => {
          if (failures.history) throw Object.assign(new Error('secret'), { name: 'ThrottlingException' });
          history.push(...events);
        },
      },
    },
    bury: async (buried: readonly DeadLetter[]) => {
      if (failures.queue) throw Object.assign(new Error('secret'), { name: 'QueueDoesNotExist' });
      letters.push(...buried);
    },
    log: new EventLog({ write: (line) => lines.push(line), now: () => NOW_MS }),
  };
  return {
    run: (records: readonly unknown[]) => processBatch(records, deps),
    calls,
    received,
    history,
    letters,
    lines,
    failures,
  };
}

let sequence = 0;
/** Returns the record of a change of the key with this id. Its event has the id `ID-LABEL`. */
const change = (id: string, label: string) => {
  const before = { ...makeKey({ id }).record, label: 'before' };
  return keyStreamRecord(before, { ...before, label }, { eventID: `${id}-${label}`, sequence: ++sequence });
};
const used = () => {
  const { record } = makeKey();
  return keyStreamRecord(record, { ...record, lastUsedAt: 'x' }, { sequence: ++sequence });
};
const pill = (eventID = 'pill') =>
  keyStreamRecord(undefined, { keyHash: 'h', id: 'k', label: 7 }, { eventID, sequence: ++sequence });
const failsAt = ({ dynamodb }: { readonly dynamodb: { readonly SequenceNumber: string } }) => ({
  batchItemFailures: [{ itemIdentifier: dynamodb.SequenceNumber }],
});
const ALL_DONE = { batchItemFailures: [] };

describe('processBatch', () => {
  test('sends the events to EventBridge and to the history, and none for last-used writes', async () => {
    const events = startEvents();
    expect(await events.run([used(), change('a', '1'), used(), change('b', '1')])).toEqual(ALL_DONE);
    expect(events.received).toEqual(['a-1', 'b-1']);
    expect(events.history.map(({ detail }) => detail.eventId)).toEqual(['a-1', 'b-1']);
    expect(events.calls[0]?.[0]).toMatchObject({
      Source: 'latchkey',
      DetailType: 'KeyUpdated',
      EventBusName: 'bus',
      Resources: [TABLE_ARN],
      Time: new Date(NOW_MS),
    });
  });

  test('makes no call for a batch of last-used writes, or for an empty one', async () => {
    const events = startEvents();
    expect(await events.run([used(), used()])).toEqual(ALL_DONE);
    expect(await events.run([])).toEqual(ALL_DONE);
    expect(events.calls).toEqual([]);
  });

  test('sends at most ten entries and 250 KB at once', async () => {
    const events = startEvents();
    const long = 'x'.repeat(60_000);
    await events.run([
      ...Array.from({ length: 23 }, (_, at) => change(`small-${at}`, '1')),
      ...Array.from({ length: 5 }, (_, at) => change(`long-${at}`, long)),
    ]);
    expect(events.received).toHaveLength(28);
    for (const call of events.calls) {
      expect(call.length).toBeLessThanOrEqual(10);
      expect(JSON.stringify(call).length).toBeLessThan(262_144);
    }
  });

  test('puts a record that never gives an event into the queue by its id, and goes on with the rest', async () => {
    const events = startEvents();
    const poison = pill();
    expect(await events.run([change('a', '1'), poison, change('b', '1')])).toEqual(ALL_DONE);
    expect(events.received).toEqual(['a-1', 'b-1']);
    expect(events.letters).toEqual([
      { eventId: 'pill', keyId: 'k', sequenceNumber: poison.dynamodb.SequenceNumber, code: 'RECORD_CORRUPT' },
    ]);
    expect(JSON.parse(events.lines[0] ?? '')).toMatchObject({ level: 'ERROR', code: 'EVENT_BURIED', keyId: 'k' });
  });

  test('puts an event that EventBridge always rejects into the queue, and goes on with the rest', async () => {
    const events = startEvents(({ Detail }) => (Detail.includes('"a-1"') ? 'MalformedDetail' : undefined));
    expect(await events.run([change('a', '1'), change('a', '2'), change('b', '1')])).toEqual(ALL_DONE);
    expect(events.received).toEqual(['b-1', 'a-2']);
    expect(events.letters).toMatchObject([{ eventId: 'a-1', keyId: 'a', code: 'MalformedDetail', type: 'KeyUpdated' }]);
  });

  test('sends only the failed entries again', async () => {
    const events = startEvents(({ Detail }, attempt) =>
      Detail.includes('"a-1"') && attempt < 3 ? 'ThrottlingException' : undefined,
    );
    expect(await events.run([change('a', '1'), change('b', '1')])).toEqual(ALL_DONE);
    expect(events.received).toEqual(['b-1', 'a-1']);
    expect(events.calls.map((call) => call.length)).toEqual([2, 1, 1]);
  });

  test('lets the stream deliver again from the first failed event, and sends no later event of its key', async () => {
    const events = startEvents(({ Detail }) => (Detail.includes('"a-1"') ? 'InternalFailure' : undefined));
    const failing = change('a', '1');
    const poison = pill('late pill');
    const batch = [change('b', '1'), failing, change('a', '2'), change('b', '2'), poison];
    expect(await events.run(batch)).toEqual(failsAt(failing));
    expect(events.received).toEqual(['b-1', 'b-2']);
    // The stream delivers the pill again too.
    expect(events.letters).toEqual([]);
    expect(JSON.parse(events.lines.at(-1) ?? '')).toMatchObject({
      level: 'WARN',
      code: 'EVENT_DELAYED',
      keyId: 'a',
      cause: 'InternalFailure',
    });
  });

  test('sends the events of a key in the order of the stream, whatever fails in between', async () => {
    const events = startEvents((_, attempt) => (attempt === 1 ? 'ThrottlingException' : undefined));
    await events.run([1, 2, 3, 4].flatMap((at) => [change('a', `${at}`), change('b', `${at}`)]));
    for (const id of ['a', 'b']) {
      expect(events.received.filter((eventId) => eventId.startsWith(id))).toEqual(
        [1, 2, 3, 4].map((at) => `${id}-${at}`),
      );
    }
  });

  test('sends the same ids if the stream delivers a batch again', async () => {
    const events = startEvents();
    const batch = [change('a', '1'), change('b', '1')];
    await events.run(batch);
    await events.run(batch);
    expect(events.received).toEqual(['a-1', 'b-1', 'a-1', 'b-1']);
  });

  test.each(['history', 'queue'] as const)(
    'tries the whole batch again if the %s fails, without its message',
    async (name) => {
      const events = startEvents();
      events.failures[name] = true;
      const first = change('a', '1');
      expect(await events.run([first, pill()])).toEqual(failsAt(first));
      expect(events.lines.join('')).not.toContain('secret');
      events.failures[name] = false;
      expect(await events.run([first, pill()])).toEqual(ALL_DONE);
      expect(events.received).toContain('a-1');
    },
  );

  test('treats a failed call like failed entries', async () => {
    const events = startEvents(() => {
      throw Object.assign(new Error('secret'), { name: 'AccessDeniedException' });
    });
    const first = change('a', '1');
    expect(await events.run([first])).toEqual(failsAt(first));
    expect(events.lines.join('')).toContain('AccessDeniedException');
    expect(events.lines.join('')).not.toContain('secret');
  });
});

describe('bury', () => {
  const letter = { eventId: 'e', keyId: 'k', sequenceNumber: '1', code: 'RECORD_CORRUPT' };
  const queue = (failed: readonly object[] = []) => {
    const batches: { readonly MessageBody: string }[][] = [];
    const send = async ({ input }: { input: { Entries: { MessageBody: string }[] } }) => {
      batches.push(input.Entries);
      return { Failed: failed };
    };
    return { batches, client: { send } as never };
  };

  test('sends ten messages at once', async () => {
    const { batches, client } = queue();
    await bury(
      Array.from({ length: 12 }, () => letter),
      { client, queueUrl: 'https://queue' },
    );
    expect(batches.map((batch) => batch.length)).toEqual([10, 2]);
    expect(JSON.parse(batches[0]?.[0]?.MessageBody ?? '')).toEqual(letter);
  });

  test('throws if the queue rejects a message', async () => {
    const { client } = queue([{ Id: '0', Code: 'InternalError' }]);
    await expect(bury([letter], { client, queueUrl: 'https://queue' })).rejects.toMatchObject({
      name: 'InternalError',
    });
  });
});

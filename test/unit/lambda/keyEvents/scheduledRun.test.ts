import { describe, expect, test } from '@jest/globals';
import type { KeyEvent } from '../../../../keys/keyEvent.ts';
import { serialiseRecord } from '../../../../keys/record.ts';
import { createKeyEventsHandler } from '../../../../lambda/keyEvents/createKeyEventsHandler.ts';
import { EventLog } from '../../../../lambda/keyEvents/eventLog.ts';
import { dailyEvents } from '../../../../lambda/keyEvents/keysRun.ts';
import { spentQuota } from '../../../../lambda/keyEvents/quotaRun.ts';
import type { TestKeyFields } from '../../../../testing/createTestKey.ts';
import { at, makeKey, NOW_MS } from '../../../support/keys.ts';

const DAY_MS = 86_400_000;
const days = (count: number) => count * DAY_MS;

/** Runs the daily run on each day, and returns the events with the day of their run. */
function eventsByDay(fields: TestKeyFields, runs: readonly number[], unusedDays?: number) {
  const { record } = makeKey(fields);
  return runs.flatMap((day) =>
    dailyEvents(record, { timeMs: NOW_MS + days(day), unusedDays }).map(({ type, detail }) => ({ day, type, detail })),
  );
}

describe('dailyEvents', () => {
  const EVERY_DAY = Array.from({ length: 45 }, (_, day) => day);

  test('returns one KeyExpiring in the first run within 30, 14, 7 and 1 days', () => {
    const events = eventsByDay({ expiresAt: at(days(40) + 1000) }, EVERY_DAY);
    expect(events.map(({ day, type, detail }) => [day, type, Object(detail).withinDays])).toEqual([
      [11, 'KeyExpiring', 30],
      [27, 'KeyExpiring', 14],
      [34, 'KeyExpiring', 7],
      [40, 'KeyExpiring', 1],
    ]);
    expect(new Set(events.map(({ detail }) => detail.eventId)).size).toBe(4);
  });

  test('returns the same id in a repeated run, and another one for another expiry', () => {
    const idIn = (expiresAt: number, run = 10) => eventsByDay({ expiresAt: at(expiresAt) }, [run])[0]?.detail.eventId;
    expect(idIn(days(40))).toBeDefined();
    expect(idIn(days(40))).toBe(idIn(days(40)));
    expect(idIn(days(40) + 1, 11)).not.toBe(idIn(days(40)));
  });

  test.each<[string, TestKeyFields]>([
    ['never expires', {}],
    ['is disabled', { expiresAt: at(days(7)), disabledAt: at(0) }],
    ['is revoked', { expiresAt: at(days(7)), revokedAt: at(0) }],
    ['has expired', { expiresAt: at(-1) }],
  ])('returns nothing for a key that %s', (_, fields) => {
    expect(eventsByDay(fields, EVERY_DAY)).toEqual([]);
  });

  test('returns the successor of a rotated key, so that a receiver can skip it', () => {
    const [event] = eventsByDay({ expiresAt: at(days(7)), rotatedTo: 'b', owner: 'acme' }, [0]);
    expect(event?.detail).toMatchObject({ withinDays: 7, rotatedTo: 'b', owner: 'acme', expiresAt: at(days(7)) });
  });

  test.each<[string, TestKeyFields, object]>([
    ['since its last use', { createdAt: at(-days(900)), lastUsedAt: at(-days(20)) }, { lastUsedAt: at(-days(20)) }],
    ['since its issue if it was never used', { createdAt: at(-days(20)) }, {}],
    ['since its issue if its last use is in the future', { createdAt: at(-days(20)), lastUsedAt: at(days(900)) }, {}],
  ])('returns one KeyUnused for a key that is unused %s', (_, fields, expected) => {
    const events = eventsByDay(fields, EVERY_DAY, 30);
    expect(events).toMatchObject([{ day: 10, type: 'KeyUnused', detail: { unusedDays: 30, ...expected } }]);
    expect(eventsByDay(fields, EVERY_DAY)).toEqual([]);
  });
});

describe('spentQuota', () => {
  const item = (fields: object = {}) => ({
    subject: 'quota/day/2030-06-15/key/a',
    granted: 80,
    limit: 100,
    plan: 'free',
    period: 'day',
    ...fields,
  });
  const spent = (fields: object = {}) => spentQuota(item(fields), { timeMs: NOW_MS, tableName: 'limits' });

  test('returns the quota of a key at 80 %', () => {
    expect(spent()).toEqual({
      subject: item().subject,
      detail: {
        eventId: expect.stringMatching(/^[0-9a-f]{32}$/),
        time: at(0),
        per: 'key',
        id: 'a',
        plan: 'free',
        percent: 80,
        used: 80,
        limit: 100,
        period: 'day',
        window: '2030-06-15',
        resetsAt: '2030-06-16T00:00:00.000Z',
      },
    });
  });

  test.each<[string, object, object]>([
    ['100 % of a month', { subject: 'quota/month/2030-06/key/a', granted: 100 }, { percent: 100, period: 'month' }],
    ['more than 100 %', { granted: 130, warned: 80 }, { percent: 100, used: 130 }],
    ['an owner with slashes', { subject: 'quota/day/2030-06-15/owner/free/a/b' }, { per: 'owner', owner: 'a/b' }],
    ['a whole plan', { subject: 'quota/day/2030-06-15/plan/free' }, { per: 'plan' }],
    ['a week', { subject: 'quota/week/2030-06-10/key/a' }, { period: 'week', resetsAt: '2030-06-17T00:00:00.000Z' }],
  ])('returns the quota of %s', (_, fields, expected) => {
    expect(spent(fields)?.detail).toMatchObject(expected);
  });

  test.each<[string, object]>([
    ['is below 80 %', { granted: 79.9 }],
    ['is marked with 80 %', { warned: 80 }],
    ['is marked with 100 %', { granted: 100, warned: 100 }],
    ['is of yesterday', { subject: 'quota/day/2030-06-14/key/a' }],
    ['is of an hour', { subject: 'quota/hour/2030-06-15T12/key/a' }],
    ['is a throttle', { subject: 'throttle/free/key/a' }],
    ['is of another plan', { subject: 'quota/day/2030-06-15/owner/pro/acme' }],
    ['has no limit', { limit: undefined }],
    ['has an unreadable count', { granted: 'x' }],
  ])('returns nothing for an item that %s', (_, fields) => {
    expect(spent(fields)).toBeUndefined();
  });

  test('returns different ids for each share and table', () => {
    const ids = [spent(), spent({ granted: 100 }), spentQuota(item(), { timeMs: NOW_MS, tableName: 'others' })];
    expect(new Set(ids.map((each) => each?.detail.eventId)).size).toBe(3);
  });
});

/** A function of events whose event bus rejects the events of some keys. */
function startFunction(items: readonly object[], quotaItems: readonly object[] = [], rejected: readonly string[] = []) {
  const sent: KeyEvent[] = [];
  const marked: unknown[] = [];
  const lines: string[] = [];
  const handler = createKeyEventsHandler({
    publisher: {
      publish: async (events) => {
        const failed = events.filter(({ detail }) => rejected.includes(detail.id ?? ''));
        sent.push(...events.filter((event) => !failed.includes(event)));
        return { refused: new Map(), failed: new Map(failed.map(({ detail }) => [detail.eventId, 'InternalFailure'])) };
      },
    },
    bury: async () => {},
    keyPages: async function* () {
      for (const item of items) yield [{ ...item }];
    },
    quotas: {
      tableName: 'limits',
      pages: async function* () {
        for (const item of quotaItems) yield [{ ...item }];
      },
      mark: async (subject, percent) => void marked.push([subject, percent]),
      describeKey: async () => ({ label: 'ci', owner: 'acme' }),
    },
    log: new EventLog({ write: (line) => lines.push(line), now: () => NOW_MS }),
  });
  return { handler, sent, marked, logged: () => lines.map((line) => JSON.parse(line)) };
}

describe('a scheduled run', () => {
  const expiring = (id: string) => serialiseRecord(makeKey({ id, expiresAt: at(days(7)) }).record);
  const KEYS = { run: 'keys', time: at(0) };
  const QUOTAS = { run: 'quotas', time: at(0) };
  const quota = (id: string) => ({ subject: `quota/day/2030-06-15/key/${id}`, granted: 9, limit: 10, plan: 'free' });

  test('sends the events of all keys, skips a corrupt record and logs the counts', async () => {
    const { handler, sent, logged } = startFunction([expiring('a'), { keyHash: 'x' }, expiring('b')]);
    await handler(KEYS);
    expect(sent.map(({ detail }) => detail.id)).toEqual(['a', 'b']);
    expect(logged()).toMatchObject([{ level: 'INFO', run: 'keys', keys: 3, corrupt: 1, sent: 2, failed: 0 }]);
  });

  test('sends the other events if one fails, and fails so that Lambda repeats it', async () => {
    const { handler, sent, logged } = startFunction([expiring('a'), expiring('b')], [], ['a']);
    await expect(handler(KEYS)).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
    expect(sent.map(({ detail }) => detail.id)).toEqual(['b']);
    expect(logged().at(-1)).toMatchObject({ level: 'ERROR', code: 'EVENT_RUN_FAILED', cause: 'InternalFailure' });
  });

  test('sends a spent quota with the label and the owner of its key, and marks it', async () => {
    const { handler, sent, marked } = startFunction([], [quota('a')]);
    await handler(QUOTAS);
    expect(sent).toMatchObject([
      { type: 'QuotaNearlySpent', detail: { id: 'a', label: 'ci', owner: 'acme', percent: 80 } },
    ]);
    expect(marked).toEqual([[quota('a').subject, 80]]);
  });

  test('does not mark a quota whose event failed', async () => {
    const { handler, marked } = startFunction([], [quota('a'), quota('b')], ['a']);
    await expect(handler(QUOTAS)).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
    expect(marked).toEqual([[quota('b').subject, 80]]);
  });

  test.each([
    ['an unknown run', { run: 'all', time: at(0) }, 'INPUT_INVALID'],
    ['no time', { run: 'keys' }, 'INPUT_INVALID'],
    ['an event of another service', { Message: 'x' }, 'EVENT_UNKNOWN'],
    ['nothing', undefined, 'EVENT_UNKNOWN'],
  ])('rejects %s', async (_, event, code) => {
    await expect(startFunction([]).handler(event)).rejects.toMatchObject({ code });
  });
});

import { describe, expect, test } from '@jest/globals';
import { ALL_KEYS, type HourUsage, serialiseUsage } from '../../../../keys/usage.ts';
import { createRollUpHandler, type LogRange } from '../../../../lambda/usageRollup/runRollUp.ts';
import { readUsageRollupSettings } from '../../../../lambda/usageRollup/settings.ts';

const NOW_MS = Date.parse('2026-11-30T21:05:00Z');
const SETTINGS = readUsageRollupSettings({
  LATCHKEY_USAGE_TABLE: 'usage',
  LATCHKEY_USAGE_LOG_GROUP: 'authorizer',
  LATCHKEY_USAGE_ACCESS_LOGS: JSON.stringify([{ logGroup: 'access', apiId: 'a1' }]),
  LATCHKEY_USAGE_RETENTION_DAYS: '400',
});

interface LoggedLine {
  readonly logGroup: string;
  readonly at: string;
  readonly text: string;
}

const usageLine = (hour: string, allowed: number, at: string): LoggedLine => ({
  logGroup: 'authorizer',
  at,
  text: JSON.stringify({ level: 'INFO', message: 'usage', hour, keys: { k1: { a1: { allowed }, a2: { allowed } } } }),
});
const accessLine = (requestTime: string, at: string): LoggedLine => ({
  logGroup: 'access',
  at,
  text: JSON.stringify({ requestTime, status: '200', apiId: 'a1', keyId: 'k1', responseLatency: '10' }),
});
const LINES = [
  usageLine('2026-11-30T17', 100, '2026-11-30T17:30:00Z'),
  usageLine('2026-11-30T18', 5, '2026-11-30T18:00:00Z'),
  // A frozen environment writes its counts late.
  usageLine('2026-11-30T19', 7, '2026-11-30T20:40:00Z'),
  usageLine('2026-11-30T21', 2, '2026-11-30T21:04:59Z'),
  accessLine('30/Nov/2026:19:59:59 +0000', '2026-11-30T20:00:02Z'),
  accessLine('30/Nov/2026:21:00:00 +0000', '2026-11-30T21:00:00Z'),
];

function rollUpUnderTest(lines: readonly LoggedLine[] = LINES, fail?: { readonly atLogGroup: string }) {
  const table = new Map<string, HourUsage>();
  const logged: Record<string, unknown>[] = [];
  const ranges: LogRange[] = [];
  let putCalls = 0;
  const handler = createRollUpHandler({
    settings: SETTINGS,
    async *readLog(range) {
      ranges.push(range);
      if (range.logGroup === fail?.atLogGroup) throw Object.assign(new Error('key=secret'), { name: 'Throttled' });
      const isIn = (ms: number) => ms >= range.startMs && ms <= range.endMs;
      const own = lines.filter(({ logGroup, at }) => logGroup === range.logGroup && isIn(Date.parse(at)));
      yield* own.map(({ text }) => text);
    },
    store: {
      put: async (usages) => {
        putCalls++;
        const all = [...usages];
        for (const usage of all) table.set(`${usage.keyId} ${usage.hour}`, usage);
        return { written: all.length, kept: 0 };
      },
    },
    now: () => NOW_MS,
    writeLog: (line) => logged.push(JSON.parse(line)),
  });
  return { handler, table, logged, ranges, putCalls: () => putCalls };
}

describe('a run of the roll-up', () => {
  test('writes the current hour and the three before it, also from lines that were written late', async () => {
    const { handler, table, logged } = rollUpUnderTest();
    await handler({ source: 'aws.events' });
    const summary = [...table.values()].map(({ keyId, hour, apis }) => [
      `${keyId} ${hour}`,
      Object.entries(apis).map(([api, { source, allowed }]) => `${api} ${source} ${allowed}`),
    ]);
    const counts = {
      '2026-11-30T18': ['a2 minute-lines 5'],
      '2026-11-30T19': ['a1 access-log 1', 'a2 minute-lines 7'],
      '2026-11-30T21': ['a1 access-log 1', 'a2 minute-lines 2'],
    };
    const expected = Object.entries(counts).flatMap(([hour, apis]) => [
      [`k1 ${hour}`, apis],
      [`${ALL_KEYS} ${hour}`, apis],
    ]);
    expect(Object.fromEntries(summary.map(([key, apis]) => [key, [...(apis ?? [])].toSorted()]))).toEqual(
      Object.fromEntries(expected),
    );
    expect(logged).toEqual([
      {
        timestamp: '2026-11-30T21:05:00.000Z',
        level: 'INFO',
        message: 'usage rolled up',
        first: '2026-11-30T18',
        last: '2026-11-30T21',
        items: { written: 6, kept: 0 },
        lines: { counted: 5, skipped: 0, ignored: 0 },
        durationMs: 0,
      },
    ]);
  });

  test('changes nothing if it is repeated', async () => {
    const { handler, table } = rollUpUnderTest();
    await handler({});
    const stored = () => [...table].map(([key, usage]) => [key, serialiseUsage(usage, 400)]);
    const first = stored();
    await handler({});
    expect(stored()).toEqual(first);
  });

  test.each(['authorizer', 'access'])('writes nothing and rejects if it cannot read the log %s', async (atLogGroup) => {
    const { handler, logged, putCalls } = rollUpUnderTest(LINES, { atLogGroup });
    await expect(handler({})).rejects.toMatchObject({
      code: 'INTERNAL_ERROR',
      message: 'the usage could not be rolled up',
    });
    expect(putCalls()).toBe(0);
    expect(logged).toEqual([
      expect.objectContaining({ level: 'ERROR', message: 'usage not rolled up', cause: 'Throttled' }),
    ]);
    expect(JSON.stringify(logged)).not.toContain('secret');
  });

  test('counts the hours in its event', async () => {
    const { handler, table, ranges } = rollUpUnderTest();
    await handler({ since: '2026-11-30T17', until: '2026-11-30T17' });
    expect(table.get('k1 2026-11-30T17')?.apis).toMatchObject({ a2: { allowed: 100 } });
    expect(table.size).toBe(2);
    const own = ranges.filter(({ logGroup }) => logGroup === 'access');
    expect(own.map(({ startMs }) => new Date(startMs).getUTCHours())).toEqual([17, 18, 19, 20]);
  });

  test('counts lines of past hours that were written up to three hours late', async () => {
    const late = [
      usageLine('2026-11-30T15', 1, '2026-11-30T15:30:00Z'),
      usageLine('2026-11-30T15', 4, '2026-11-30T18:04:00Z'),
    ];
    const { handler, table } = rollUpUnderTest(late);
    await handler({ since: '2026-11-30T15', until: '2026-11-30T15' });
    expect(table.get('k1 2026-11-30T15')?.apis).toMatchObject({ a2: { allowed: 5 } });
  });

  test.each([
    { since: 'yesterday' },
    { since: '2026-11-30T24' },
    { until: 5 },
    { since: '2026-11-30T20', until: '2026-11-30T19' },
  ])('rejects the event %j with INPUT_INVALID', async (event) => {
    await expect(rollUpUnderTest().handler(event)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});

describe('the settings of the roll-up', () => {
  test('are rejected with every problem', () => {
    expect(() => readUsageRollupSettings({ LATCHKEY_USAGE_ACCESS_LOGS: '[{"logGroup":"x"}]' })).toThrow(
      'LATCHKEY_USAGE_TABLE: expected the name or ARN of a DynamoDB table, got undefined; ' +
        'LATCHKEY_USAGE_LOG_GROUP: expected the name of a log group, got undefined; ' +
        'LATCHKEY_USAGE_ACCESS_LOGS: expected a JSON list of {logGroup, apiId}, got "[{\\"logGroup\\":\\"x\\"}]"; ' +
        'LATCHKEY_USAGE_RETENTION_DAYS: expected a whole number of days above 0, got undefined',
    );
  });

  test("don't need access logs", () => {
    expect(
      readUsageRollupSettings({
        LATCHKEY_USAGE_TABLE: 'usage',
        LATCHKEY_USAGE_LOG_GROUP: 'authorizer',
        LATCHKEY_USAGE_RETENTION_DAYS: '1',
      }),
    ).toEqual({ tableName: 'usage', logGroup: 'authorizer', accessLogs: [], retentionDays: 1 });
  });
});

import { describe, expect, test } from '@jest/globals';
import {
  ALL_KEYS,
  type ApiUsage,
  createUsageTableInput,
  type HourUsage,
  parseUsage,
  parseUsageHour,
  serialiseUsage,
  toHourMs,
  toUsageHour,
  UsageSum,
} from '../../../keys/usage.ts';

const HOUR = toUsageHour(Date.UTC(2026, 10, 30, 21, 59, 59, 999));

function lineUsage(allowed: number, fields: Partial<ApiUsage> = {}): ApiUsage {
  return { source: 'minute-lines', allowed, limited: 0, refused: 0, ...fields };
}

function logUsage(allowed: number, fields: Partial<ApiUsage> = {}): ApiUsage {
  return { source: 'access-log', allowed, limited: 0, refused: 0, statuses: { 200: allowed }, ...fields };
}

test('an hour is the UTC hour of a time', () => {
  expect(HOUR).toBe('2026-11-30T21');
  expect(toHourMs(HOUR)).toBe(Date.UTC(2026, 10, 30, 21));
});

test.each(['2026-11-30T24', '2026-02-30T00', '2026-11-30', '2026-11-30T21:00', '', 7, undefined])(
  'parseUsageHour rejects %p',
  (text) => {
    expect(parseUsageHour(text)).toBeUndefined();
  },
);

describe('UsageSum', () => {
  test('adds counts, status codes and latencies over APIs and hours', () => {
    const sum = new UsageSum();
    const apis = {
      rest: logUsage(5, { limited: 2, statuses: { 200: 5, 429: 2 }, latency: { 3: 5, 7: 2 } }),
      http: lineUsage(3, { refused: 1 }),
    };
    sum.addHour({ keyId: 'a', hour: HOUR, apis });
    sum.add(logUsage(1, { latency: { 3: 1 } }));
    const { statuses, latency, total } = sum;
    expect({ ...sum, statuses, latency, total }).toEqual({
      allowed: 9,
      limited: 2,
      refused: 1,
      total: 12,
      statuses: { 200: 6, 429: 2 },
      latency: { 3: 6, 7: 2 },
      sources: new Set(['access-log', 'minute-lines']),
    });
  });

  test('is the same in any order', () => {
    const parts = [logUsage(5, { latency: { 3: 5 } }), lineUsage(3), logUsage(2, { statuses: { 500: 2 } })];
    const [forward, backward] = [new UsageSum(), new UsageSum()];
    for (const part of parts) forward.add(part);
    for (const part of parts.toReversed()) backward.add(part);
    expect(forward).toEqual(backward);
  });
});

describe('an item', () => {
  const usage: HourUsage = {
    keyId: ALL_KEYS,
    hour: HOUR,
    apis: { rest: logUsage(5, { latency: { 3: 5 } }), ['__proto__']: lineUsage(3) },
    busiest: [{ keyId: 'a', allowed: 5, limited: 0, refused: 0 }],
  };

  test('has the same usage after it was stored and read', () => {
    const stored = { ...serialiseUsage(usage, 400), later: new Set(['x']) };
    expect(parseUsage(stored)).toStrictEqual(usage);
  });

  test('expires its retention after the end of its hour', () => {
    expect(serialiseUsage(usage, 400)['purgeAfter']).toBe(Date.UTC(2026, 10, 30, 22) / 1000 + 400 * 86_400);
  });

  test('has at most 50 of the busiest keys', () => {
    const busiest = Array.from({ length: 51 }, (_, at) => ({ keyId: `k${at}`, allowed: 1, limited: 0, refused: 0 }));
    expect(serialiseUsage({ ...usage, busiest }, 400)['busiest']).toEqual(busiest.slice(0, 50));
  });

  test.each<[string, Record<string, unknown>]>([
    ['keyId', { keyId: '' }],
    ['keyId', { keyId: 7 }],
    ['hour', { hour: '2026-11-30T25' }],
    ['apis', { apis: [] }],
    ['apis', { apis: { rest: lineUsage(-1) } }],
    ['apis', { apis: { rest: lineUsage(0.5) } }],
    ['apis', { apis: { rest: { ...lineUsage(1), source: 'guess' } } }],
    ['apis', { apis: { rest: logUsage(1, { statuses: { constructor: 1 } }) } }],
    ['apis', { apis: { rest: logUsage(1, { latency: { 9999: 1 } }) } }],
    ['busiest', { busiest: { 0: 'a' } }],
    ['busiest', { busiest: [null] }],
    ['busiest', { busiest: [{ keyId: 'a', allowed: 1 }] }],
  ])('is rejected with RECORD_CORRUPT and the attribute %s: %j', (attribute, misfit) => {
    const item = { ...serialiseUsage(usage, 400), ...misfit };
    expect(() => parseUsage(item)).toThrow(expect.objectContaining({ code: 'RECORD_CORRUPT' }));
    expect(() => parseUsage(item)).toThrow(`has an unreadable ${attribute}`);
  });
});

test('createUsageTableInput returns a table with one item for each key and hour', () => {
  expect(createUsageTableInput('usage')).toStrictEqual({
    TableName: 'usage',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'keyId', AttributeType: 'S' },
      { AttributeName: 'hour', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'keyId', KeyType: 'HASH' },
      { AttributeName: 'hour', KeyType: 'RANGE' },
    ],
  });
});

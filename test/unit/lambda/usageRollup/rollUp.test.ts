import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { latencyPercentile } from '../../../../keys/latencyHistogram.ts';
import { ALL_KEYS, parseUsage, serialiseUsage, type UsageHour } from '../../../../keys/usage.ts';
import { type LineOrigin, UsageRollUp } from '../../../../lambda/usageRollup/rollUp.ts';

const HOUR = '2026-11-30T21' as UsageHour;
const EARLIER = '2026-11-30T20' as UsageHour;
const API = new Set(['a1']);

const accessLine = (fields: Record<string, string> = {}) =>
  JSON.stringify({
    requestId: 'r1',
    requestTime: '30/Nov/2026:21:05:09 +0000',
    sourceIp: '192.0.2.1',
    status: '200',
    apiId: 'a1',
    keyId: 'k1',
    principalId: 'k1',
    errorCode: '-',
    responseType: '-',
    integrationLatency: '8',
    responseLatency: '10',
    ...fields,
  });
const usageLine = (fields: object = {}) =>
  JSON.stringify({ level: 'INFO', message: 'usage', hour: HOUR, keys: { k1: { a2: { allowed: 3 } } }, ...fields });

interface LogLine extends LineOrigin {
  readonly text: string;
}

const access = (text: string, apiIds: ReadonlySet<string> = API): LogLine => ({ source: 'access-log', apiIds, text });
const minute = (text: string): LogLine => ({ source: 'minute-lines', apiIds: new Set(), text });

function rolledUp(...lines: readonly LogLine[]) {
  const usage = new UsageRollUp({ accessLogApis: API, first: EARLIER, last: HOUR });
  for (const line of lines) usage.add(line.text, line);
  const items = [...usage.items()];
  const itemOf = (keyId: string, hour: string = HOUR) =>
    items.find((item) => item.keyId === keyId && item.hour === hour);
  return { items, counts: usage.lines, itemOf };
}

describe('an access log line', () => {
  test.each<[string, Record<string, string>, object]>([
    ['an answered request as allowed', {}, { allowed: 1, statuses: { 200: 1 } }],
    ['a fault of the integration as allowed', { status: '502' }, { allowed: 1, statuses: { 502: 1 } }],
    ["the integration's own 403 as allowed", { status: '403' }, { allowed: 1 }],
    [
      'an allowed request of a scoped key, which has an errorCode too, as allowed',
      { errorCode: 'INSUFFICIENT_SCOPE' },
      { allowed: 1 },
    ],
    [
      'a request outside the scopes as refused',
      { errorCode: 'INSUFFICIENT_SCOPE', status: '403', integrationLatency: '-' },
      { refused: 1, statuses: { 403: 1 } },
    ],
    [
      'a revoked key, whose context has no keyId, as refused',
      { keyId: '-', errorCode: 'KEY_REVOKED', status: '403', integrationLatency: '-' },
      { refused: 1 },
    ],
    [
      'a refusal with another status as refused',
      { errorCode: 'KEY_EXPIRED', status: '401', integrationLatency: '-' },
      { refused: 1, statuses: { 401: 1 } },
    ],
    [
      'a key without its usage plan as refused',
      { responseType: 'INVALID_API_KEY', status: '403', integrationLatency: '-' },
      { refused: 1 },
    ],
    [
      'a limit that the authorizer enforces as limited',
      { errorCode: 'QUOTA_EXCEEDED', status: '403', integrationLatency: '-' },
      { limited: 1, statuses: { 403: 1 } },
    ],
    [
      'a limit that the integration answers as limited',
      { errorCode: 'THROTTLED', status: '429' },
      { limited: 1, statuses: { 429: 1 } },
    ],
    [
      'a limit of a usage plan as limited',
      { responseType: 'THROTTLED', status: '429', integrationLatency: '-' },
      { limited: 1 },
    ],
  ])('counts %s', (_, fields, expected) => {
    const { itemOf } = rolledUp(access(accessLine(fields)));
    const none = { source: 'access-log', allowed: 0, limited: 0, refused: 0 };
    expect(itemOf('k1')?.apis['a1']).toMatchObject({ ...none, ...expected });
  });

  test('adds its latency to a histogram', () => {
    const lines = [10, 10, 10, 400].map((ms) => access(accessLine({ responseLatency: String(ms) })));
    const { itemOf } = rolledUp(...lines, access(accessLine({ responseLatency: '-' })));
    const { latency = {} } = itemOf('k1')?.apis['a1'] ?? {};
    expect(Math.round(latencyPercentile(latency, 0.5) ?? 0)).toBe(10);
    expect(latencyPercentile(latency, 1)).toBeGreaterThan(380);
  });

  test.each([
    ['has an unknown key', { principalId: 'anonymous', keyId: '-', status: '403' }],
    ['has no key', { principalId: '-', keyId: '-', status: '401' }],
    ['ends a WebSocket connection', { eventType: 'DISCONNECT' }],
    ['is of an earlier hour', { requestTime: '30/Nov/2026:19:59:59 +0000' }],
    ['is of a later hour', { requestTime: '30/Nov/2026:22:00:00 +0000' }],
  ])('is skipped if it %s', (_, fields) => {
    const { items, counts } = rolledUp(access(accessLine(fields)));
    expect({ items, counts }).toEqual({ items: [], counts: { counted: 0, skipped: 1, ignored: 0 } });
  });

  test("belongs to the log's only API if it has the format before apiId", () => {
    const { apiId: _, ...fields } = JSON.parse(accessLine());
    const { itemOf, counts } = rolledUp(
      access(JSON.stringify(fields)),
      access(JSON.stringify(fields), new Set(['a1', 'a2'])),
    );
    expect(itemOf('k1')?.apis).toMatchObject({ a1: { allowed: 1 } });
    expect(counts).toEqual({ counted: 1, skipped: 0, ignored: 1 });
  });

  test.each([
    ['is not JSON', '192.0.2.1 - - "GET /" 200'],
    ['is cut off', accessLine().slice(0, 100)],
    ['is a list', '[]'],
    ['has no time', accessLine({ requestTime: '-' })],
    ['has a date that does not exist', accessLine({ requestTime: '31/Nov/2026:21:05:09 +0000' })],
    ['has another time zone', accessLine({ requestTime: '30/Nov/2026:21:05:09 +0100' })],
    ['has an impossible status', accessLine({ status: '2000' })],
    ['has a key id that no key has', accessLine({ keyId: '*' })],
    ['has a prototype as key id', accessLine({ keyId: '__proto__' })],
    ['is of an API that does not write to the log', accessLine({ apiId: 'a2' })],
  ])('is ignored if it %s', (_, text) => {
    const { items, counts } = rolledUp(access(text));
    expect({ items, counts }).toEqual({ items: [], counts: { counted: 0, skipped: 0, ignored: 1 } });
  });
});

describe('a usage line', () => {
  test('adds its counts by key, API and outcome', () => {
    const outcomes = { allowed: 5, KEY_REVOKED: 2, THROTTLED: 3, QUOTA_EXCEEDED: 1 };
    const { itemOf } = rolledUp(minute(usageLine()), minute(usageLine({ keys: { k1: { a2: outcomes } } })));
    expect(itemOf('k1')?.apis).toEqual({ a2: { source: 'minute-lines', allowed: 8, limited: 4, refused: 2 } });
  });

  test("is skipped for an API that is counted from its access log, so a request doesn't count twice", () => {
    const both = usageLine({ keys: { k1: { a1: { allowed: 7 }, a2: { allowed: 1 } } } });
    const { itemOf } = rolledUp(minute(both), access(accessLine()));
    expect(itemOf('k1')?.apis).toMatchObject({
      a1: { source: 'access-log', allowed: 1 },
      a2: { source: 'minute-lines', allowed: 1 },
    });
  });

  test('adds the keys above the maximum to the total only', () => {
    const { items, itemOf } = rolledUp(minute(usageLine({ other: { a2: { allowed: 9 } } })));
    expect(items).toHaveLength(2);
    expect(itemOf(ALL_KEYS)).toMatchObject({ apis: { a2: { allowed: 12 } }, busiest: [{ keyId: 'k1', allowed: 3 }] });
  });

  test.each([
    ['another line of the authorizer', '{"level":"INFO","message":"denied"}', 'skipped'],
    ['a metric', '{"_aws":{}}', 'skipped'],
    ["Lambda's own text", 'START RequestId: 1', 'ignored'],
    ['a line without hour', usageLine({ hour: undefined }), 'ignored'],
    ['a line of another hour', usageLine({ hour: '2026-11-30T10' }), 'skipped'],
    ['a fraction', usageLine({ keys: { k1: { a2: { allowed: 1.5 } } } }), 'ignored'],
    ['a negative count', usageLine({ keys: { k1: { a2: { allowed: -1 } } } }), 'ignored'],
    ['a count that is no number', usageLine({ keys: { k1: { a2: { allowed: '1' } } } }), 'ignored'],
    ['a list of keys', usageLine({ keys: [{ a2: { allowed: 1 } }] }), 'ignored'],
    ['the key of all keys', usageLine({ keys: { '*': { a2: { allowed: 1 } } } }), 'ignored'],
    ['an API id with a space', usageLine({ keys: { k1: { 'a 2': { allowed: 1 } } } }), 'ignored'],
    ['a prototype', usageLine().replace('"a2"', '"__proto__"'), 'ignored'],
    ['an invalid part after a valid one', usageLine({ other: { a2: 1 } }), 'ignored'],
  ])('counts nothing if it is %s', (_, text, fate) => {
    const { items, counts } = rolledUp(minute(text));
    expect({ items, counts }).toEqual({ items: [], counts: { counted: 0, skipped: 0, ignored: 0, [fate]: 1 } });
  });
});

describe('the items of an hour', () => {
  test('contain the total and the 50 busiest keys, busiest first', () => {
    const keys = Array.from({ length: 60 }, (_, at) => [`k${at}`, { a2: { allowed: at + 1, KEY_REVOKED: 1 } }]);
    const { items, itemOf } = rolledUp(minute(usageLine({ keys: Object.fromEntries(keys) })));
    expect(items).toHaveLength(61);
    const total = itemOf(ALL_KEYS);
    expect(total?.apis).toEqual({ a2: { source: 'minute-lines', allowed: (60 * 61) / 2, limited: 0, refused: 60 } });
    expect(total?.busiest).toHaveLength(50);
    expect(total?.busiest?.[0]).toEqual({ keyId: 'k59', allowed: 60, limited: 0, refused: 1 });
  });

  test('are separate for each hour', () => {
    const { itemOf } = rolledUp(
      access(accessLine()),
      access(accessLine({ requestTime: '30/Nov/2026:20:59:59 +0000' })),
      access(accessLine()),
    );
    expect(itemOf('k1')?.apis['a1']?.allowed).toBe(2);
    expect(itemOf('k1', EARLIER)?.apis['a1']?.allowed).toBe(1);
  });

  test('are the same for the same lines in any order', () => {
    const lines = [
      ...['k1', 'k2', 'k3'].map((keyId) => access(accessLine({ keyId, responseLatency: String(keyId.length) }))),
      minute(usageLine()),
      minute(usageLine({ keys: { k9: { a3: { KEY_DISABLED: 2 } } }, hour: EARLIER })),
      access('hostile'),
    ];
    const stored = (order: readonly LogLine[]) => {
      const items = rolledUp(...order).items.map((item) => serialiseUsage(item, 400));
      return items.toSorted((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
    };
    const placeOf = ({ keyId, hour }: Record<string, unknown>) => `${String(keyId)} ${String(hour)}`;
    fc.assert(
      fc.property(fc.shuffledSubarray(lines, { minLength: lines.length }), (order) => {
        expect(stored(order)).toEqual(stored(lines));
      }),
    );
  });

  test('never throw and can always be stored and read again, for any text', () => {
    const fields = fc.dictionary(
      fc.constantFrom(
        'message',
        'hour',
        'keys',
        'other',
        'requestTime',
        'status',
        'apiId',
        'keyId',
        'errorCode',
        '__proto__',
      ),
      fc.oneof(fc.string(), fc.constantFrom('usage', HOUR, 'a1', 'k1', '200'), fc.jsonValue({ maxDepth: 3 })),
    );
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fields.map((each) => JSON.stringify(each)),
    );
    fc.assert(
      fc.property(fc.array(text, { maxLength: 5 }), (texts) => {
        const usage = new UsageRollUp({ accessLogApis: API, first: EARLIER, last: HOUR });
        for (const each of texts) {
          usage.add(each, access(each));
          usage.add(each, minute(each));
        }
        for (const item of usage.items()) expect(parseUsage(serialiseUsage(item, 400))).toEqual(item);
        const { counted, skipped, ignored } = usage.lines;
        expect(counted + skipped + ignored).toBe(2 * texts.length);
      }),
    );
  });
});

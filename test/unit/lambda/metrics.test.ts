import { describe, expect, test } from '@jest/globals';
import type { LastUsedWrite } from '../../../lambda/authorize.ts';
import { Metrics, SampledValues } from '../../../lambda/metrics.ts';
import { problemsOf, sumsOf } from '../../support/embeddedMetrics.ts';
import { allowedRequest, refusedRequest, type CountedRequest } from '../../support/handledRequests.ts';
import { MINUTE_MS, NOW_MS } from '../../support/keys.ts';

const SECOND_MS = 1000;

function metricsUnderTest() {
  const clock = { nowMs: NOW_MS };
  const lines: string[] = [];
  const metrics = new Metrics({
    functionName: 'authorizer',
    write: (line) => lines.push(line),
  });
  const count = (...requests: readonly CountedRequest[]) =>
    requests.forEach((request) => metrics.count({ ...request, arrivedAtMs: clock.nowMs }));
  /** Returns the parsed lines since the last call. */
  const take = () => lines.splice(0).map((line) => JSON.parse(line) as Record<string, unknown>);
  return { clock, lines, count, take };
}

describe('the metric lines', () => {
  const directive = (Dimensions: string[][], Metrics: object[]) => ({ Namespace: 'Latchkey', Dimensions, Metrics });
  const counted = (Name: string) => ({ Name, Unit: 'Count' });

  test('contain one document for a single request', () => {
    const { count, take } = metricsUnderTest();
    count(allowedRequest({ lookupMs: 4, cacheHit: false, lastUsedWrite: 'written' }));
    expect(take()).toEqual([
      {
        _aws: {
          Timestamp: NOW_MS,
          CloudWatchMetrics: [
            directive([['FunctionName']], [{ Name: 'LookupLatency', Unit: 'Milliseconds' }, counted('LastUsedWrites')]),
            directive([['FunctionName'], ['FunctionName', 'ApiType']], [counted('Allowed')]),
          ],
        },
        FunctionName: 'authorizer',
        ApiType: 'http-api',
        Allowed: 1,
        LookupLatency: [4],
        LastUsedWrites: 1,
      },
    ]);
  });

  test('follow the embedded metric format even if every metric has two sets of dimensions', () => {
    const { lines, count } = metricsUnderTest();
    count(refusedRequest('denied', 'AUTH_REQUIRED'));
    expect(lines).toHaveLength(1);
    expect(problemsOf(String(lines[0]), NOW_MS)).toEqual([]);
  });

  test('contain one document of totals and one for each of two API types', () => {
    const { clock, count, take } = metricsUnderTest();
    count(allowedRequest());
    take();
    count(allowedRequest(), allowedRequest(), allowedRequest({ apiType: 'websocket' }));
    clock.nowMs += MINUTE_MS;
    count(allowedRequest({ apiType: 'websocket' }));
    const documents = take();
    expect(documents.map(({ ApiType, Allowed }) => [ApiType, Allowed])).toEqual([
      [undefined, 4],
      ['http-api', 2],
      ['websocket', 2],
    ]);
    expect(sumsOf(documents)).toEqual({
      Allowed: 4,
      CacheHits: 4,
      LastUsedWritesSkipped: 4,
      'Allowed http-api': 2,
      'Allowed websocket': 2,
    });
  });

  test.each<[string, CountedRequest, number]>([
    ['the same API type', refusedRequest('denied', 'INVALID_KEY'), 1],
    ['another API type', refusedRequest('denied', 'INVALID_KEY', 'websocket'), 2],
  ])('share one document for totals and denials unless the API types differ: %s', (_, denied, documents) => {
    const { clock, count, take } = metricsUnderTest();
    count(allowedRequest());
    take();
    count(allowedRequest(), denied);
    clock.nowMs += MINUTE_MS;
    count(denied);
    const lines = take();
    expect(lines).toHaveLength(documents);
    expect(sumsOf(lines)).toEqual({
      Allowed: 1,
      CacheHits: 1,
      LastUsedWritesSkipped: 1,
      Denied: 2,
      'Allowed http-api': 1,
      [`Denied ${denied.apiType} INVALID_KEY`]: 2,
    });
  });

  test('count denials and faults by API type and reason', () => {
    const { clock, count, take } = metricsUnderTest();
    count(
      refusedRequest('denied', 'AUTH_REQUIRED'),
      refusedRequest('denied', 'INVALID_KEY'),
      refusedRequest('denied', 'INVALID_KEY', 'websocket'),
      refusedRequest('denied', 'INVALID_KEY', 'websocket'),
      refusedRequest('fault', 'STORE_UNAVAILABLE', 'websocket'),
    );
    clock.nowMs += SECOND_MS;
    count({ ...refusedRequest('fault', 'EVENT_UNKNOWN'), apiType: undefined });
    expect(sumsOf(take())).toEqual({
      Denied: 4,
      Faults: 2,
      'Denied http-api AUTH_REQUIRED': 1,
      'Denied http-api INVALID_KEY': 1,
      'Denied websocket INVALID_KEY': 2,
      'Faults websocket STORE_UNAVAILABLE': 1,
      'Faults unknown EVENT_UNKNOWN': 1,
    });
  });

  test('count every allowed request as exactly one kind of last-used write', () => {
    const { clock, count, take } = metricsUnderTest();
    const outcomes: readonly LastUsedWrite[] = ['written', 'superseded', 'failed', 'not due', 'not due'];
    count(...outcomes.map((lastUsedWrite) => allowedRequest({ lastUsedWrite })));
    clock.nowMs += MINUTE_MS;
    count(allowedRequest());
    const sums = sumsOf(take());
    expect(sums).toMatchObject({
      Allowed: 6,
      LastUsedWrites: 1,
      LastUsedWritesSkipped: 4,
      LastUsedWriteFailures: 1,
      CacheHits: 6,
    });
  });

  test('contain at most 100 latencies after any number of requests', () => {
    const { clock, lines, count } = metricsUnderTest();
    for (let at = 0; at < 1000; at++) {
      count(
        allowedRequest({ apiType: `apiType ${at % 7}`, lookupMs: at % 50, cacheHit: at % 2 === 0 }),
        refusedRequest('denied', `CODE_${at % 5}`, `apiType ${at % 3}`),
        refusedRequest('fault', `CODE_${at % 2}`),
      );
    }
    clock.nowMs += SECOND_MS;
    count(refusedRequest('fault', 'CODE_0'));
    expect(lines.flatMap((line) => problemsOf(line, clock.nowMs))).toEqual([]);
    const sums = sumsOf(lines.map((line) => JSON.parse(line)));
    expect(sums).toMatchObject({ CacheHits: 500, 'Allowed apiType 0': 143, 'Faults http-api CODE_1': 500 });
    expect(sums['LookupLatency']).toBeGreaterThan(50);
  });

  test('never contain a negative latency, even if the clock was set back during a lookup', () => {
    const { count, take } = metricsUnderTest();
    count(allowedRequest({ lookupMs: -5 }));
    expect(take()[0]).toMatchObject({ LookupLatency: [0] });
  });
});

describe('the metrics writer', () => {
  test('writes again on the first request a minute after its last lines', () => {
    const { clock, count, take } = metricsUnderTest();
    count(allowedRequest());
    expect(sumsOf(take())).toMatchObject({ Allowed: 1 });
    count(allowedRequest());
    clock.nowMs += MINUTE_MS - 1;
    count(allowedRequest());
    expect(take()).toEqual([]);
    clock.nowMs += 1;
    count(allowedRequest());
    expect(sumsOf(take())).toMatchObject({ Allowed: 3, 'Allowed http-api': 3 });
  });

  test.each<[string, CountedRequest]>([
    ['a fault', refusedRequest('fault', 'STORE_UNAVAILABLE')],
    ['a failed last-used write', allowedRequest({ lastUsedWrite: 'failed' })],
  ])('writes again a second after its last lines if it has buffered %s', (_, urgent) => {
    const { clock, count, take } = metricsUnderTest();
    count(allowedRequest());
    take();
    clock.nowMs += SECOND_MS - 1;
    count(urgent, allowedRequest());
    expect(take()).toEqual([]);
    clock.nowMs += 1;
    count(allowedRequest());
    expect(sumsOf(take())).toHaveProperty(urgent.decision.effect === 'fault' ? 'Faults' : 'LastUsedWriteFailures', 1);
    clock.nowMs += SECOND_MS;
    count(allowedRequest(), refusedRequest('denied', 'INVALID_KEY'));
    expect(take()).toEqual([]);
  });

  test.each([MINUTE_MS, 24 * 60 * MINUTE_MS])(
    'writes on the next request after the clock was set back by %i ms',
    (backMs) => {
      const { clock, count, take } = metricsUnderTest();
      count(allowedRequest());
      take();
      clock.nowMs -= backMs;
      count(allowedRequest());
      expect(sumsOf(take())).toMatchObject({ Allowed: 1 });
      clock.nowMs += MINUTE_MS - 1;
      count(allowedRequest());
      expect(take()).toEqual([]);
    },
  );

  test('writes once a minute even if requests end in another order than they arrived', () => {
    const { clock, count, take } = metricsUnderTest();
    for (let cameBefore = 0; cameBefore < 10; cameBefore++) {
      count(allowedRequest());
      clock.nowMs -= 1;
    }
    expect(take()).toHaveLength(1);
    clock.nowMs += MINUTE_MS + 10;
    count(allowedRequest());
    expect(sumsOf(take())).toMatchObject({ Allowed: 10 });
  });

  test('writes at most once a minute for 10,000 requests', () => {
    const { clock, lines, count } = metricsUnderTest();
    for (let request = 0; request < 10_000; request++) {
      count(
        request % 4 === 0 ? refusedRequest('denied', 'INVALID_KEY', 'rest-token') : allowedRequest({ lookupMs: 1 }),
      );
      clock.nowMs += 30;
    }
    clock.nowMs += MINUTE_MS;
    count(allowedRequest());
    const documents = lines.map((line) => JSON.parse(line));
    const times = new Set(documents.map((document) => document._aws.Timestamp));
    expect(times.size).toBe(6);
    expect(lines).toHaveLength(1 + 5 * 2);
    expect(sumsOf(documents)).toMatchObject({
      Allowed: 7501,
      Denied: 2500,
      'Allowed http-api': 7501,
      'Denied rest-token INVALID_KEY': 2500,
    });
  });
});

test('problemsOf lists every rule of the embedded metric format that a line breaks', () => {
  const directive = {
    Namespace: 'AWS/Lambda',
    Dimensions: [['FunctionName']],
    Metrics: [{ Name: 'Denied', Unit: 'Count' }],
  };
  const line = JSON.stringify({
    _aws: { Timestamp: NOW_MS + 0.5, CloudWatchMetrics: [directive] },
    FunctionName: '',
    Denied: [...Array.from({ length: 100 }, () => 1), 0],
    secret: 'x',
  });
  expect(problemsOf(line, NOW_MS)).toEqual([
    'Timestamp is whole milliseconds',
    'Namespace has 1 to 1024 characters, and is none of AWS',
    'FunctionName is a text of 1 to 1024 characters',
    'Denied has 1 to 100 values',
    'Denied has numbers from 1',
    'all that is in it is a dimension or a metric',
  ]);
});

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

function sampleOf(count: number, capacity = 100): readonly number[] {
  const sampled = new SampledValues(capacity);
  for (const value of numbers(count)) sampled.add(value);
  return sampled.takeAll();
}

test.each([0, 1, 99, 100])('SampledValues keeps each of %i values', (count) => {
  expect(sampleOf(count)).toEqual(numbers(count));
});

test.each([
  [101, 2],
  [200, 2],
  [201, 4],
  [10_000, 128],
])('SampledValues with a capacity of 100 and %i values keeps every %ith value', (count, stride) => {
  expect(sampleOf(count)).toEqual(numbers(count).filter((value) => value % stride === 0));
});

test('SampledValues stays between half full and full', () => {
  for (const capacity of [1, 2, 7, 100]) {
    for (let count = capacity; count < 700; count += 13) {
      const { length } = sampleOf(count, capacity);
      expect(length).toBeLessThanOrEqual(capacity);
      expect(length).toBeGreaterThanOrEqual(capacity / 2);
    }
  }
});

test('SampledValues is empty after takeAll', () => {
  const sampled = new SampledValues(2);
  for (const value of [1, 2, 3, 4]) sampled.add(value);
  expect(sampled.takeAll()).toEqual([1, 3]);
  expect(sampled.takeAll()).toEqual([]);
  for (const value of [5, 6]) sampled.add(value);
  expect(sampled.takeAll()).toEqual([5, 6]);
});

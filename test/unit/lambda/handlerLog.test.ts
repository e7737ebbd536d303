import { describe, expect, test } from '@jest/globals';
import { LatchkeyError } from '../../../keys/errors.ts';
import { restRequestEvent, restTokenEvent } from '../../../testing/authorizerEvents.ts';
import { sumsOf } from '../../support/embeddedMetrics.ts';
import { ACTIVE, bearing, RECORDS, REFUSALS, REVOKED } from '../../support/handlerKeys.ts';
import { handlerUnderTest } from '../../support/handlerUnderTest.ts';
import { at, INTERVAL_MS } from '../../support/keys.ts';

describe('the log', () => {
  test('stays empty after an allowed request', async () => {
    const { invoke, log } = handlerUnderTest(RECORDS);
    await invoke(restRequestEvent(bearing(ACTIVE.secret)));
    expect(log).toEqual([]);
  });

  test('contains no more than the id and the prefix of a denied key', async () => {
    const { invoke, logged } = handlerUnderTest(RECORDS);
    await invoke(restRequestEvent(bearing(REVOKED.secret)));
    expect(logged()).toEqual([
      {
        timestamp: at(0),
        level: 'INFO',
        message: 'denied',
        code: 'KEY_REVOKED',
        requestId: 'request-1',
        apiType: 'rest-request',
        keyId: 'revoked',
        keyPrefix: REVOKED.secret.slice(0, 11),
      },
    ]);
  });

  test('contains a denial for a request without a key', async () => {
    const { invoke, logged } = handlerUnderTest(RECORDS);
    await expect(invoke(restRequestEvent())).rejects.toThrow('Unauthorized');
    expect(logged()).toEqual([expect.objectContaining({ message: 'denied', code: 'AUTH_REQUIRED' })]);
  });

  test.each<[string, object]>([
    ['with the name of its cause', { cause: new RangeError(ACTIVE.secret) }],
    ['without a cause', {}],
  ])('contains one line for a DynamoDB fault %s', async (_, options) => {
    const { invoke, lookup, logged } = handlerUnderTest(RECORDS);
    lookup.get = () => Promise.reject(new LatchkeyError('STORE_UNAVAILABLE', 'the read failed', options));
    await expect(invoke(restRequestEvent(bearing(ACTIVE.secret)))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(logged()).toEqual([
      {
        timestamp: at(0),
        level: 'ERROR',
        message: 'fault',
        code: 'STORE_UNAVAILABLE',
        requestId: 'request-1',
        apiType: 'rest-request',
        detail: 'the read failed',
        ...('cause' in options ? { cause: 'RangeError' } : {}),
      },
    ]);
  });

  test('contains the id of a key with a corrupt record', async () => {
    const { invoke, lookup, logged } = handlerUnderTest(RECORDS);
    lookup.get = () => Promise.reject(new LatchkeyError('RECORD_CORRUPT', 'no label', { keyId: 'corrupt' }));
    const corrupt = { code: 'RECORD_CORRUPT', keyId: 'corrupt' };
    await expect(invoke(restRequestEvent(bearing(ACTIVE.secret)))).rejects.toMatchObject(corrupt);
    expect(logged()).toEqual([expect.objectContaining(corrupt)]);
  });

  test('contains only the name of an unexpected error', async () => {
    const { invoke, lookup, log } = handlerUnderTest(RECORDS);
    lookup.get = () => Promise.reject(new TypeError(`cannot read ${ACTIVE.secret}`));
    const error = await invoke(restRequestEvent(bearing(ACTIVE.secret))).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'INTERNAL_ERROR' });
    expect(log).toHaveLength(1);
    expect(log.join()).toContain('TypeError');
    const { stack, message } = error as Error;
    expect([stack, message, ...log].join()).not.toContain(ACTIVE.secret);
  });
});

describe('the metrics', () => {
  const event = restRequestEvent(bearing(ACTIVE.secret));
  /** Returns every counted value. A fault a second later causes buffered metrics to be written. */
  async function countedAfter(underTest: ReturnType<typeof handlerUnderTest>) {
    const { clock, invoke, metricLines } = underTest;
    clock.nowMs += 1000;
    await invoke({}).catch(() => undefined);
    return sumsOf(metricLines.map((line) => JSON.parse(line)));
  }
  const FAULT = { Faults: 1, 'Faults unknown EVENT_UNKNOWN': 1 };

  test('count the second of two allowed requests as a cache hit', async () => {
    const underTest = handlerUnderTest(RECORDS);
    await underTest.invoke(event);
    await underTest.invoke(event);
    expect(await countedAfter(underTest)).toEqual({
      ...FAULT,
      Allowed: 2,
      'Allowed rest-request': 2,
      CacheHits: 1,
      LookupLatency: 1,
      LastUsedWrites: 1,
      LastUsedWritesSkipped: 1,
    });
  });

  test('count all but the first of the requests that share a read as cache hits', async () => {
    const underTest = handlerUnderTest(RECORDS);
    await Promise.all(Array.from({ length: 20 }, () => underTest.invoke(event)));
    expect(underTest.lookup.reads).toBe(1);
    const counted = { Allowed: 20, CacheHits: 19, LookupLatency: 1, LastUsedWrites: 1, LastUsedWritesSkipped: 19 };
    expect(await countedAfter(underTest)).toMatchObject(counted);
  });

  test('include the duration of a failed read', async () => {
    const underTest = handlerUnderTest(RECORDS);
    const { lookup, clock, invoke, metricLines } = underTest;
    lookup.get = async () => {
      clock.nowMs += 7;
      throw new LatchkeyError('STORE_UNAVAILABLE', 'the table is down');
    };
    await expect(invoke(event)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(JSON.parse(String(metricLines[0]))).toMatchObject({ LookupLatency: [7] });
    expect(await countedAfter(underTest)).toEqual({
      Faults: 2,
      'Faults rest-request STORE_UNAVAILABLE': 1,
      'Faults unknown EVENT_UNKNOWN': 1,
      LookupLatency: 1,
    });
  });

  test('count a superseded write as skipped instead of failed', async () => {
    const underTest = handlerUnderTest(RECORDS);
    underTest.lookup.recordUse = async () => 'superseded';
    await underTest.invoke(event);
    underTest.clock.nowMs += INTERVAL_MS;
    underTest.lookup.recordUse = () => Promise.reject(new LatchkeyError('STORE_UNAVAILABLE', 'the write failed'));
    await underTest.invoke(event);
    expect(await countedAfter(underTest)).toMatchObject({
      Allowed: 2,
      LastUsedWritesSkipped: 1,
      LastUsedWriteFailures: 1,
    });
  });

  test.each(REFUSALS)('count $what key as a denial with its reason', async ({ secret, errorCode }) => {
    const underTest = handlerUnderTest(RECORDS);
    await underTest.invoke(restTokenEvent(bearing(secret)));
    expect(await countedAfter(underTest)).toMatchObject({ ...FAULT, Denied: 1, [`Denied rest-token ${errorCode}`]: 1 });
  });

  test('count a request without a key only as a denial', async () => {
    const underTest = handlerUnderTest(RECORDS);
    await expect(underTest.invoke(restRequestEvent())).rejects.toThrow('Unauthorized');
    const counted = await countedAfter(underTest);
    expect(counted).toEqual({ ...FAULT, Denied: 1, 'Denied rest-request AUTH_REQUIRED': 1 });
  });

  test('count a failed shared read as a fault of each request instead of a cache hit', async () => {
    const underTest = handlerUnderTest(RECORDS);
    underTest.lookup.isDown = true;
    await Promise.allSettled([underTest.invoke(event), underTest.invoke(event)]);
    const counted = await countedAfter(underTest);
    expect(counted).toMatchObject({ Faults: 3, 'Faults rest-request STORE_UNAVAILABLE': 2, LookupLatency: 1 });
    expect(counted).not.toHaveProperty('CacheHits');
  });

  test('count an unexpected error as INTERNAL_ERROR', async () => {
    const underTest = handlerUnderTest(RECORDS);
    underTest.lookup.get = () => Promise.reject(new TypeError('x'));
    await expect(underTest.invoke(event)).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
    expect(await countedAfter(underTest)).toMatchObject({ 'Faults rest-request INTERNAL_ERROR': 1 });
  });

  test('stay empty if they are turned off', async () => {
    const { invoke, metricLines } = handlerUnderTest(RECORDS, { LATCHKEY_METRICS: 'false' });
    await invoke(event);
    await invoke({}).catch(() => undefined);
    expect(metricLines).toEqual([]);
  });
});

describe('the sampled request lines', () => {
  const SAMPLED = { LATCHKEY_DEBUG_SAMPLE_RATE: '0.51' };
  const LINE = {
    timestamp: at(0),
    level: 'DEBUG',
    message: 'request',
    requestId: 'request-1',
    apiType: 'rest-request',
  };

  test('contain the key, the read and the last-used write of an allowed request', async () => {
    const { invoke, logged } = handlerUnderTest(RECORDS, SAMPLED);
    await invoke(restRequestEvent(bearing(ACTIVE.secret)));
    await invoke(restRequestEvent(bearing(ACTIVE.secret)));
    const line = { ...LINE, outcome: 'allowed', keyId: ACTIVE.record.id };
    expect(logged()).toEqual([
      { ...line, isCacheHit: false, lookupMs: 0, lastUsedWrite: 'written' },
      { ...line, isCacheHit: true, lastUsedWrite: 'not due' },
    ]);
  });

  test('contain a denial or a fault in addition to its own log line', async () => {
    const { invoke, lookup, logged } = handlerUnderTest(RECORDS, SAMPLED);
    await invoke(restRequestEvent(bearing(REVOKED.secret)));
    lookup.isDown = true;
    await invoke(restRequestEvent(bearing(ACTIVE.secret))).catch(() => undefined);
    expect(logged().map(({ level, message, code }) => [level, message, code])).toEqual([
      ['INFO', 'denied', 'KEY_REVOKED'],
      ['DEBUG', 'request', 'KEY_REVOKED'],
      ['ERROR', 'fault', 'STORE_UNAVAILABLE'],
      ['DEBUG', 'request', 'STORE_UNAVAILABLE'],
    ]);
    expect(logged()[1]).toEqual({
      ...LINE,
      outcome: 'denied',
      code: 'KEY_REVOKED',
      keyId: 'revoked',
      isCacheHit: false,
      lookupMs: 0,
    });
  });

  test('contain the id of a key with a corrupt record', async () => {
    const { invoke, lookup, logged } = handlerUnderTest(RECORDS, SAMPLED);
    lookup.get = () => Promise.reject(new LatchkeyError('RECORD_CORRUPT', 'no label', { keyId: 'corrupt' }));
    await invoke(restRequestEvent(bearing(ACTIVE.secret))).catch(() => undefined);
    const line = { ...LINE, outcome: 'fault', code: 'RECORD_CORRUPT', keyId: 'corrupt' };
    expect(logged()[1]).toEqual({ ...line, isCacheHit: false, lookupMs: 0 });
  });

  test('appear only if the random number is below the sample rate', async () => {
    const { invoke, log } = handlerUnderTest(RECORDS, { LATCHKEY_DEBUG_SAMPLE_RATE: '0.5' });
    await invoke(restRequestEvent(bearing(ACTIVE.secret)));
    expect(log).toEqual([]);
  });
});

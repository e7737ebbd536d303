import { describe, expect, test } from '@jest/globals';
import { LatchkeyError } from '../../../keys/errors.ts';
import {
  httpApiEvent,
  httpApiV1Event,
  restRequestEvent,
  restTokenEvent,
  webSocketEvent,
} from '../../../testing/authorizerEvents.ts';
import { ACTIVE, bearing, RECORDS, REFUSALS, REVOKED } from '../../support/handlerKeys.ts';
import { handlerUnderTest } from '../../support/handlerUnderTest.ts';
import { at, INTERVAL_MS, makeKey, MINUTE_MS } from '../../support/keys.ts';

const CONTEXT = {
  keyId: ACTIVE.record.id,
  keyPrefix: ACTIVE.secret.slice(0, 11),
  label: 'build server',
  owner: 'acme',
  scopes: 'orders:read orders:write',
  plan: 'free',
  metadata: '{"plan":"pro","seats":3}',
  expiresAt: at(MINUTE_MS * 60),
};

const API_TYPES = [
  { apiType: 'rest-token', makeEvent: restTokenEvent, stage: 'prod', environment: {} },
  { apiType: 'rest-request', makeEvent: restRequestEvent, stage: 'prod', environment: {} },
  { apiType: 'http-api', makeEvent: httpApiEvent, stage: '$default', environment: {} },
];
const SIMPLE = { LATCHKEY_HTTP_API_RESPONSE: 'simple' };

function policyAnswer(effect: 'Allow' | 'Deny', stage: string, principalId: string, context: object) {
  return {
    principalId,
    policyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Action: 'execute-api:Invoke',
          Effect: effect,
          Resource: `arn:aws:execute-api:us-east-1:123456789012:abcdef1234/${stage}/*`,
        },
      ],
    },
    context,
  };
}

describe.each(API_TYPES)('the handler of a $apiType event', ({ makeEvent, stage, apiType }) => {
  test('allows an active key on every route of the stage', async () => {
    const { invoke } = handlerUnderTest(RECORDS);
    const answer = await invoke(makeEvent({ ...bearing(ACTIVE.secret), method: 'POST', path: '/orders/7' }));
    expect(answer).toEqual(policyAnswer('Allow', stage, ACTIVE.record.id, CONTEXT));
  });

  test.each(REFUSALS)('denies $what key on every route', async ({ secret, errorCode, errorMessage, principalId }) => {
    const { invoke } = handlerUnderTest(RECORDS);
    const answer = await invoke(makeEvent(bearing(secret)));
    expect(answer).toEqual(policyAnswer('Deny', stage, principalId, { errorCode, errorMessage }));
  });

  test.each([
    ['missing', {}],
    ['an empty bearer', { headers: [['Authorization', 'Bearer ']] as const }],
    ['another scheme', { headers: [['Authorization', 'Basic YWxhZGRpbg==']] as const }],
  ])('throws the error that API Gateway turns into a 401 if the Authorization header is %s', async (_, carried) => {
    const { invoke, lookup } = handlerUnderTest(RECORDS);
    await expect(invoke(makeEvent(carried))).rejects.toThrow(/^Unauthorized$/);
    expect(lookup.reads).toBe(0);
  });

  test('throws a fault during an outage instead of denying the key', async () => {
    const { invoke, lookup, logged } = handlerUnderTest(RECORDS);
    lookup.isDown = true;
    await expect(invoke(makeEvent(bearing(ACTIVE.secret)))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(logged()).toEqual([
      expect.objectContaining({ level: 'ERROR', message: 'fault', code: 'STORE_UNAVAILABLE', apiType }),
    ]);
  });
});

test('the handler uses a cached record during an outage only until the configured duration ends', async () => {
  const { invoke, lookup, clock } = handlerUnderTest(RECORDS, {
    LATCHKEY_RECORD_CACHE_SECONDS: '0',
    LATCHKEY_STALE_IF_ERROR_SECONDS: '60',
  });
  const event = restRequestEvent(bearing(ACTIVE.secret));
  await invoke(event);
  lookup.isDown = true;
  clock.nowMs += MINUTE_MS - 1;
  expect(await invoke(event)).toMatchObject({ principalId: ACTIVE.record.id });
  clock.nowMs += 1;
  await expect(invoke(event)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});

describe('the handler with simple responses for HTTP APIs', () => {
  test('authorizes an active key', async () => {
    const { invoke } = handlerUnderTest(RECORDS, SIMPLE);
    expect(await invoke(httpApiEvent(bearing(ACTIVE.secret)))).toEqual({ isAuthorized: true, context: CONTEXT });
  });

  test.each(REFUSALS)("doesn't authorize $what key", async ({ secret, errorCode, errorMessage }) => {
    const { invoke } = handlerUnderTest(RECORDS, SIMPLE);
    const answer = await invoke(httpApiEvent(bearing(secret)));
    expect(answer).toEqual({ isAuthorized: false, context: { errorCode, errorMessage } });
  });

  test("throws the error that API Gateway turns into a 401 if the request doesn't have a key", async () => {
    const { invoke } = handlerUnderTest(RECORDS, SIMPLE);
    await expect(invoke(httpApiEvent())).rejects.toThrow(/^Unauthorized$/);
  });

  test('returns a policy for a REST event', async () => {
    const { invoke } = handlerUnderTest(RECORDS, SIMPLE);
    expect(await invoke(restRequestEvent(bearing(ACTIVE.secret)))).toHaveProperty('policyDocument');
  });
});

test('the handler omits fields from the context if the record lacks them', async () => {
  const { secret, record } = makeKey();
  const { keyPrefix: _, ...bare } = record;
  const { invoke } = handlerUnderTest([bare]);
  expect(await invoke(restRequestEvent(bearing(secret)))).toMatchObject({
    context: { keyId: record.id, label: record.label },
  });
  const answer = (await invoke(restRequestEvent(bearing(secret)))) as { context: object };
  expect(Object.keys(answer.context)).toEqual(['keyId', 'label']);
});

describe('the handler with several key sources', () => {
  const query = [['api_key', ACTIVE.secret]] as const;
  const twice = [...query, ...query];

  test.each([
    ['rest-request', restRequestEvent],
    ['http-api', httpApiEvent],
  ])('reads the query parameter of a %s event unless a header has a key', async (_, makeEvent) => {
    const { invoke } = handlerUnderTest(RECORDS);
    expect(await invoke(makeEvent({ query }))).toMatchObject({ principalId: ACTIVE.record.id });
    const both = { ...bearing(REVOKED.secret), query };
    expect(await invoke(makeEvent(both))).toMatchObject({ principalId: 'revoked' });
  });

  test.each([
    ['rest-request', restRequestEvent],
    ['http-api', httpApiEvent],
  ])('denies a %s event with two values of one identity source without a read', async (_, makeEvent) => {
    const { invoke, lookup } = handlerUnderTest(RECORDS);
    const authorization = ['Authorization', `Bearer ${ACTIVE.secret}`] as const;
    const denied = { context: { errorCode: 'INVALID_KEY' } };
    expect(await invoke(makeEvent({ headers: [authorization, authorization] }))).toMatchObject(denied);
    expect(await invoke(makeEvent({ query: twice }))).toMatchObject(denied);
    expect(lookup.reads).toBe(0);
  });

  test.each([
    ['another scheme before the bearer', ['Basic x', `Bearer ${ACTIVE.secret}`]],
    ['another scheme after the bearer', [`Bearer ${ACTIVE.secret}`, 'Basic x']],
    ['an empty value before the bearer', ['', `Bearer ${ACTIVE.secret}`]],
    ['an empty value after another scheme', ['Basic x', '']],
    ['two bearers in lower case', [`bearer ${ACTIVE.secret}`, `bearer ${REVOKED.secret}`]],
  ])('rejects two Authorization headers on every kind of API: %s', async (_, values) => {
    const { invoke } = handlerUnderTest(RECORDS);
    const headers = values.map((value) => ['Authorization', value] as const);
    for (const makeEvent of [restRequestEvent, httpApiEvent, httpApiV1Event, webSocketEvent]) {
      const answer = await invoke(makeEvent({ headers, query }));
      expect(answer).toMatchObject({ context: { errorCode: 'INVALID_KEY' } });
    }
  });

  test('reads the next key source if the Authorization header has another scheme with commas', async () => {
    const { invoke } = handlerUnderTest(RECORDS);
    const headers = [['Authorization', 'Digest username="a", realm="b", uri="/"']] as const;
    for (const makeEvent of [restRequestEvent, httpApiEvent]) {
      expect(await invoke(makeEvent({ headers, query }))).toMatchObject({ principalId: ACTIVE.record.id });
    }
  });

  test.each(['authorization', 'Authorization', 'AUTHORIZATION'])(
    'finds the header %s of a REST event',
    async (name) => {
      const { invoke } = handlerUnderTest(RECORDS);
      const answer = await invoke(restRequestEvent({ headers: [[name, `Bearer ${ACTIVE.secret}`]] }));
      expect(answer).toMatchObject({ principalId: ACTIVE.record.id });
    },
  );

  test('denies a REST event with two spellings of one header name', async () => {
    const { invoke } = handlerUnderTest(RECORDS);
    const value = `Bearer ${ACTIVE.secret}`;
    const headers = [
      ['authorization', value],
      ['Authorization', value],
    ] as const;
    expect(await invoke(restRequestEvent({ headers }))).toMatchObject({ context: { errorCode: 'INVALID_KEY' } });
  });

  test('reads the single-value maps of a REST event that lacks the multi-value maps', async () => {
    const { invoke } = handlerUnderTest(RECORDS);
    const { multiValueHeaders: _, ...event } = restRequestEvent(bearing(ACTIVE.secret));
    expect(await invoke(event)).toMatchObject({ principalId: ACTIVE.record.id });
  });
});

describe('the last-used time', () => {
  test('changes only on the first use and an interval later', async () => {
    const { invoke, lookup, clock } = handlerUnderTest(RECORDS);
    const event = restRequestEvent(bearing(ACTIVE.secret));
    const lastUsedAt = () => lookup.records.get(ACTIVE.record.keyHash)?.lastUsedAt;
    await invoke(event);
    expect(lastUsedAt()).toBe(at(0));
    clock.nowMs += INTERVAL_MS - 1000;
    await invoke(event);
    expect(lastUsedAt()).toBe(at(0));
    expect(lookup.writes).toBe(1);
    clock.nowMs += 1000;
    await invoke(event);
    expect(lastUsedAt()).toBe(at(INTERVAL_MS));
  });

  test('changes once for 20 concurrent requests', async () => {
    const { invoke, lookup } = handlerUnderTest(RECORDS);
    const event = httpApiEvent(bearing(ACTIVE.secret));
    const answers = await Promise.all(Array.from({ length: 20 }, () => invoke(event)));
    expect(answers.every((answer) => 'principalId' in answer)).toBe(true);
    expect(lookup.writes).toBe(1);
  });

  test('changes again only after a new read of a record that another execution environment wrote', async () => {
    const { invoke, lookup, clock } = handlerUnderTest(RECORDS);
    const event = restRequestEvent(bearing(ACTIVE.secret));
    lookup.put({ ...ACTIVE.record, lastUsedAt: at(-INTERVAL_MS + 1) });
    await invoke(event);
    clock.nowMs += MINUTE_MS - 1;
    await invoke(event);
    expect(lookup.writes).toBe(0);
    clock.nowMs += 1;
    await invoke(event);
    expect(lookup.records.get(ACTIVE.record.keyHash)?.lastUsedAt).toBe(at(MINUTE_MS));
  });

  describe('the execution environment that made the last write', () => {
    /** The execution environment has cached a record that it read a second before its next write is due. */
    async function afterOwnWrite() {
      const underTest = handlerUnderTest(RECORDS);
      const invoke = () => underTest.invoke(restRequestEvent(bearing(ACTIVE.secret)));
      await invoke();
      underTest.clock.nowMs += INTERVAL_MS - 1000;
      await invoke();
      underTest.clock.nowMs += 1000;
      return { ...underTest, invoke };
    }

    test('writes the time again after a read of the table', async () => {
      const { invoke, lookup } = await afterOwnWrite();
      await invoke();
      expect(lookup.records.get(ACTIVE.record.keyHash)?.lastUsedAt).toBe(at(INTERVAL_MS));
      expect([lookup.reads, lookup.writes]).toEqual([3, 2]);
    });

    test.each([
      ['another execution environment has written a later time', { lastUsedAt: at(INTERVAL_MS - 1) }],
      ['the key was revoked after that write', { lastUsedAt: at(0), revokedAt: at(INTERVAL_MS - 1) }],
    ])('caches the new record without a write if %s', async (_what, fields) => {
      const { invoke, lookup, metricLines } = await afterOwnWrite();
      lookup.put({ ...ACTIVE.record, ...fields });
      expect(await invoke()).toMatchObject({ principalId: ACTIVE.record.id });
      expect([lookup.reads, lookup.writes]).toEqual([3, 1]);
      await invoke();
      expect(lookup.reads).toBe(3);
      expect(metricLines.join()).not.toContain('LastUsedWriteFailures');
    });

    test("doesn't write the time if the key was deleted", async () => {
      const { invoke, lookup } = await afterOwnWrite();
      lookup.records.delete(ACTIVE.record.keyHash);
      await invoke();
      expect(lookup.writes).toBe(1);
    });

    test('writes the time a minute after an outage', async () => {
      const { invoke, lookup, clock, logged } = await afterOwnWrite();
      lookup.isDown = true;
      expect(await invoke()).toMatchObject({ principalId: ACTIVE.record.id });
      expect(await invoke()).toMatchObject({ principalId: ACTIVE.record.id });
      expect(logged()).toEqual([expect.objectContaining({ message: 'last-used write failed' })]);
      lookup.isDown = false;
      clock.nowMs += MINUTE_MS;
      await invoke();
      expect(lookup.records.get(ACTIVE.record.keyHash)?.lastUsedAt).toBe(at(INTERVAL_MS + MINUTE_MS));
    });
  });

  test.each(REFUSALS)("doesn't change for $what key", async ({ secret }) => {
    const { invoke, lookup } = handlerUnderTest(RECORDS);
    await invoke(restRequestEvent(bearing(secret)));
    expect(lookup.writes).toBe(0);
  });

  test('changes a minute after a failed write', async () => {
    const { invoke, lookup, clock, logged } = handlerUnderTest(RECORDS);
    const event = restRequestEvent(bearing(ACTIVE.secret));
    const recordUse = lookup.recordUse.bind(lookup);
    lookup.recordUse = () => Promise.reject(new LatchkeyError('STORE_UNAVAILABLE', 'the write failed'));
    expect(await invoke(event)).toMatchObject({ principalId: ACTIVE.record.id });
    expect(logged()).toEqual([
      expect.objectContaining({ level: 'WARN', message: 'last-used write failed', keyId: ACTIVE.record.id }),
    ]);
    lookup.recordUse = recordUse;
    clock.nowMs += MINUTE_MS - 1;
    await invoke(event);
    expect(lookup.writes).toBe(0);
    clock.nowMs += 1;
    await invoke(event);
    expect(lookup.writes).toBe(1);
  });

  test('causes a new read on the next request if its write was superseded', async () => {
    const { invoke, lookup } = handlerUnderTest(RECORDS);
    const event = restRequestEvent(bearing(ACTIVE.secret));
    lookup.recordUse = async () => 'superseded';
    await invoke(event);
    lookup.put({ ...ACTIVE.record, revokedAt: at(0) });
    expect(await invoke(event)).toMatchObject({ context: { errorCode: 'KEY_REVOKED' } });
  });
});

describe('an event from an unknown source', () => {
  test.each([
    ['undefined', undefined],
    ['a string', 'Bearer x'],
    ['an empty event', {}],
    ['an event of another service', { Records: [{ body: 'private' }] }],
    [
      'an ARN of another service',
      { ...restTokenEvent(), methodArn: 'arn:aws:lambda:us-east-1:123456789012:function:x/y' },
    ],
    [
      'an ARN with a wildcard for its stage',
      { ...restTokenEvent(), methodArn: restTokenEvent().methodArn.replace('prod', '*') },
    ],
    ['an ARN that is a wildcard', { ...restTokenEvent(), methodArn: '*' }],
    ['an unknown payload version', { ...httpApiEvent(), version: '3.0' }],
  ])('causes a fault if it is %s', async (_, event) => {
    const { invoke, logged } = handlerUnderTest(RECORDS);
    await expect(invoke(event)).rejects.toMatchObject({ code: 'EVENT_UNKNOWN' });
    expect(logged()).toEqual([expect.objectContaining({ code: 'EVENT_UNKNOWN' })]);
  });

  test('appears in the log with only the names of its fields', async () => {
    const { invoke, log } = handlerUnderTest(RECORDS);
    const long = 'x'.repeat(41);
    const event = { Records: ['private'], 'a b\n': 1, ' zebra': 1, 'zebra ': 1, [long]: 1, token: ACTIVE.secret };
    const { message } = (await invoke(event).catch((error: unknown) => error)) as Error;
    expect(message).toContain('Records, token');
    expect([message, ...log].join()).not.toMatch(/private|a b|zebra|sk_/);
    expect(message).not.toContain(long);
  });

  test('appears in the log with at most 20 field names', async () => {
    const { invoke } = handlerUnderTest(RECORDS);
    const event = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`field${at}`, 1]));
    const { message } = (await invoke(event).catch((error: unknown) => error)) as Error;
    expect(message.match(/field\d+/g)).toHaveLength(20);
  });
});

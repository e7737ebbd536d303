import { describe, expect, test } from '@jest/globals';
import { LatchkeyError } from '../../../../keys/errors.ts';
import { createStreamHandler } from '../../../../lambda/usagePlanSync/streamEvents.ts';
import type { PlanChange } from '../../../../lambda/usagePlanSync/sync.ts';
import { NOW_MS } from '../../../support/keys.ts';
import { streamRecord } from '../../../support/streamEvents.ts';

/** The handler with API keys whose updates fail for some Latchkey keys, each with its own error. */
function handlerUnderTest(failures: Readonly<Record<string, Error>> = {}, nowMs = NOW_MS) {
  const put: PlanChange[] = [];
  const log: string[] = [];
  const handler = createStreamHandler({
    usagePlanSync: {
      async put(change) {
        const failure = failures[change.keyId];
        if (failure !== undefined) throw failure;
        put.push(change);
      },
    },
    now: () => nowMs,
    writeLog: (line) => log.push(line),
  });
  const invoke = (...records: unknown[]) => handler({ Records: records }, { awsRequestId: 'request-1' });
  return { invoke, handler, put, log, logged: () => log.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

const insertion = (id: string) => streamRecord(undefined, { id, plan: 'free' });
const named = (name: string, message = `${name}: with the input`) => Object.assign(new Error(message), { name });
const CONCURRENT = 'Unable to complete operation due to concurrent modification. Please try again later.';
const HOUR_MS = 3_600_000;

describe('the stream handler', () => {
  test.each([
    ['a key that is issued on a plan', undefined, { id: 'a', plan: 'free' }, 'free'],
    ['a new plan', { id: 'a' }, { id: 'a', plan: 'free' }, 'free'],
    ['another plan', { id: 'a', plan: 'free' }, { id: 'a', plan: 'pro' }, 'pro'],
    ['a removed plan', { id: 'a', plan: 'free' }, { id: 'a' }, undefined],
    ['a deleted key', { id: 'a', plan: 'free' }, undefined, undefined],
  ])('calls put for %s', async (_, before, after, plan) => {
    const { invoke, put, log } = handlerUnderTest();
    await invoke(streamRecord(before, after));
    expect(put).toEqual([{ keyId: 'a', plan, isNew: before === undefined }]);
    expect(log).toEqual([]);
  });

  test.each([
    ['a write that keeps the plan', { id: 'a', plan: 'free' }, { id: 'a', plan: 'free' }],
    ['a key without a plan', undefined, { id: 'a' }],
    ['the deletion of a key without a plan', { id: 'a' }, undefined],
  ])("doesn't call put for %s", async (_, before, after) => {
    const { invoke, put } = handlerUnderTest();
    expect(await invoke(streamRecord(before, after))).toEqual({ batchItemFailures: [] });
    expect(put).toEqual([]);
  });
});

test('the stream handler processes writes in the order of the stream', async () => {
  const { invoke, put } = handlerUnderTest();
  await invoke(insertion('a'), streamRecord({ id: 'a', plan: 'free' }, { id: 'a' }), insertion('b'));
  expect(put.map(({ keyId, plan }) => `${keyId} ${plan}`)).toEqual(['a free', 'a undefined', 'b free']);
});

test.each([
  'TooManyRequestsException',
  'ServiceUnavailableException',
  'TimeoutError',
  'AccessDeniedException',
  'ECONNRESET',
])('the stream handler retries the failed key before later keys after %s', async (name) => {
  const { invoke, put, logged } = handlerUnderTest({ b: named(name) });
  const [a, b, c] = [insertion('a'), insertion('b'), insertion('c')];
  expect(await invoke(a, b, c)).toEqual({ batchItemFailures: [{ itemIdentifier: b.dynamodb.SequenceNumber }] });
  expect(put.map(({ keyId }) => keyId)).toEqual(['a']);
  expect(logged()).toEqual([
    {
      timestamp: new Date(NOW_MS).toISOString(),
      level: 'WARN',
      message: 'plan key tried again',
      code: 'PLAN_KEY_DELAYED',
      requestId: 'request-1',
      keyId: 'b',
      plan: 'free',
      cause: name,
    },
  ]);
});

describe('the stream handler after an uncertain error', () => {
  const UNCERTAIN: readonly [string, Error][] = [
    ['an exceeded limit', named('LimitExceededException')],
    ['a conflict', named('ConflictException')],
    ['an identifier that seems to belong to another API key', new LatchkeyError('CONFLICT', 'conflict')],
  ];

  test.each(UNCERTAIN)('retries after %s if the write is less than three minutes old', async (_, error) => {
    const { invoke, put, logged } = handlerUnderTest({ a: error }, NOW_MS + 180_000 - 1);
    const [a, b] = [insertion('a'), insertion('b')];
    expect(await invoke(a, b)).toEqual({ batchItemFailures: [{ itemIdentifier: a.dynamodb.SequenceNumber }] });
    expect(put).toEqual([]);
    expect(logged()).toEqual([expect.objectContaining({ level: 'WARN', code: 'PLAN_KEY_DELAYED', keyId: 'a' })]);
  });

  test.each(UNCERTAIN)(
    'skips only the affected key after %s if the write is at least three minutes old',
    async (_, error) => {
      const { invoke, put, logged } = handlerUnderTest({ a: error }, NOW_MS + 180_000);
      expect(await invoke(insertion('a'), insertion('b'))).toEqual({ batchItemFailures: [] });
      expect(put).toHaveLength(1);
      expect(logged()).toEqual([expect.objectContaining({ level: 'ERROR', code: 'PLAN_KEY_REFUSED', keyId: 'a' })]);
    },
  );

  test.each([[null], [undefined], ['now']])(
    'skips the affected key if the creation time of the write is %p',
    async (age) => {
      const { invoke } = handlerUnderTest({ a: named('LimitExceededException') });
      const { dynamodb } = insertion('a');
      const ageless = { dynamodb: { ...dynamodb, ApproximateCreationDateTime: age } };
      expect(await invoke(ageless)).toEqual({ batchItemFailures: [] });
    },
  );
});

test.each([
  ['another write at the same time', named('ConflictException', CONCURRENT)],
  ['an outage', named('ServiceUnavailableException')],
])('the stream handler retries after %s, even if the write is old', async (_, error) => {
  const { invoke, put } = handlerUnderTest({ a: error }, NOW_MS + HOUR_MS);
  const [a, b] = [insertion('a'), insertion('b')];
  expect(await invoke(a, b)).toEqual({ batchItemFailures: [{ itemIdentifier: a.dynamodb.SequenceNumber }] });
  expect(put).toEqual([]);
});

test.each(['BadRequestException', 'NotFoundException'])(
  'the stream handler skips only the affected key after %s',
  async (name) => {
    const { invoke, put, logged } = handlerUnderTest({ b: named(name) });
    expect(await invoke(insertion('a'), insertion('b'), insertion('c'))).toEqual({ batchItemFailures: [] });
    expect(put.map(({ keyId }) => keyId)).toEqual(['a', 'c']);
    expect(logged()).toEqual([
      {
        timestamp: new Date(NOW_MS).toISOString(),
        level: 'ERROR',
        message: 'fault',
        code: 'PLAN_KEY_REFUSED',
        requestId: 'request-1',
        keyId: 'b',
        plan: 'free',
        cause: name,
      },
    ]);
  },
);

test.each([
  ['a missing id', { plan: { S: 'free' } }],
  ["an id that isn't a key's", { plan: { S: 'free' }, id: { S: 'a/b' } }],
])('the stream handler skips a record with %s', async (_, NewImage) => {
  const { invoke, put, logged } = handlerUnderTest();
  const corrupt = { ApproximateCreationDateTime: NOW_MS / 1000, NewImage };
  expect(await invoke({ dynamodb: corrupt }, insertion('a'))).toEqual({ batchItemFailures: [] });
  expect(put).toHaveLength(1);
  expect(logged()).toEqual([expect.objectContaining({ code: 'PLAN_KEY_REFUSED', cause: 'RECORD_CORRUPT' })]);
});

test.each([[null], [{}], [{ Records: null }], ['text']])(
  'the stream handler rejects the event %j with EVENT_UNKNOWN',
  async (event) => {
    await expect(handlerUnderTest().handler(event)).rejects.toMatchObject({ code: 'EVENT_UNKNOWN' });
  },
);

test.each([
  [null],
  ['text'],
  [{}],
  [{ dynamodb: null }],
  [{ dynamodb: { NewImage: [], OldImage: 1 } }],
  [{ dynamodb: { NewImage: { id: { S: 'a' }, plan: { S: 7 } } } }],
])('the stream handler ignores a record with an unknown structure: %j', async (record) => {
  const { invoke, put } = handlerUnderTest();
  expect(await invoke(record)).toEqual({ batchItemFailures: [] });
  expect(put).toEqual([]);
});

test.each([[undefined], [7]])(
  'the stream handler repeats the whole batch if the failed record has the sequence number %p',
  async (number) => {
    const { invoke } = handlerUnderTest({ a: named('TimeoutError') });
    const { dynamodb } = insertion('a');
    const unnumbered = { dynamodb: { ...dynamodb, SequenceNumber: number } };
    expect(await invoke(unnumbered)).toEqual({ batchItemFailures: [{ itemIdentifier: '' }] });
  },
);

test('the stream handler logs only the name of an error', async () => {
  const { invoke, log } = handlerUnderTest({ a: named('BadRequestException'), b: named('TimeoutError') });
  await invoke(insertion('a'), insertion('b'));
  expect(log).toHaveLength(2);
  expect(log.join()).not.toContain('the input');
});

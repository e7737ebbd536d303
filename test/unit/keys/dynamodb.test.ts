import { DynamoDBClient, GetItemCommand, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  backOff,
  CALL_LIMITS,
  DEFAULT_RETRY_OPTIONS,
  getStoreErrorName,
  isThrottled,
  requireJsonObject,
  translateStoreFault,
  withinMs,
} from '../../../keys/dynamodb.ts';
import { LatchkeyError } from '../../../keys/errors.ts';
import { type Answer, answeringClient, failure } from '../../support/answeringClient.ts';
import { closedEndpoint } from '../../support/engine.ts';

function fault(name: string, code?: unknown): Error {
  return Object.assign(new Error('no'), { name }, code === undefined ? {} : { code });
}

describe('getStoreErrorName', () => {
  test.each<[string, unknown, string]>([
    ['the name of an error of DynamoDB', fault('ResourceNotFoundException'), 'ResourceNotFoundException'],
    ['the code of a network error without its own name', fault('Error', 'ECONNREFUSED'), 'ECONNREFUSED'],
    ['the name of an error that also has a code', fault('AggregateError', 'ECONNREFUSED'), 'AggregateError'],
    ['the name of an error whose code is a number', fault('Error', 12), 'Error'],
    ['the name of an error without a code', fault('Error'), 'Error'],
    ['UnknownError for a string', 'broken', 'UnknownError'],
    ['UnknownError for an object', { name: 'Thrown', code: 'THROWN' }, 'UnknownError'],
    ['UnknownError for undefined', undefined, 'UnknownError'],
  ])('returns %s', (_, error, expected) => {
    expect(getStoreErrorName(error)).toBe(expected);
  });
});

describe('translateStoreFault', () => {
  const translated = (error: unknown): unknown => {
    try {
      return translateStoreFault('scan')(error);
    } catch (thrown) {
      return thrown;
    }
  };

  test("throws an error that names the operation and the SDK's error", () => {
    const cause = fault('ThrottlingException');
    expect(translated(cause)).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/scan.*ThrottlingException/),
      cause,
    });
  });

  test("doesn't change an error of Latchkey", () => {
    const corrupt = new LatchkeyError('RECORD_CORRUPT', 'unreadable', { keyId: 'a' });
    expect(translated(corrupt)).toBe(corrupt);
  });
});

describe('withinMs', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('returns the result of the work without aborting the work afterwards', async () => {
    let given: AbortSignal | undefined;
    const work = async (signal: AbortSignal) => {
      given = signal;
      return 'done';
    };
    expect(await withinMs(1500, work)).toBe('done');
    expect(jest.getTimerCount()).toBe(0);
    jest.advanceTimersByTime(1500);
    expect(given?.aborted).toBe(false);
  });

  test('stops its timer if the work fails', async () => {
    const error = fault('ThrottlingException');
    await expect(withinMs(1500, () => Promise.reject(error))).rejects.toBe(error);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('aborts the work after a timeout with a TimeoutError that contains the duration', async () => {
    let given: AbortSignal | undefined;
    const late = withinMs(1500, (signal) => {
      given = signal;
      return new Promise<never>(() => {});
    });
    jest.advanceTimersByTime(1499);
    expect(given?.aborted).toBe(false);
    jest.advanceTimersByTime(1);
    await expect(late).rejects.toMatchObject({ name: 'TimeoutError', message: expect.stringContaining('1500 ms') });
    expect(given?.aborted).toBe(true);
  });
});

describe('isThrottled', () => {
  test.each([
    ['ProvisionedThroughputExceededException'],
    ['RequestLimitExceeded'],
    ['Throttling'],
    ['ThrottlingException'],
  ])('returns true for the error %s', (name) => {
    expect(isThrottled(Object.assign(new Error('no'), { name }))).toBe(true);
  });

  test.each([['ConditionalCheckFailedException'], ['InternalServerError'], ['TimeoutError']])(
    'returns false for the error %s',
    (name) => {
      expect(isThrottled(Object.assign(new Error('no'), { name }))).toBe(false);
    },
  );
});

describe('backOff', () => {
  test('waits up to 50 ms, doubled with each retry up to 3 s', async () => {
    const waits: number[] = [];
    const sleep = async (ms: number) => void waits.push(ms);
    for (let retry = 0; retry < 8; retry++) await backOff(retry, { sleep, random: () => 0.5 });
    expect(waits).toEqual([25, 50, 100, 200, 400, 800, 1500, 1500]);
  });

  test('waits in real time with the default options', async () => {
    const order: string[] = [];
    const wait = backOff(0, DEFAULT_RETRY_OPTIONS).then(() => order.push('waited'));
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    order.push('due');
    await wait;
    expect(order).toEqual(['due', 'waited']);
  });
});

/** Returns the result of a read that requires a JSON object, given this response. */
async function read(answer: Answer): Promise<unknown> {
  const command = new GetItemCommand({ TableName: 'keys', Key: { keyHash: { S: 'a' } } });
  requireJsonObject(command);
  const { Item } = await answeringClient(() => answer).send(command);
  return Item;
}

const ITEM = { Item: { keyHash: { S: 'a' } } };
const TEXT = JSON.stringify(ITEM);

describe('requireJsonObject', () => {
  test.each<[string, unknown, unknown]>([
    ['an object', ITEM, { keyHash: { S: 'a' } }],
    ['an object after white space', ` \r\n\t${TEXT}`, { keyHash: { S: 'a' } }],
    ['an empty object', '{}', undefined],
  ])('accepts %s', async (_, body, item) => {
    expect(await read({ body })).toEqual(item);
  });

  test.each([
    ['an empty string', ''],
    ['white space', '  '],
    ['null', 'null'],
    ['a list', '[]'],
    ['a list that contains an object', `[${TEXT}]`],
    ['a list with an object in it, after white space', ` [${TEXT}]`],
    ['a string that contains an object', JSON.stringify(TEXT)],
    ['a number', '7'],
    ['an HTML page', '<html>{}</html>'],
  ])('rejects %s', async (_, body) => {
    await expect(read({ body })).rejects.toMatchObject({ name: 'UnreadableAnswer' });
  });

  test.each([201, 204, 206, 299])('rejects an object with the status %i', async (statusCode) => {
    await expect(read({ statusCode, body: ITEM })).rejects.toMatchObject({ name: 'UnreadableAnswer' });
  });

  test.each([300, 400, 500])('leaves an error response with the status %i to the SDK', async (statusCode) => {
    const name = 'ResourceNotFoundException';
    await expect(read(failure(name, statusCode))).rejects.toMatchObject({ name });
  });

  test('rejects a response before the middleware of the client sees it', async () => {
    let passed = 0;
    const client = answeringClient(() => ({ body: 'null' }));
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        passed++;
        return result;
      },
      { step: 'deserialize', priority: 'low' },
    );
    const command = new GetItemCommand({ TableName: 'keys', Key: { keyHash: { S: 'a' } } });
    requireJsonObject(command);
    await expect(client.send(command)).rejects.toMatchObject({ name: 'UnreadableAnswer' });
    expect(passed).toBe(0);
  });
});

test('CALL_LIMITS sets three attempts, 3 s for a connection and 8 s for a response', async () => {
  const client = new DynamoDBClient({
    region: 'eu-west-1',
    endpoint: await closedEndpoint(),
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    ...CALL_LIMITS,
  });
  try {
    await expect(client.send(new ListTablesCommand())).rejects.toMatchObject({ $metadata: { attempts: 3 } });
    const handler: { handle: unknown; httpHandlerConfigs?: () => object } = client.config.requestHandler;
    expect(handler.httpHandlerConfigs?.()).toMatchObject({
      connectionTimeout: 3000,
      requestTimeout: 8000,
      throwOnRequestTimeout: true,
    });
  } finally {
    client.destroy();
  }
});

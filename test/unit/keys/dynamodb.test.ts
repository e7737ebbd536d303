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

describe('storeErrorName', () => {
  test.each<[string, unknown, string]>([
    ['the name of an error of DynamoDB', fault('ResourceNotFoundException'), 'ResourceNotFoundException'],
    [
      'the code of an error of the network, which has no name of its own',
      fault('Error', 'ECONNREFUSED'),
      'ECONNREFUSED',
    ],
    ['the name of an error that has a code too', fault('AggregateError', 'ECONNREFUSED'), 'AggregateError'],
    ['the name of an error whose code is a number', fault('Error', 12), 'Error'],
    ['the name of an error without a code', fault('Error'), 'Error'],
    ['UnknownError for a text', 'broken', 'UnknownError'],
    ['UnknownError for an object', { name: 'Thrown', code: 'THROWN' }, 'UnknownError'],
    ['UnknownError for nothing', undefined, 'UnknownError'],
  ])('is %s', (_, error, expected) => {
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

  test('names what failed and by what, and keeps it as the cause', () => {
    const cause = fault('ThrottlingException');
    expect(translated(cause)).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/scan.*ThrottlingException/),
      cause,
    });
  });

  test('leaves what is an error of Latchkey already as it is', () => {
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

  test('gives what the work gives, and does not call it off afterwards', async () => {
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

  test('leaves no timer behind work that fails', async () => {
    const error = fault('ThrottlingException');
    await expect(withinMs(1500, () => Promise.reject(error))).rejects.toBe(error);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('past its bound fails with a TimeoutError that names the bound, and calls the work off', async () => {
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
    ['ProvisionedThroughputExceededException', true],
    ['RequestLimitExceeded', true],
    ['Throttling', true],
    ['ThrottlingException', true],
    ['ConditionalCheckFailedException', false],
    ['InternalServerError', false],
    ['TimeoutError', false],
  ])('of %s is %p', (name, expected) => {
    expect(isThrottled(Object.assign(new Error('no'), { name }))).toBe(expected);
  });
});

describe('backOff', () => {
  test('waits up to 50 ms, doubling up to 3 s', async () => {
    const waits: number[] = [];
    const sleep = async (ms: number) => void waits.push(ms);
    for (let retry = 0; retry < 8; retry++) await backOff(retry, { sleep, random: () => 0.5 });
    expect(waits).toEqual([25, 50, 100, 200, 400, 800, 1500, 1500]);
  });

  test('lets what else is due happen before, with the retryOptions that is the default', async () => {
    const order: string[] = [];
    const wait = backOff(0, DEFAULT_RETRY_OPTIONS).then(() => order.push('waited'));
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    order.push('due');
    await wait;
    expect(order).toEqual(['due', 'waited']);
  });
});

/** What a read says that asks for an object, and is answered so. */
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
    ['an object with nothing in it', '{}', undefined],
  ])('lets %s through', async (_, body, item) => {
    expect(await read({ body })).toEqual(item);
  });

  test.each([
    ['nothing', ''],
    ['white space', '  '],
    ['null', 'null'],
    ['a list', '[]'],
    ['a list with an object in it', `[${TEXT}]`],
    ['a list with an object in it, after white space', ` [${TEXT}]`],
    ['a text with an object in it', JSON.stringify(TEXT)],
    ['a number', '7'],
    ['a page', '<html>{}</html>'],
  ])('fails on %s', async (_, body) => {
    await expect(read({ body })).rejects.toMatchObject({ name: 'UnreadableAnswer' });
  });

  test.each([201, 204, 206, 299])('fails on an object under the status %i', async (statusCode) => {
    await expect(read({ statusCode, body: ITEM })).rejects.toMatchObject({ name: 'UnreadableAnswer' });
  });

  test.each([300, 400, 500])('leaves an error under the status %i to the SDK', async (statusCode) => {
    const name = 'ResourceNotFoundException';
    await expect(read(failure(name, statusCode))).rejects.toMatchObject({ name });
  });

  test('keeps an answer that is none from what a client has of its own behind it', async () => {
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

test('a client with the limits tries three times, and is set to wait 3 s for a connection and 8 s for an answer', async () => {
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

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { LatchkeyError } from '../../../keys/errors.ts';
import { getStoreErrorName, translateStoreFault, withinMs } from '../../../keys/dynamodb.ts';

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

import { describe, expect, test } from '@jest/globals';
import { backOff, DEFAULT_RETRY_OPTIONS, isThrottled } from '../../../keys/dynamodb.ts';

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

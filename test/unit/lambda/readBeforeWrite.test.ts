import { setImmediate as settled } from 'node:timers/promises';
import { afterEach, expect, jest, test } from '@jest/globals';
import { LatchkeyError } from '../../../keys/errors.ts';
import { readConfig } from '../../../lambda/config.ts';
import { createHandler } from '../../../lambda/createHandler.ts';
import { restRequestEvent } from '../../../testing/authorizerEvents.ts';
import { MemoryLookup } from '../../../testing/memoryLookup.ts';
import { INTERVAL_MS, makeKey, MINUTE_MS, NOW_MS } from '../../support/keys.ts';

const { secret, record } = makeKey();
/** The longest delay by a read that only a last-used write needs. */
const BOUND_MS = 300;

/** A function that wrote the last use an interval ago and has read the record since: it reads again before it writes. */
async function functionWithWriteDue() {
  const clock = { nowMs: NOW_MS };
  const lookup = new MemoryLookup(record);
  const log: string[] = [];
  const handler = createHandler({
    config: readConfig({ LATCHKEY_TABLE: 'keys', LATCHKEY_METRICS: 'false' }),
    functionName: 'authorizer',
    lookup,
    now: () => clock.nowMs,
    random: () => 0.5,
    writeLog: (line) => log.push(line),
  });
  const invoke = () => Promise.resolve(handler(restRequestEvent({ key: secret })));
  await invoke();
  clock.nowMs = NOW_MS + INTERVAL_MS - 1;
  await invoke();
  expect(lookup).toMatchObject({ reads: 2, writes: 1 });
  clock.nowMs += 1;
  return { clock, lookup, log, invoke };
}

afterEach(() => {
  jest.useRealTimers();
});

test('a read before a last-used write delays the request at most 300 ms, and nothing is written without its answer', async () => {
  const { clock, lookup, log, invoke } = await functionWithWriteDue();
  const { get } = lookup;
  let giveUp: (error: Error) => void = () => {};
  lookup.get = () => new Promise((_, reject) => (giveUp = reject));
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'Date', 'performance'] });
  const answers: object[] = [];
  const invoked = invoke().then((answer) => answers.push(answer));
  await jest.advanceTimersByTimeAsync(BOUND_MS - 1);
  expect(answers).toEqual([]);
  await jest.advanceTimersByTimeAsync(1);
  await invoked;
  expect(answers).toMatchObject([{ principalId: record.id, policyDocument: { Statement: [{ Effect: 'Allow' }] } }]);
  expect(log.map((line) => JSON.parse(line))).toMatchObject([
    { message: 'last-used write failed', cause: 'TimeoutError', keyId: record.id },
  ]);
  expect(lookup.writes).toBe(1);
  expect(jest.getTimerCount()).toBe(0);

  // The client gives the read up in the end. The claim was given back: it is tried again with a use a minute later.
  giveUp(new LatchkeyError('STORE_UNAVAILABLE', 'no answer'));
  await settled();
  lookup.get = get;
  await invoke();
  clock.nowMs += MINUTE_MS - 1;
  await invoke();
  expect(lookup.writes).toBe(1);
  clock.nowMs += 1;
  await invoke();
  expect(lookup.writes).toBe(2);
});

test('a read before a last-used write leads to the write if it is answered in time', async () => {
  const { lookup, log, invoke } = await functionWithWriteDue();
  expect(await invoke()).toMatchObject({ principalId: record.id });
  expect(lookup).toMatchObject({ reads: 3, writes: 2 });
  expect(log).toEqual([]);
});

import { setImmediate } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { concurrently } from '../../../keys/concurrently.ts';

test('concurrently does all work, and at most the limit at the same time', async () => {
  const done: number[] = [];
  let [running, most] = [0, 0];
  await concurrently([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    most = Math.max(most, ++running);
    await setImmediate();
    running--;
    done.push(item);
  });
  expect(done.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(most).toBe(3);
});

test('concurrently throws the first error, and starts no more work', async () => {
  const started: number[] = [];
  const work = async (item: number) => {
    started.push(item);
    await setImmediate();
    if (item === 2) throw new Error('failed');
  };
  await expect(concurrently([1, 2, 3, 4, 5, 6, 7], 2, work)).rejects.toThrow('failed');
  await setImmediate();
  expect(started.length).toBeLessThan(5);
});

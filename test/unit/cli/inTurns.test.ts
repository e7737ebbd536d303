import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { inTurns } from '../../../cli/inTurns.ts';

const ITEMS = Array.from({ length: 20 }, (_, index) => index);

describe('inTurns', () => {
  test('returns the results in order, with at most five items in progress', async () => {
    let inProgress = 0;
    let most = 0;
    const results = await inTurns(ITEMS, async (item) => {
      most = Math.max(most, ++inProgress);
      await sleep((20 - item) % 3);
      inProgress--;
      return item * 2;
    });
    expect(results).toEqual(ITEMS.map((item) => item * 2));
    expect(most).toBe(5);
  });

  test('starts no more work once goesOn returns false', async () => {
    const started: number[] = [];
    const results = await inTurns(
      ITEMS,
      async (item) => started.push(item),
      () => started.length < 7,
    );
    expect(started).toHaveLength(7);
    expect(results.filter((result) => result === undefined)).toHaveLength(13);
  });

  test('rejects with the first error and starts no more work', async () => {
    const started: number[] = [];
    const work = async (item: number) => {
      started.push(item);
      await Promise.resolve();
      if (item === 2) throw new Error('no');
    };
    await expect(inTurns(ITEMS, work)).rejects.toThrow('no');
    expect(started.length).toBeLessThan(20);
  });
});

import { describe, expect, test } from '@jest/globals';
import { LatchkeyError } from '../../../keys/errors.ts';
import type { LimitTaker } from '../../../keys/limits.ts';
import { OwnerLimit } from '../../../management/function/ownerLimit.ts';
import { MemoryLimits } from '../../../testing/memoryLimits.ts';
import { NOW_MS } from '../../support/keys.ts';

const RATE = { rateLimit: 5, burstLimit: 20 };
const limitOn = (store: LimitTaker, now = () => NOW_MS) => {
  const unchecked: unknown[] = [];
  const limit = new OwnerLimit({ store, rate: RATE, now, onUnchecked: (error) => unchecked.push(error) });
  return { limit, unchecked };
};
const takeAll = async (limit: OwnerLimit, owner: string, count: number) => {
  const waits: (number | undefined)[] = [];
  for (let taken = 0; taken < count; taken++) waits.push(await limit.take(owner));
  return waits;
};

describe("the rate of an owner's requests", () => {
  test('allows a burst, and then tells when to try again', async () => {
    const { limit } = limitOn(new MemoryLimits());
    const waits = await takeAll(limit, 'acme', 22);
    expect(waits).toEqual([...Array.from({ length: 20 }, () => undefined), 1, 1]);
  });

  test('is separate for each owner, and shared by all execution environments', async () => {
    const store = new MemoryLimits();
    await takeAll(limitOn(store).limit, 'acme', 20);
    await expect(limitOn(store).limit.take('acme')).resolves.toBe(1);
    await expect(limitOn(store).limit.take('globex')).resolves.toBeUndefined();
  });

  test('allows every request during an outage of the table, and reports it', async () => {
    const error = new LatchkeyError('STORE_UNAVAILABLE', 'the write of a limit failed: TimeoutError');
    const fail = () => Promise.reject(error);
    const { limit, unchecked } = limitOn({ takeQuota: fail, takeThrottle: fail });
    await expect(takeAll(limit, 'acme', 30)).resolves.toEqual(Array.from({ length: 30 }, () => undefined));
    expect(unchecked[0]).toBe(error);
  });
});

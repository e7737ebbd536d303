import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { LimitTaker } from '../../keys/limits.ts';
import { generateSecret } from '../../keys/secret.ts';
import { Limiter } from '../../lambda/limiter.ts';
import { httpApiEvent } from '../../testing/authorizerEvents.ts';
import { MemoryLimits } from '../../testing/memoryLimits.ts';
import { handlerUnderTest } from '../support/handlerUnderTest.ts';
import { at, makeKey, NOW_MS } from '../support/keys.ts';

const limits = {
  mine: { quota: { limit: 5, period: 'day' }, throttle: { rateLimit: 100, burstLimit: 10 }, per: 'key' },
  ours: { quota: { limit: 5, period: 'day' }, per: 'owner' },
};
const ENVIRONMENT = {
  LATCHKEY_PLANS: JSON.stringify({ namespace: '0'.repeat(16), perKey: [], shared: [], limits }),
  LATCHKEY_LIMITS_TABLE: 'limits',
};

function attacked(...keys: readonly ReturnType<typeof makeKey>[]) {
  const handler = handlerUnderTest(keys.map(({ record }) => record), ENVIRONMENT); // prettier-ignore
  const request = async (secret: string) => {
    const { context } = (await handler.invoke(httpApiEvent({ headers: [['Authorization', `Bearer ${secret}`]] }))) as {
      context: Readonly<Record<string, string>>;
    };
    return context['errorCode'];
  };
  return { ...handler, request };
}

describe('the table of limits', () => {
  test("isn't reached by a flood of unknown, malformed and inactive keys", async () => {
    const inactive = [{ revokedAt: at(-1) }, { disabledAt: at(-1) }, { expiresAt: at(-1) }].map((fields, id) =>
      makeKey({ id: `key-${id}`, plan: 'mine', ...fields }),
    );
    const { request, limits: table } = attacked(...inactive);
    const others = Array.from({ length: 200 }, (_, at) => (at % 2 === 0 ? generateSecret('sk_') : `sk_${at}`));
    for (const secret of [...others, ...inactive.map((key) => key.secret)]) await request(secret);
    expect(table.writes).toBe(0);
    expect(table.counters.size).toBe(0);
  });

  test('gets no more writes from a flood of requests once the quota is spent', async () => {
    const key = makeKey({ plan: 'mine' });
    const { request, limits: table } = attacked(key);
    for (let sent = 0; sent < 6; sent++) await request(key.secret);
    const { writes } = table;
    const codes = new Set<string | undefined>();
    for (let sent = 0; sent < 1000; sent++) codes.add(await request(key.secret));
    expect([...codes]).toEqual(['QUOTA_EXCEEDED']);
    expect(table.writes).toBe(writes);
    expect(table.counters.size).toBe(2);
  });

  test('keeps the limits of other keys apart from those of a greedy key, unless the plan is per owner', async () => {
    const owned = (id: string, plan: string) => makeKey({ id, plan, owner: 'acme' });
    const [greedy, modest] = [owned('greedy', 'mine'), owned('modest', 'mine')];
    const [starving, starved] = [owned('starving', 'ours'), owned('starved', 'ours')];
    const stranger = makeKey({ id: 'stranger', plan: 'ours', owner: 'globex' });
    const { request } = attacked(greedy, modest, starving, starved, stranger);
    for (let sent = 0; sent < 50; sent++) {
      await request(greedy.secret);
      await request(starving.secret);
    }
    expect(await request(modest.secret)).toBeUndefined();
    expect(await request(stranger.secret)).toBeUndefined();
    expect(await request(starved.secret)).toBe('QUOTA_EXCEEDED');
  });
});

test('concurrent requests in several environments never exceed the quota, in any order of answers', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.nat(2), { minLength: 1, maxLength: 60 }),
      async (scheduler, limit, requests) => {
        const table = new MemoryLimits();
        const store: LimitTaker = {
          // Both the write and its answer wait for the scheduler.
          takeQuota: async (ask) => {
            await scheduler.schedule(Promise.resolve(), 'request');
            const granted = await table.takeQuota(ask);
            return scheduler.schedule(Promise.resolve(granted), 'answer');
          },
          takeThrottle: (ask) => table.takeThrottle(ask),
        };
        const plans = { free: { quota: { limit, period: 'day' as const }, per: 'key' as const } };
        const fleet = Array.from({ length: 3 }, () => new Limiter({ store, limits: plans, now: () => NOW_MS }));
        const outcomes = requests.map(async (environment) => {
          const limiter = fleet[environment];
          const subject = limiter?.subjectOf({ id: 'one', plan: 'free' });
          return subject && limiter?.take(subject, NOW_MS);
        });
        const settled = Promise.all(outcomes);
        await scheduler.waitFor(settled);
        const allowed = (await settled).filter((outcome) => outcome?.effect === 'allow').length;
        expect(allowed).toBeLessThanOrEqual(limit);
        expect(Math.max(0, ...table.counters.values())).toBeLessThanOrEqual(limit);
        // A refusal needs a spent quota, up to the requests that are leased elsewhere.
        if (requests.length < limit / 16) expect(allowed).toBe(requests.length);
      },
    ),
    { numRuns: 100 },
  );
});

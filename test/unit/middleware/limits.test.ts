import { describe, expect, test } from '@jest/globals';
import { LatchkeyError } from '../../../keys/errors.ts';
import { readOptions, type AuthorizerOptions } from '../../../lambda/verifier.ts';
import { Authenticator, type AuthenticatorDeps } from '../../../middleware/authenticate.ts';
import { addToField } from '../../../middleware/requestLimit.ts';
import { MemoryLimits } from '../../../testing/memoryLimits.ts';
import { MemoryLookup } from '../../../testing/memoryLookup.ts';
import { makeKey, NOW_MS } from '../../support/keys.ts';

const PLANS = {
  metered: { enforce: 'authorizer', quota: { limit: 2, period: 'minute' } },
  slow: { enforce: 'authorizer', throttle: { rateLimit: 0.5, burstLimit: 2 } },
  both: {
    enforce: 'authorizer',
    throttle: { rateLimit: 10, burstLimit: 20 },
    quota: { limit: 100, period: 'hour' },
  },
  partner: { quota: { limit: 1, period: 'day' } },
} satisfies AuthorizerOptions['plans'];

const metered = makeKey({ plan: 'metered' });
const slow = makeKey({ plan: 'slow' });
const both = makeKey({ plan: 'both' });
const misspelled = makeKey({ plan: 'meterd' });
const KEYS = [metered, slow, both, makeKey({ plan: 'partner' }), makeKey(), misspelled];

interface Setup extends AuthorizerOptions {
  readonly limitStore?: MemoryLimits;
  readonly callbacks?: Partial<Pick<AuthenticatorDeps, 'onLimitUnchecked' | 'onRefused'>>;
}

/** Creates an authenticator whose clock stands still until the test moves it. */
function authenticatorUnderTest({ limitStore = new MemoryLimits(), callbacks = {}, ...options }: Setup = {}) {
  const clock = { nowMs: NOW_MS };
  const config = readOptions({ tableName: 'keys', limitsTable: 'limits', plans: PLANS, ...options });
  const lookup = new MemoryLookup(...KEYS.map(({ record }) => record));
  const ignore = () => {};
  const ignored = { onLastUsedWriteFailed: ignore, onLimitUnchecked: ignore, onRefused: ignore };
  const deps = { config, lookup, limitStore, now: () => clock.nowMs, ...ignored, ...callbacks };
  return { authenticator: new Authenticator(deps), limitStore, clock };
}

const requestWith = ({ secret }: { readonly secret: string }) =>
  new Request('https://api.example/orders', { headers: { authorization: `Bearer ${secret}` } });

test('the authenticator refuses a key on an unknown plan with 403, unless no plan is its own', async () => {
  const { authenticator, limitStore } = authenticatorUnderTest();
  const refused = { effect: 'refuse', status: 403, code: 'PLAN_UNAVAILABLE', record: { id: misspelled.record.id } };
  expect(await authenticator.authenticate(requestWith(misspelled))).toMatchObject(refused);
  expect(limitStore.writes).toBe(0);
  const { partner } = PLANS;
  const other = authenticatorUnderTest({ plans: { partner } });
  expect(await other.authenticator.authenticate(requestWith(misspelled))).toMatchObject({ effect: 'allow' });
});

describe('the limits of the authenticator', () => {
  test('are on an allowed request, with their headers', async () => {
    const { authenticator } = authenticatorUnderTest();
    expect(await authenticator.authenticate(requestWith(both))).toMatchObject({
      effect: 'allow',
      context: { limitRemaining: expect.any(String), limitResetSeconds: expect.any(String) },
      limit: {
        policy: 'quota',
        remaining: 99,
        resetSeconds: expect.any(Number),
        headers: {
          RateLimit: expect.stringMatching(/^"quota";r=99;t=\d+$/),
          'RateLimit-Policy': '"throttle";q=20;w=2, "quota";q=100;w=3600',
        },
      },
    });
  });

  test('refuse a request beyond the quota until the window ends', async () => {
    const { authenticator, clock } = authenticatorUnderTest();
    // Ten seconds before the end of a minute.
    clock.nowMs = Math.floor(NOW_MS / 60_000) * 60_000 + 50_000;
    const remaining = [];
    for (let at = 0; at < 2; at++) {
      const allowed = await authenticator.authenticate(requestWith(metered));
      remaining.push(allowed.limit?.headers['RateLimit']);
    }
    expect(remaining).toEqual(['"quota";r=1;t=10', '"quota";r=0;t=10']);
    expect(await authenticator.authenticate(requestWith(metered))).toMatchObject({
      effect: 'refuse',
      status: 429,
      code: 'QUOTA_EXCEEDED',
      headers: {
        'Content-Type': 'application/json',
        'Retry-After': '10',
        RateLimit: '"quota";r=0;t=10',
        'RateLimit-Policy': '"quota";q=2;w=60',
      },
      body: { success: false, data: null, error: { code: 'QUOTA_EXCEEDED' }, pagination: null },
      limit: { policy: 'quota', remaining: 0, resetSeconds: 10 },
      record: { id: metered.record.id },
    });
    clock.nowMs += 10_000;
    expect(await authenticator.authenticate(requestWith(metered))).toMatchObject({ effect: 'allow' });
  });

  test('refuse a request beyond the throttle, with a Retry-After of at least a second', async () => {
    const { authenticator } = authenticatorUnderTest();
    const effects = [];
    for (let at = 0; at < 3; at++) effects.push((await authenticator.authenticate(requestWith(slow))).effect);
    expect(effects).toEqual(['allow', 'allow', 'refuse']);
    const refused = await authenticator.authenticate(requestWith(slow));
    expect(refused).toMatchObject({
      status: 429,
      code: 'THROTTLED',
      headers: { RateLimit: expect.stringMatching(/^"throttle";r=0;t=/), 'RateLimit-Policy': '"throttle";q=2;w=4' },
    });
    const { 'Retry-After': retryAfter, RateLimit: field } = { ...(refused.effect === 'refuse' ? refused.headers : {}) };
    expect(Number(retryAfter)).toBeGreaterThanOrEqual(1);
    expect(field).toBe(`"throttle";r=0;t=${retryAfter}`);
  });

  test('count several checks of one request once', async () => {
    // Each check reads the key again, as after the end of the record cache's TTL.
    const { authenticator } = authenticatorUnderTest({ recordCacheSeconds: 0 });
    const check = (countOncePer: object) => authenticator.authenticate(requestWith(metered), { countOncePer });
    const first = {};
    const { limit } = await check(first);
    expect(limit).toMatchObject({ remaining: 1 });
    expect(await check(first)).toMatchObject({ effect: 'allow', limit });
    expect(await Promise.all([check(first), check(first)])).toMatchObject([{ limit }, { limit }]);
    expect(await check({})).toMatchObject({ effect: 'allow', limit: { remaining: 0 } });
    expect(await check({})).toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(await check(first)).toMatchObject({ effect: 'allow' });
  });

  test('hold over all servers with one table', async () => {
    const { authenticator, limitStore } = authenticatorUnderTest();
    const { authenticator: another } = authenticatorUnderTest({ limitStore });
    const effects = [];
    for (const server of [authenticator, another, authenticator, another]) {
      effects.push((await server.authenticate(requestWith(metered))).effect);
    }
    expect(effects).toEqual(['allow', 'allow', 'refuse', 'refuse']);
  });

  test.each([
    ['no plan', KEYS[4]],
    ['a plan of API Gateway', KEYS[3]],
  ])('do not concern a key with %s', async (_, key = metered) => {
    const { authenticator, limitStore } = authenticatorUnderTest();
    for (let at = 0; at < 3; at++) {
      const allowed = await authenticator.authenticate(requestWith(key), { countOncePer: {} });
      expect(allowed).toMatchObject({ effect: 'allow' });
      expect(allowed).not.toHaveProperty('limit');
    }
    expect(limitStore.writes).toBe(0);
  });

  test('do not count a request that is refused for another reason', async () => {
    const { authenticator, limitStore } = authenticatorUnderTest();
    const scoped = makeKey({ plan: 'metered', scopes: [] });
    const { authenticator: strict } = authenticatorUnderTest({ limitStore });
    expect(await strict.authenticate(requestWith(scoped))).toMatchObject({ code: 'INVALID_KEY' });
    expect(await authenticator.authenticate(requestWith(metered), { require: 'orders:read' })).toMatchObject({
      effect: 'allow',
    });
    expect(limitStore.writes).toBe(1);
  });
});

describe('the authenticator without an answer of the limits table', () => {
  const setup = (onLimiterFailure: 'allow' | 'deny') => {
    const reported: unknown[] = [];
    const callbacks = { onLimitUnchecked: (...values: unknown[]) => reported.push(...values) };
    const under = authenticatorUnderTest({ onLimiterFailure, callbacks });
    under.limitStore.isDown = true;
    return { ...under, reported };
  };

  test('allows the request and reports it', async () => {
    const { authenticator, reported } = setup('allow');
    const allowed = await authenticator.authenticate(requestWith(metered));
    expect(allowed).toMatchObject({ effect: 'allow', record: { id: metered.record.id } });
    expect(allowed).not.toHaveProperty('limit');
    expect(reported).toEqual([
      expect.objectContaining({ id: metered.record.id }),
      expect.objectContaining({ code: 'STORE_UNAVAILABLE' }),
    ]);
  });

  test('responds with 503 if onLimiterFailure is deny', async () => {
    const { authenticator } = setup('deny');
    const refused = await authenticator.authenticate(requestWith(metered));
    expect(refused).toMatchObject({ status: 503, code: 'AUTHORIZER_UNAVAILABLE', headers: { 'Retry-After': '5' } });
    expect(refused.effect === 'refuse' && refused.error).toBeInstanceOf(LatchkeyError);
    expect(refused).toMatchObject({ error: { code: 'LIMITER_UNAVAILABLE' } });
  });
});

describe('a list field', () => {
  test.each([
    ['', '"quota";r=4;t=9'],
    ['"quota";r=5;t=10', '"quota";r=4;t=9'],
    ['"100-in-15min";r=99;t=60', '"100-in-15min";r=99;t=60, "quota";r=4;t=9'],
    ['"throttle";r=1;t=1, "ip, v4";r=9;t=1, "quota";r=5;t=9', '"ip, v4";r=9;t=1, "quota";r=4;t=9'],
  ])('with %j becomes %j', (earlier, expected) => {
    expect(addToField(earlier, '"quota";r=4;t=9')).toBe(expected);
  });
});

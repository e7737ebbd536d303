import { describe, expect, test } from '@jest/globals';
import type { KeyRecord } from '../../../keys/record.ts';
import { createTestAuthorizer, type TestAuthorizerOptions } from '../../../testing/index.ts';
import {
  appSyncEvent,
  httpApiEvent,
  restRequestEvent,
  restTokenEvent,
  webSocketEvent,
} from '../../../testing/authorizerEvents.ts';
import { sumsOf } from '../../support/embeddedMetrics.ts';
import { handlerUnderTest } from '../../support/handlerUnderTest.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';

const plansOf = (limits: object) => ({
  LATCHKEY_PLANS: JSON.stringify({ namespace: '0123456789abcdef', perKey: ['gateway'], shared: [], limits }),
  LATCHKEY_LIMITS_TABLE: 'limits',
});
const PLANS = plansOf({
  free: { quota: { limit: 2, period: 'minute' }, per: 'key' },
  team: { quota: { limit: 2, period: 'minute' }, per: 'owner' },
  slow: { throttle: { rateLimit: 1, burstLimit: 1 }, per: 'plan' },
});

const bearing = (secret: string) => ({ headers: [['Authorization', `Bearer ${secret}`]] as const });

function limitedKey(fields: Partial<KeyRecord> = {}, environment: Record<string, string> = {}) {
  const { secret, record } = makeKey({ plan: 'free', ...fields });
  const handler = handlerUnderTest([record], { ...PLANS, ...environment });
  const request = () => handler.invoke(restRequestEvent(bearing(secret))) as Promise<{ context: object }>;
  const requests = async (count: number) => {
    const contexts: object[] = [];
    for (let made = 0; made < count; made++) contexts.push((await request()).context);
    return contexts;
  };
  return { ...handler, record, secret, request, requests };
}

/** Writes the pending metrics, and returns their sums. */
async function metricsOf({ clock, invoke, metricLines }: ReturnType<typeof handlerUnderTest>) {
  clock.nowMs += 60_000;
  await invoke(restTokenEvent(bearing('sk_malformed')));
  return sumsOf(metricLines.map((line) => JSON.parse(line)));
}

describe('a key on a plan that the deployment lacks', () => {
  test.each(['deny', 'tell'])('is refused with PLAN_UNAVAILABLE and logged if onLimit is %s', async (onLimit) => {
    const limited = limitedKey({ plan: 'fre' }, { LATCHKEY_ON_LIMIT: onLimit });
    const [context] = await limited.requests(1);
    expect(context).toEqual({
      errorCode: 'PLAN_UNAVAILABLE',
      errorMessage: 'The plan of this API key is not available here.',
    });
    const codes = limited.logged().map(({ code }) => code);
    expect(codes).toEqual(['PLAN_UNAVAILABLE', 'PLAN_UNKNOWN']);
    expect(limited.limits.writes + limited.lookup.writes).toBe(0);
  });

  test('is allowed if only API Gateway enforces plans, or if the deployment has none', async () => {
    for (const environment of [{ ...plansOf({}), LATCHKEY_LIMITS_TABLE: 'limits' }, {}]) {
      const { secret, record } = makeKey({ plan: 'fre' });
      const { invoke } = handlerUnderTest([record], environment);
      expect(await invoke(httpApiEvent(bearing(secret)))).toMatchObject({ context: { keyId: record.id } });
    }
  });
});

describe('a key beyond its limit', () => {
  test('is refused with its limit in the context, and has no last-used write', async () => {
    const { requests, clock, lookup } = limitedKey({}, { LATCHKEY_LAST_USED_SECONDS: '1' });
    const [first, second] = await requests(2);
    expect(first).toMatchObject({ limitRemaining: '1', limitResetSeconds: '60' });
    expect(second).toMatchObject({ limitRemaining: '0', limitResetSeconds: '60' });
    clock.nowMs += 20_500;
    const { writes } = lookup;
    expect(await requests(1)).toEqual([
      {
        errorCode: 'QUOTA_EXCEEDED',
        errorMessage: 'This API key has used up its quota.',
        retryAfterSeconds: '40',
        limitRemaining: '0',
        limitResetSeconds: '40',
      },
    ]);
    expect(lookup.writes).toBe(writes);
  });

  test('is logged as denied, and counted as Denied and Limited', async () => {
    const limited = limitedKey();
    await limited.requests(5);
    const denied = { message: 'denied', code: 'QUOTA_EXCEEDED', keyId: limited.record.id };
    expect(limited.logged()).toEqual(Array.from({ length: 3 }, () => expect.objectContaining(denied)));
    expect(await metricsOf(limited)).toMatchObject({
      Allowed: 2,
      'Denied rest-request QUOTA_EXCEEDED': 3,
      Limited: 3,
      LimitWrites: 3,
    });
  });

  test("is allowed with `limited` in the context if onLimit is tell, and isn't logged", async () => {
    const limited = limitedKey({ owner: 'acme' }, { LATCHKEY_ON_LIMIT: 'tell' });
    const [, , third] = await limited.requests(3);
    expect(third).toMatchObject({
      keyId: limited.record.id,
      owner: 'acme',
      limited: 'true',
      errorCode: 'QUOTA_EXCEEDED',
      retryAfterSeconds: '60',
      limitRemaining: '0',
    });
    expect(limited.log).toEqual([]);
    expect(await metricsOf(limited)).toMatchObject({ Allowed: 3, Limited: 1 });
  });

  test('gets its state from its own API type', async () => {
    const { secret, record } = makeKey({ plan: 'slow' });
    const { invoke } = handlerUnderTest([record], PLANS);
    await invoke(webSocketEvent(bearing(secret)));
    const limited = { errorCode: 'THROTTLED', retryAfterSeconds: '1' };
    expect(await invoke(httpApiEvent(bearing(secret)))).toMatchObject({ context: limited });
    const answer = { isAuthorized: false, resolverContext: limited, ttlOverride: 0 };
    expect(await invoke(appSyncEvent(bearing(secret)))).toMatchObject(answer);
  });

  test("isn't let through by the policy of its scopes if the function refuses the path", async () => {
    const { secret, record } = makeKey({ plan: 'free', scopes: ['orders'] });
    const { invoke, limits } = handlerUnderTest([record], {
      ...PLANS,
      LATCHKEY_SCOPES: '{"orders":["GET /orders/*"]}',
    });
    const statement = { Statement: [expect.objectContaining({ Effect: 'Deny' })] };
    for (const path of ['/orders/a b', '/orders/a\\b', '/other']) {
      const answer = { policyDocument: statement, context: { keyId: record.id, errorCode: 'INSUFFICIENT_SCOPE' } };
      expect(await invoke(restRequestEvent({ ...bearing(secret), path }))).toMatchObject(answer);
    }
    expect(limits.writes).toBe(0);
    expect(await invoke(restRequestEvent({ ...bearing(secret), path: '/orders/1' }))).toMatchObject({
      policyDocument: { Statement: [{ Effect: 'Allow' }, { Effect: 'Deny' }] },
    });
  });

  test('is not counted while it is disabled or outside its scopes', async () => {
    const scopes = { LATCHKEY_SCOPES: '{"orders":["GET /orders"]}' };
    for (const fields of [{ disabledAt: at(-1000) }, { scopes: ['orders'] }]) {
      const { requests, limits } = limitedKey(fields, scopes);
      await requests(3);
      expect(limits.writes).toBe(0);
    }
  });
});

test('keys of one owner share the quota of a plan per owner', async () => {
  const keys = ['one', 'two', 'three'].map((id) => makeKey({ id, plan: 'team', owner: 'acme' }));
  const other = makeKey({ id: 'other', plan: 'team', owner: 'globex' });
  const { invoke } = handlerUnderTest([...keys, other].map(({ record }) => record), PLANS); // prettier-ignore
  const answers = [];
  for (const { secret } of [...keys, other]) answers.push(await invoke(httpApiEvent(bearing(secret))));
  const codes = answers.map((answer) => (answer as { context: Record<string, string> }).context['errorCode']);
  expect(codes).toEqual([undefined, undefined, 'QUOTA_EXCEEDED', undefined]);
});

test('a successor goes on with the quota of the key that it replaced', async () => {
  const old = makeKey({ id: 'old', plan: 'free' });
  const successor = makeKey({ id: 'new', plan: 'free', rotatedFrom: 'old', rootId: 'old' });
  const { invoke } = handlerUnderTest([old.record, successor.record], PLANS);
  await invoke(httpApiEvent(bearing(old.secret)));
  const allowed = { context: { keyId: 'new', rootId: 'old', limitRemaining: '0' } };
  expect(await invoke(httpApiEvent(bearing(successor.secret)))).toMatchObject(allowed);
  const refused = { context: { errorCode: 'QUOTA_EXCEEDED' } };
  for (const { secret } of [successor, old]) expect(await invoke(httpApiEvent(bearing(secret)))).toMatchObject(refused);
});

test('a reset takes effect when the record is read again', async () => {
  const { requests, lookup, limits, record, clock } = limitedKey({}, { LATCHKEY_RECORD_CACHE_SECONDS: '10' });
  await requests(3);
  limits.counters.clear();
  lookup.put({ ...record, limitsResetAt: at(0) });
  expect(await requests(1)).toMatchObject([{ errorCode: 'QUOTA_EXCEEDED' }]);
  clock.nowMs += 10_000;
  expect(await requests(1)).toMatchObject([{ limitRemaining: '1' }]);
});

describe('a failure of the table of limits', () => {
  test('allows the request without a limit, and is logged once a second', async () => {
    const limited = limitedKey();
    limited.limits.isDown = true;
    const contexts = await limited.requests(5);
    expect(contexts).toEqual(Array.from({ length: 5 }, () => ({ keyId: limited.record.id, label: 'ci', keyPrefix: expect.any(String), plan: 'free' }))); // prettier-ignore
    const line = { level: 'WARN', message: 'limits not checked', code: 'STORE_UNAVAILABLE', keyId: limited.record.id };
    expect(limited.logged()).toEqual([expect.objectContaining({ ...line, cause: 'Error' })]);
    limited.clock.nowMs += 1000;
    await limited.requests(1);
    expect(limited.log).toHaveLength(2);
    expect(await metricsOf(limited)).toMatchObject({ Allowed: 6, LimiterFailures: 6, LimitWrites: 2 });
  });

  test('is a fault if onLimiterFailure is deny', async () => {
    const { request, limits, logged } = limitedKey({}, { LATCHKEY_ON_LIMITER_FAILURE: 'deny' });
    limits.isDown = true;
    await expect(request()).rejects.toMatchObject({ code: 'LIMITER_UNAVAILABLE' });
    expect(logged()).toEqual([
      expect.objectContaining({ level: 'ERROR', message: 'fault', code: 'LIMITER_UNAVAILABLE' }),
    ]);
  });
});

test.each([['gateway'], [undefined], ['gold']])('a key on the plan %p is not limited', async (plan) => {
  const { requests, limits } = limitedKey({ plan } as Partial<KeyRecord>);
  for (const context of await requests(5)) expect(context).not.toHaveProperty('limitRemaining');
  expect(limits.writes).toBe(0);
});

describe('a verifier with limits', () => {
  const plans = { free: { enforce: 'authorizer', quota: { limit: 1, period: 'HOUR' } } } as const;
  function verifierUnderTest(options: TestAuthorizerOptions = {}) {
    const { secret, record } = makeKey({ plan: 'free' });
    const test = createTestAuthorizer({ records: [record], now: () => NOW_MS, plans, ...options });
    return { ...test, secret, verify: () => test.verifier.verify(secret) };
  }

  test('allows a request with the state of its limit, and then denies it with the refusal', async () => {
    const { verify } = verifierUnderTest();
    const state = { policy: 'quota', remaining: 0, resetSeconds: 3600 };
    expect(await verify()).toMatchObject({ effect: 'allow', limit: state });
    const limit = { code: 'QUOTA_EXCEEDED', retryAfterSeconds: 3600, state };
    expect(await verify()).toMatchObject({ effect: 'deny', code: 'QUOTA_EXCEEDED', record: { plan: 'free' }, limit });
  });

  test('denies a request even if the authorizer only tells integrations', async () => {
    const { verify } = verifierUnderTest({ onLimit: 'tell' });
    await verify();
    expect(await verify()).toMatchObject({ effect: 'deny', code: 'QUOTA_EXCEEDED' });
  });

  test('allows a request without a state if the table of limits is down, unless onLimiterFailure is deny', async () => {
    const open = verifierUnderTest();
    open.limits.isDown = true;
    expect(await open.verify()).toEqual({ effect: 'allow', record: expect.anything() });
    const closed = verifierUnderTest({ onLimiterFailure: 'deny' });
    closed.limits.isDown = true;
    await expect(closed.verify()).rejects.toMatchObject({ code: 'LIMITER_UNAVAILABLE' });
  });

  test('shares its limits with the authorizer', async () => {
    const { verify, handler, secret } = verifierUnderTest();
    await verify();
    const refused = { context: { errorCode: 'QUOTA_EXCEEDED' } };
    expect(await handler(restRequestEvent(bearing(secret)))).toMatchObject(refused);
  });
});

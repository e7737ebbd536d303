import { describe, expect, test } from '@jest/globals';
import {
  appSyncEvent,
  createTestAuthorizer,
  createTestKey,
  httpApiEvent,
  httpApiV1Event,
  restRequestEvent,
  restTokenEvent,
  webSocketEvent,
  type TestRequest,
} from '../../../testing/index.ts';

const POLICY_EVENTS: readonly (readonly [string, (request: TestRequest) => object])[] = [
  ['REST TOKEN', restTokenEvent],
  ['REST REQUEST', restRequestEvent],
  ['HTTP 2.0', httpApiEvent],
  ['HTTP 1.0', httpApiV1Event],
  ['WebSocket', webSocketEvent],
];

const allowing = (effect: 'Allow' | 'Deny') =>
  expect.objectContaining({
    policyDocument: expect.objectContaining({ Statement: [expect.objectContaining({ Effect: effect })] }),
  });

describe('createTestAuthorizer', () => {
  test.each(POLICY_EVENTS)('returns the response of the authorizer to a %s event', async (_, makeEvent) => {
    const active = createTestKey({ owner: 'acme' });
    const revoked = createTestKey({ revokedAt: '2024-02-01T00:00:00Z' });
    const { handler } = createTestAuthorizer({ records: [active.record, revoked.record] });
    const allowed = await handler(makeEvent({ key: active.secret }));
    expect(allowed).toEqual(allowing('Allow'));
    expect(allowed).toMatchObject({ context: { keyId: active.record.id, owner: 'acme' } });
    const denied = await handler(makeEvent({ key: revoked.secret }));
    expect(denied).toEqual(allowing('Deny'));
    expect(denied).toMatchObject({ context: { errorCode: 'KEY_REVOKED' } });
    expect(await handler(makeEvent({ key: createTestKey().secret }))).toEqual(allowing('Deny'));
    await expect(handler(makeEvent({}))).rejects.toThrow(/^Unauthorized$/);
  });

  test('returns the response of the authorizer to an AppSync event', async () => {
    const { secret, record } = createTestKey();
    const { handler } = createTestAuthorizer({ records: [record] });
    expect(await handler(appSyncEvent({ key: secret }))).toMatchObject({
      isAuthorized: true,
      resolverContext: { keyId: record.id },
    });
    expect(await handler(appSyncEvent())).toMatchObject({ isAuthorized: false });
  });

  test('accepts the settings of the deployment', async () => {
    const { secret, record } = createTestKey({ scopes: ['orders:read'] }, { prefix: 'acme_' });
    const { handler, verifier } = createTestAuthorizer({
      records: [record],
      keyPrefixes: ['acme_'],
      keySources: ['header:X-Api-Key'],
      httpApiResponse: 'simple',
      scopes: { 'orders:read': ['GET /orders'] },
    });
    const send = (path: string) => handler(httpApiEvent({ headers: [['X-Api-Key', secret]], path }));
    expect(await send('/orders')).toMatchObject({ isAuthorized: true });
    expect(await send('/admin')).toMatchObject({ isAuthorized: false, context: { errorCode: 'INSUFFICIENT_SCOPE' } });
    await expect(handler(httpApiEvent({ key: secret }))).rejects.toThrow(/^Unauthorized$/);
    expect(await verifier.verify(secret, 'GET /orders')).toMatchObject({ effect: 'allow' });
    expect(await verifier.verify(secret, 'GET /admin')).toMatchObject({ code: 'INSUFFICIENT_SCOPE' });
  });

  test('returns the identifier that API Gateway uses to count requests if the deployment has plans', async () => {
    const keys = ['free', 'pro', 'pro', 'gold', undefined].map((plan) =>
      createTestKey(plan === undefined ? {} : { plan }),
    );
    const { handler, log } = createTestAuthorizer({
      records: keys.map(({ record }) => record),
      plans: { free: { quota: { limit: 1 } }, pro: { shared: true } },
    });
    const answers = await Promise.all(keys.map(({ secret }) => handler(restRequestEvent({ key: secret }))));
    for (const answer of answers) expect(answer).toEqual(allowing('Allow'));
    const [free, pro, alsoPro, gold, none] = answers.map((answer) => Object(answer).usageIdentifierKey);
    expect(pro).toBe(alsoPro);
    expect(gold).toBeUndefined();
    expect(new Set([free, pro, none]).size).toBe(3);
    for (const identifier of [free, pro, none]) expect(identifier).toMatch(/^[0-9a-f]{64}$/);
    expect(log.filter((line) => line.includes('PLAN_UNKNOWN'))).toEqual([expect.stringContaining('"plan":"gold"')]);
  });

  test("returns a table that controls the authorizer's decisions", async () => {
    const { secret, record } = createTestKey();
    const nowMs = Date.UTC(2030, 0);
    const { handler, table, log } = createTestAuthorizer({ recordCacheSeconds: 0, now: () => nowMs });
    const event = restRequestEvent({ key: secret });
    expect(await handler(event)).toEqual(allowing('Deny'));
    table.put(record);
    expect(await handler(event)).toEqual(allowing('Allow'));
    expect(table.records.get(record.keyHash)?.lastUsedAt).toBe('2030-01-01T00:00:00.000Z');
    expect({ reads: table.reads, writes: table.writes }).toEqual({ reads: 2, writes: 1 });
    table.isDown = true;
    await expect(handler(event)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(log.map((line) => JSON.parse(line)['code'])).toEqual(['INVALID_KEY', 'STORE_UNAVAILABLE']);
  });

  test('enforces the limits of plans in memory, for the function, the verifier and the authenticator together', async () => {
    const { secret, record } = createTestKey({ plan: 'trial' });
    let nowMs = Date.UTC(2030, 0, 1, 12, 0, 30);
    const { handler, verifier, authenticator, limits } = createTestAuthorizer({
      records: [record],
      plans: { trial: { enforce: 'authorizer', quota: { limit: 3, period: 'minute' } } },
      now: () => nowMs,
    });
    const request = new Request('https://api.example', { headers: { authorization: `Bearer ${secret}` } });
    const event = restRequestEvent({ key: secret });
    expect(await handler(event)).toMatchObject({ context: { limitRemaining: '2', limitResetSeconds: '30' } });
    expect(await verifier.verify(secret)).toMatchObject({ effect: 'allow', limit: { remaining: 1 } });
    expect(await authenticator.authenticate(request)).toMatchObject({ effect: 'allow', limit: { remaining: 0 } });
    expect(await handler(event)).toEqual(allowing('Deny'));
    expect(await verifier.verify(secret)).toMatchObject({ effect: 'deny', code: 'QUOTA_EXCEEDED' });
    expect(await authenticator.authenticate(request)).toMatchObject({ status: 429, code: 'QUOTA_EXCEEDED' });
    expect([...limits.counters.values()]).toEqual([3]);
    nowMs += 30_000;
    expect(await authenticator.authenticate(request)).toMatchObject({ effect: 'allow' });
  });

  test('returns a limits table that a test can make unavailable', async () => {
    const { secret, record } = createTestKey({ plan: 'trial' });
    const { verifier, limits } = createTestAuthorizer({
      records: [record],
      plans: { trial: { enforce: 'authorizer', throttle: { rateLimit: 1, burstLimit: 1 } } },
      onLimiterFailure: 'deny',
    });
    limits.isDown = true;
    await expect(verifier.verify(secret)).rejects.toMatchObject({ code: 'LIMITER_UNAVAILABLE' });
    expect(limits.writes).toBe(1);
  });

  test('reports every invalid option', () => {
    const create = () => createTestAuthorizer({ keySources: [], recordCacheSeconds: -1 });
    expect(create).toThrow(/^keySources: expected .*, got ""; recordCacheSeconds: expected .*, got "-1"$/);
  });
});

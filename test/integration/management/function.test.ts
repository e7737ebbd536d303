import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { managementRoutes } from '../../../infra/keyManagementRoutes.ts';
import { LatchkeyError } from '../../../keys/errors.ts';
import { type Engine, startDynalite } from '../../support/engine.ts';
import { jsonOf } from '../../support/managementCall.ts';
import {
  type Identity,
  type ManagementOptions,
  type ManagementUnderTest,
  openManagement,
} from '../../support/managementUnderTest.ts';

const OPERATOR: Identity = { arn: 'arn:aws:iam::111122223333:user/ann' };
const ANN: Identity = { claims: { sub: 'ann' } };
const OUTAGE = new LatchkeyError('STORE_UNAVAILABLE', 'the read failed: TimeoutError');
const fail = () => Promise.reject(OUTAGE);

let engine: Engine;
beforeAll(async () => {
  engine = await startDynalite();
});
afterAll(async () => {
  await engine?.stop();
});

const open = (options?: ManagementOptions) => openManagement(engine, options);
const create = async ({ call }: ManagementUnderTest, as: Identity, body: object = {}, base = '/me') => {
  const answer = await call(as, { method: 'POST', path: `${base}/keys`, body: { label: 'app', ...body } });
  expect(answer.status).toBe(201);
  return jsonOf(answer);
};

describe('the fronts', () => {
  let api: ManagementUnderTest;
  beforeAll(async () => {
    api = await open();
  });
  const routes = managementRoutes({ operators: true, owners: true, portal: false });
  const strangers: Record<string, readonly [string, Identity][]> = {
    operators: [
      ['nobody', 'nobody'],
      ['an owner', ANN],
      ['an owner with the claim userArn', { claims: { sub: 'ann', userArn: 'arn:aws:iam::111122223333:user/ann' } }],
    ],
    owners: [
      ['nobody', 'nobody'],
      ['an operator', OPERATOR],
    ],
  };

  test.each(
    routes
      .filter(({ audience }) => audience !== 'open')
      .flatMap(({ method, path, audience }) =>
        (strangers[audience] ?? []).map(([who, as]) => ({ method, path, who, as })),
      ),
  )('refuse $who on $method $path, even if the route has no authorizer', async ({ method, path, as }) => {
    const answer = await api.call(as, { method, path: path.replace('{id}', 'one'), body: {} });
    expect({ status: answer.status, code: jsonOf(answer).code }).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
  });

  test.each([
    ['operators', { operators: false, owners: {} }, OPERATOR, '/keys'],
    ['owners', {}, ANN, '/me/keys'],
  ])('have no path for %s if the settings turn them off', async (_, management, as, path) => {
    const { call } = await open({ management });
    expect(jsonOf(await call(as, { path })).code).toBe('NO_SUCH_PATH');
  });
});

describe('an organisation', () => {
  const management = { owners: { orgClaim: 'org' } };
  const member = (sub: string, org?: string): Identity => ({ claims: { sub, ...(org === undefined ? {} : { org }) } });

  test('owns the keys of its members, who are their actors', async () => {
    const api = await open({ management });
    const { record } = await create(api, member('ann', 'acme'));
    const { status } = await api.call(member('bob', 'acme'), { method: 'POST', path: `/me/keys/${record.id}/revoke` });
    expect(status).toBe(200);
    await expect(api.registry.get(record.id)).resolves.toMatchObject({
      owner: 'acme',
      createdBy: 'owner:ann',
      revokedBy: 'owner:bob',
    });
  });

  test('shows nothing to a user whose id is its name, to another organisation, or to several at once', async () => {
    const api = await open({ management });
    const { record } = await create(api, member('ann', 'acme'));
    const read = async (as: Identity) => (await api.call(as, { path: `/me/keys/${record.id}` })).status;
    expect(await read(member('acme'))).toBe(403);
    expect(await read(member('acme', 'globex'))).toBe(404);
    expect(await read(member('ann', '[acme]'))).toBe(403);
    expect(await read(member('ann', '[acme globex]'))).toBe(403);
  });
});

describe('the description of an owner', () => {
  test('has the rules and what the deployment offers', async () => {
    const rules = { scopes: ['orders:read'], plans: ['free'], maxLifetimeSeconds: 3600, maxKeysPerOwner: 5 };
    const { call } = await open({
      management: { owners: rules, revocationDelaySeconds: 60 },
      environment: { LATCHKEY_USAGE_TABLE: 'usage' },
    });
    const answer = await call(ANN, { path: '/me' });
    expect(jsonOf(answer)).toEqual({
      owner: 'ann',
      scopes: ['orders:read'],
      plans: ['free'],
      maxLifetimeSeconds: 3600,
      maxKeys: 5,
      revocationDelaySeconds: 60,
      hasUsage: true,
    });
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });

  test('has null for what the deployment does not limit or know', async () => {
    const { call } = await open();
    expect(jsonOf(await call(ANN, { path: '/me' }))).toEqual({
      owner: 'ann',
      scopes: null,
      plans: null,
      maxLifetimeSeconds: null,
      maxKeys: 20,
      revocationDelaySeconds: null,
      hasUsage: false,
    });
  });
});

describe("the maximum of an owner's keys", () => {
  const management = { owners: { maxKeysPerOwner: 6 } };
  const post = (api: ManagementUnderTest, path: string, body: object, headers = {}) =>
    api.call(ANN, { method: 'POST', path, body, headers });

  test('lets exactly 3 of 50 concurrent creates pass if 3 are left', async () => {
    const api = await open({
      management,
      retryOptions: { sleep: (ms) => new Promise((done) => setTimeout(done, ms)), random: Math.random },
    });
    for (let made = 0; made < 3; made++) await create(api, ANN);
    const answers = await Promise.all(Array.from({ length: 50 }, () => post(api, '/me/keys', { label: 'app' })));
    const codes = answers.map((answer) => (answer.status === 201 ? 'created' : jsonOf(answer).code));
    expect(codes.filter((code) => code === 'created')).toHaveLength(3);
    expect(new Set(codes)).toEqual(new Set(['created', 'TOO_MANY_KEYS']));
    expect(jsonOf(await api.call(ANN, { path: '/me/keys' })).records).toHaveLength(6);
  });

  test('gives an idempotency key back, so that the owner can revoke a key and try again', async () => {
    const api = await open({ management: { owners: { maxKeysPerOwner: 1 } } });
    const { record } = await create(api, ANN);
    const headers = { 'idempotency-key': 'one' };
    expect(jsonOf(await post(api, '/me/keys', { label: 'app' }, headers)).code).toBe('TOO_MANY_KEYS');
    await post(api, `/me/keys/${record.id}/revoke`, {});
    expect((await post(api, '/me/keys', { label: 'app' }, headers)).status).toBe(201);
  });

  test('cannot be evaded by an expired key that gets a new expiry', async () => {
    const api = await open({ management: { owners: { maxKeysPerOwner: 1 } } });
    const soon = new Date(api.clock.nowMs + 1000).toISOString();
    const { record } = await create(api, ANN, { expiresAt: soon });
    api.clock.nowMs += 200_000;
    await create(api, ANN);
    const later = new Date(api.clock.nowMs + 3_600_000).toISOString();
    const path = `/me/keys/${record.id}`;
    expect(jsonOf(await api.call(ANN, { method: 'PATCH', path, body: { expiresAt: later } })).code).toBe(
      'TOO_MANY_KEYS',
    );
  });

  test('cannot be evaded by rotated keys that go on working', async () => {
    const api = await open({ management: { owners: { maxKeysPerOwner: 2 } } });
    let { record } = await create(api, ANN);
    const codes: string[] = [];
    for (let rotated = 0; rotated < 3; rotated++) {
      const answer = await post(api, `/me/keys/${record.id}/rotate`, { graceSeconds: 86_400 });
      codes.push(answer.status === 201 ? 'rotated' : jsonOf(answer).code);
      record = jsonOf(answer).record ?? record;
    }
    expect(codes).toEqual(['rotated', 'rotated', 'TOO_MANY_KEYS']);
    expect((await post(api, `/me/keys/${record.id}/rotate`, { graceSeconds: 0 })).status).toBe(201);
  });

  test('does not count for operators', async () => {
    const api = await open({ management: { owners: { maxKeysPerOwner: 1 } } });
    for (let made = 0; made < 3; made++) await create(api, OPERATOR, { owner: 'ann' }, '');
    expect(jsonOf(await api.call(OPERATOR, { path: '/keys?owner=ann' })).records).toHaveLength(3);
  });
});

describe("the rate of an owner's requests", () => {
  const management = { owners: {}, rateLimit: { rateLimit: 5, burstLimit: 3 } };

  test('refuses more with 429 and Retry-After, on every path, and not for another owner', async () => {
    const { call } = await open({ management });
    const statuses: number[] = [];
    for (const path of ['/me', '/me/keys', '/me', '/me']) statuses.push((await call(ANN, { path })).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    const refused = await call(ANN, { path: '/me/keys' });
    expect(jsonOf(refused)).toMatchObject({ status: 429, code: 'THROTTLED' });
    expect(refused.headers['retry-after']).toBe('1');
    expect((await call({ claims: { sub: 'bob' } }, { path: '/me' })).status).toBe(200);
  });

  test('does not keep an owner from revoking a key while the table of limits is away', async () => {
    const api = await open({ management, replace: () => ({ limitStore: { takeQuota: fail, takeThrottle: fail } }) });
    const { record } = await create(api, ANN);
    for (let read = 0; read < 5; read++) await api.call(ANN, { path: '/me' });
    const { status } = await api.call(ANN, { method: 'POST', path: `/me/keys/${record.id}/revoke` });
    expect(status).toBe(200);
    expect(api.lines.filter((line) => line.includes('limits not checked'))).toHaveLength(1);
  });
});

describe('POST /keys/verify', () => {
  const verify = async (api: ManagementUnderTest, body: object) => {
    const answer = await api.call(OPERATOR, { method: 'POST', path: '/keys/verify', body });
    return { status: answer.status, ...jsonOf(answer) };
  };
  const limits = { free: { throttle: { rateLimit: 1, burstLimit: 2 }, per: 'key' } };
  const plans = JSON.stringify({ namespace: '0'.repeat(16), perKey: [], shared: [], limits });

  test('decides as the authorizer does, and records the use', async () => {
    const api = await open({ management: {} });
    const { key, record } = await create(api, OPERATOR, { scopes: ['orders:read'] }, '');
    expect(await verify(api, { key })).toMatchObject({
      status: 200,
      valid: true,
      record: { id: record.id, state: 'active' },
    });
    expect(await verify(api, { key: `Bearer ${key}`, requiredScopes: ['orders:read'] })).toMatchObject({ valid: true });
    expect(await verify(api, { key, requiredScopes: ['orders:write'] })).toEqual({
      status: 200,
      valid: false,
      code: 'INSUFFICIENT_SCOPE',
      message: expect.any(String),
    });
    await expect(api.registry.get(record.id)).resolves.toMatchObject({ lastUsedAt: expect.any(String) });
  });

  test.each([
    ['disable', 'KEY_DISABLED'],
    ['revoke', 'KEY_REVOKED'],
  ])('refuses a key after %s with %s', async (verb, code) => {
    const api = await open({ management: {}, environment: { LATCHKEY_RECORD_CACHE_SECONDS: '0' } });
    const { key, record } = await create(api, OPERATOR, {}, '');
    await api.call(OPERATOR, { method: 'POST', path: `/keys/${record.id}/${verb}` });
    expect(await verify(api, { key })).toMatchObject({ status: 200, valid: false, code });
  });

  test.each(['no key', 'Bearer', `sk_${'0'.repeat(49)}`])('refuses %j with INVALID_KEY', async (key) => {
    expect(await verify(await open({ management: {} }), { key })).toMatchObject({
      status: 200,
      valid: false,
      code: 'INVALID_KEY',
    });
  });

  test('counts the limits of a plan', async () => {
    const api = await open({ management: {}, environment: { LATCHKEY_PLANS: plans } });
    const { key } = await create(api, OPERATOR, { plan: 'free' }, '');
    const answers = [await verify(api, { key }), await verify(api, { key }), await verify(api, { key })];
    expect(answers.map((answer) => Object(answer).valid)).toEqual([true, true, false]);
    expect(answers[2]).toMatchObject({ status: 200, code: 'THROTTLED' });
  });

  test('refuses a key with allowedIps from another or an unknown address', async () => {
    const api = await open({ management: {} });
    const { key } = await create(api, OPERATOR, { allowedIps: ['198.51.100.0/24'] }, '');
    expect(await verify(api, { key, sourceIp: '198.51.100.7' })).toMatchObject({ valid: true });
    expect(await verify(api, { key, sourceIp: '192.0.2.7' })).toMatchObject({ valid: false, code: 'IP_FORBIDDEN' });
    expect(await verify(api, { key })).toMatchObject({ valid: false, code: 'IP_FORBIDDEN' });
  });

  test('answers an outage with 503, and never that the key is not valid', async () => {
    const api = await open({ management: {}, replace: () => ({ lookup: { get: fail, recordUse: fail } }) });
    const { key } = await create(api, OPERATOR, {}, '');
    const answer = await verify(api, { key });
    expect(answer).toMatchObject({ status: 503, code: 'STORE_UNAVAILABLE' });
    expect(answer).not.toHaveProperty('valid');
  });
});

describe('the log', () => {
  test('has a line for each request, with nothing of its body, headers, query or path', async () => {
    const api = await open();
    const canary = 'canary-7c1e';
    const headers = { authorization: `Bearer ${canary}`, 'idempotency-key': canary, cookie: canary };
    const { key, record } = await create(api, ANN, { label: canary });
    const requests = [
      { method: 'POST', path: '/me/keys', body: { label: canary, [canary]: canary }, headers },
      { method: 'POST', path: `/me/keys/${record.id}/rotate`, body: { graceSeconds: 5 }, headers },
      { method: 'POST', path: `/me/keys/${key}/revoke`, body: {}, headers },
      { path: `/me/keys?cursor=${canary}`, headers },
      { path: `/me/${canary}`, headers },
    ];
    for (const request of requests) await api.call(ANN, request);
    const lines = api.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ route, status, code }) => [route, status, code])).toEqual([
      ['POST /me/keys', 201, undefined],
      ['POST /me/keys', 400, 'INPUT_INVALID'],
      ['POST /me/keys/{id}/rotate', 201, undefined],
      ['POST /me/keys/{id}/revoke', 404, 'NOT_FOUND'],
      ['GET /me/keys', 400, 'INPUT_INVALID'],
      ['$default', 404, 'NO_SUCH_PATH'],
    ]);
    expect(lines[2]).toEqual({
      timestamp: new Date(api.clock.nowMs).toISOString(),
      level: 'INFO',
      message: 'request',
      requestId: 'JKJaXmPLvHcESHA=',
      route: 'POST /me/keys/{id}/rotate',
      status: 201,
      durationMs: 0,
      keyId: record.id,
      actor: 'owner:ann',
      owner: 'ann',
    });
    expect(api.lines.join('\n')).not.toMatch(/canary|sk_/);
  });

  test('names the cause of an outage, and the answer does not', async () => {
    const cause = Object.assign(new Error('arn:aws:dynamodb:…'), { name: 'AccessDeniedException' });
    const error = new LatchkeyError('STORE_UNAVAILABLE', 'the read failed: AccessDeniedException', { cause });
    const api = await open({
      replace: ({ registryFor }) => ({
        registryFor: (actor) => Object.assign(registryFor(actor), { list: () => Promise.reject(error) }),
      }),
    });
    const answer = await api.call(ANN, { path: '/me/keys' });
    expect(jsonOf(answer)).toMatchObject({ status: 503, code: 'STORE_UNAVAILABLE' });
    expect(answer.text).not.toContain('arn:');
    expect(JSON.parse(api.lines[0] ?? '')).toMatchObject({
      level: 'ERROR',
      code: 'STORE_UNAVAILABLE',
      cause: 'AccessDeniedException',
    });
  });

  test('has only the name of an unexpected error, and the answer has nothing of it', async () => {
    const error = new TypeError('canary');
    const api = await open({
      replace: ({ registryFor }) => ({
        registryFor: (actor) => Object.assign(registryFor(actor), { list: () => Promise.reject(error) }),
      }),
    });
    const answer = await api.call(ANN, { path: '/me/keys' });
    expect(jsonOf(answer)).toMatchObject({ status: 500, code: 'INTERNAL_ERROR' });
    expect(JSON.parse(api.lines[0] ?? '')).toMatchObject({ code: 'INTERNAL_ERROR', cause: 'TypeError' });
    expect(answer.text + api.lines.join()).not.toContain('canary');
  });
});

describe('the function', () => {
  test('reads a merge patch, which API Gateway encodes in Base64', async () => {
    const api = await open();
    const { record } = await create(api, ANN, { allowedIps: ['192.0.2.7'] });
    const answer = await api.call(ANN, {
      method: 'PATCH',
      path: `/me/keys/${record.id}`,
      body: { label: 'ü', allowedIps: null },
      headers: { 'content-type': 'application/merge-patch+json', 'if-match': '"0"' },
    });
    expect(jsonOf(answer).record).toMatchObject({ label: 'ü', version: 1 });
    expect(jsonOf(answer).record).not.toHaveProperty('allowedIps');
    expect(answer.headers['etag']).toBe('"1"');
  });

  test('refuses a body that is too large with 413', async () => {
    const { call } = await open();
    const answer = await call(ANN, { method: 'POST', path: '/me/keys', body: { label: 'x'.repeat(70_000) } });
    expect(jsonOf(answer)).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' });
  });

  test('serves the document of its parts to everybody', async () => {
    const { call } = await open({ management: { operators: false, owners: {} } });
    const answer = await call('nobody', { path: '/openapi.json' });
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } });
    const { openapi, paths } = jsonOf(answer);
    expect(openapi).toBe('3.1.0');
    expect(Object.keys(paths).every((path) => path.startsWith('/me') || path === '/openapi.json')).toBe(true);
    expect(paths).toHaveProperty(['/me/keys/{id}/rotate', 'post']);
  });

  test('answers an unknown path with problem details', async () => {
    const { call } = await open();
    const answer = await call('nobody', { path: '/nowhere' });
    expect(jsonOf(answer)).toMatchObject({ status: 404, code: 'NO_SUCH_PATH' });
    expect(answer.headers['content-type']).toBe('application/problem+json');
  });

  test('responds to HEAD with only the headers', async () => {
    const { call } = await open();
    expect(await call(ANN, { method: 'HEAD', path: '/me' })).toMatchObject({ status: 200, text: '' });
  });
});

describe('an interrupted rotation', () => {
  test('is made again by a repeat, and the successor without a reader is revoked', async () => {
    let isCrashing = true;
    const api = await open({
      replace: ({ registryFor }) => ({
        registryFor: (actor) => {
          const registry = registryFor(actor);
          const storeRotation = registry.storeRotation.bind(registry);
          return Object.assign(registry, {
            // The environment ends between the two writes.
            storeRotation: async (rotation: Parameters<typeof storeRotation>[0]) => {
              if (!isCrashing) return storeRotation(rotation);
              await registry.store(rotation);
              throw new Error('the environment ended');
            },
          });
        },
      }),
    });
    const { record } = await create(api, ANN);
    const rotate = () =>
      api.call(ANN, {
        method: 'POST',
        path: `/me/keys/${record.id}/rotate`,
        body: { graceSeconds: 60 },
        headers: { 'idempotency-key': 'rotate-1' },
      });
    expect((await rotate()).status).toBe(500);
    expect(jsonOf(await rotate()).code).toBe('IDEMPOTENCY_IN_PROGRESS');
    isCrashing = false;
    api.clock.nowMs += 30_000;
    const answer = jsonOf(await rotate());
    expect(answer).toMatchObject({ key: expect.any(String), previous: { rotatedTo: answer.record.id } });
    expect(jsonOf(await rotate())).toEqual({ record: answer.record, previous: answer.previous });
    const { Items = [] } = await api.client.send(new ScanCommand({ TableName: api.keysTable }));
    const orphans = Items.filter(({ id, rotatedFrom }) => rotatedFrom === record.id && id !== answer.record.id);
    expect(orphans).toEqual([expect.objectContaining({ revokedReason: 'interrupted rotation' })]);
  });
});

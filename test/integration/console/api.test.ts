import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createConsoleApp } from '../../../console/server/consoleApp.ts';
import { Session } from '../../../console/server/guards.ts';
import { KeyRegistry } from '../../../keys/registry.ts';
import { hashSecret, parseSecret } from '../../../keys/secret.ts';
import { keyState } from '../../../keys/state.ts';
import { toUsageHour } from '../../../keys/usage.ts';
import { UsageStore } from '../../../keys/usageStore.ts';
import { LocalDynamoDb } from '../../../local/table.ts';
import { createClient } from '../../support/engine.ts';
import { at, fullItem, makeKey, NOW_MS } from '../../support/keys.ts';
import { LimitsTableUnderTest } from '../../support/limitsTableUnderTest.ts';
import { ConsoleUnderTest } from './consoleUnderTest.ts';
import { type KeyRecord, publicRecord } from '../../../keys/record.ts';

const DAY_MS = 86_400_000;
const OPERATIONS = [
  'GET /api/keys',
  'GET /api/keys/:id',
  'GET /api/keys/:id/plan',
  'GET /api/keys/:id/usage',
  'GET /api/session',
  'GET /api/usage',
  'PATCH /api/keys/:id',
  'POST /api/keys',
  'POST /api/keys/:id/disable',
  'POST /api/keys/:id/enable',
  'POST /api/keys/:id/reset-quota',
  'POST /api/keys/:id/revoke',
  'POST /api/keys/:id/rotate',
];

let database: LocalDynamoDb;
let console: ConsoleUnderTest;
beforeAll(async () => {
  database = await LocalDynamoDb.start({ port: 0, dataDirectory: undefined });
  console = await ConsoleUnderTest.start(database);
  await console.open();
});
afterAll(async () => {
  await console.stop();
  await database.stop();
});

/** The headers of a change that is based on a key without changes. */
const UNCHANGED = { 'if-match': '"0"' };

/** Returns a record as responses contain it. */
function shown(record: KeyRecord) {
  return { ...publicRecord(record), state: keyState(record, NOW_MS) };
}

test('the server supports only the operations in these tests', () => {
  const registry = new KeyRegistry({ client: database.client, tableName: 'keys', actor: 'alice' });
  const location = { kind: 'local', tableName: 'keys', endpoint: database.endpoint, region: 'us-east-1' } as const;
  const session = new Session(() => 'token');
  const table = { registry, location, actor: 'alice', isReadOnly: false, command: 'latchkey console', note: () => {} };
  const { routes } = createConsoleApp({ ...table, port: 1, session, files: new Map() });
  const served = routes
    .filter(({ method, path }) => method !== 'ALL' && path.startsWith('/api/'))
    .map(({ method, path }) => `${method} ${path}`);
  expect(served.toSorted()).toEqual(OPERATIONS);
});

test("the server doesn't close idle connections, because the page could send its next request at that moment", async () => {
  const { headers } = await console.raw('/', { headers: { connection: 'keep-alive' } });
  expect(headers.connection).toBe('keep-alive');
  expect(headers).not.toHaveProperty('keep-alive');
});

test('GET /api/session returns the table, the actor, the mode and the command that starts the console again', async () => {
  expect(await console.api('GET', '/api/session')).toEqual({
    status: 200,
    body: {
      table: {
        name: console.tableName,
        title: console.tableName,
        kind: 'local',
        region: 'us-east-1',
        account: null,
        revocationDelaySeconds: null,
        acceptedKeys: null,
        plans: null,
        hasLimits: false,
        apiUrl: null,
        hasUsage: false,
      },
      actor: 'alice',
      isReadOnly: false,
      keyPrefixes: [],
      command: 'latchkey console --local',
    },
  });
});

describe('GET /api/keys', () => {
  let own: ConsoleUnderTest;
  beforeAll(async () => {
    own = await ConsoleUnderTest.start(database);
    await own.open();
  });
  afterAll(() => own.stop());

  test('returns all fields of each key except the hash', async () => {
    await own.put(fullItem());
    const { record } = await own.putKey({ disabledAt: at(-1) });
    const { status, body } = await own.api('GET', '/api/keys');
    expect({ status, ...body }).toEqual({ status: 200, records: expect.any(Array), corrupt: [], cursor: null });
    const full = await own.record(String(fullItem()['id']));
    expect(body.records).toHaveLength(2);
    expect(body.records).toEqual(expect.arrayContaining([shown(full), shown(record)]));
    expect(JSON.stringify(body)).not.toContain(full.keyHash);
  });

  test('returns the ids of unreadable records with the readable records', async () => {
    await own.put({ ...makeKey({ id: 'bad' }).record, label: 1 });
    const { body } = await own.api('GET', '/api/keys');
    expect(body.records).toHaveLength(2);
    expect(body.corrupt).toEqual(['the record of key bad has an unreadable label']);
  });

  test('escapes control characters in the id of an unreadable record', async () => {
    const odd = await ConsoleUnderTest.start(database);
    await odd.open();
    await odd.put({ ...makeKey({ id: 'bad\u001b[2J' }).record, label: 1 });
    const { body } = await odd.api('GET', '/api/keys');
    await odd.stop();
    expect(body.corrupt).toEqual([String.raw`the record of key bad\u001b[2J has an unreadable label`]);
  });

  test('returns a cursor after 1,000 keys', async () => {
    const many = await ConsoleUnderTest.start(database);
    await many.open();
    const ids = await many.putKeys(1010);
    const first = await many.api('GET', '/api/keys');
    expect(first.body.records).toHaveLength(1000);
    const rest = await many.api('GET', `/api/keys?cursor=${first.body.cursor}`);
    expect(rest.body.cursor).toBeNull();
    const listed = [...first.body.records, ...rest.body.records].map(({ id }) => id);
    expect(new Set(listed)).toEqual(new Set(ids));
    await many.stop();
  }, 60_000);

  test('rejects a malformed cursor', async () => {
    expect(await own.api('GET', '/api/keys?cursor=x')).toMatchObject({ status: 400 });
  });
});

test('POST /api/keys is the only request that returns the secret', async () => {
  const fields = {
    label: 'build',
    owner: 'acme',
    scopes: ['orders:read'],
    plan: 'free',
    metadata: { seats: 3 },
    expiresAt: at(DAY_MS),
  };
  const { status, body } = await console.api('POST', '/api/keys', fields);
  expect(status).toBe(201);
  const secret = parseSecret(body.key, { prefixes: ['sk_'] });
  const stored = await console.record(body.record.id);
  expect(stored).toMatchObject({ ...fields, createdBy: 'alice', keyHash: secret && hashSecret(secret) });
  expect(body).toEqual({ key: expect.any(String), record: shown(stored) });
  expect(await console.api('GET', `/api/keys/${body.record.id}`)).toEqual({
    status: 200,
    body: { record: shown(stored) },
  });
  for (const path of ['/api/keys', `/api/keys/${body.record.id}`, '/api/session']) {
    expect(JSON.stringify((await console.api('GET', path)).body)).not.toContain(body.key);
  }
});

test('POST /api/keys issues a key with the given prefix', async () => {
  const { status, body } = await console.api('POST', '/api/keys', { label: 'build', prefix: 'sk_test_' });
  expect(status).toBe(201);
  expect(parseSecret(body.key, { prefixes: ['sk_test_'] })).toBe(body.key);
});

describe('the API', () => {
  test.each<[string, unknown]>([
    ['without a label', {}],
    ['whose label contains a key', { label: makeKey().secret }],
    ['whose expiry is in the past', { label: 'x', expiresAt: at(-1) }],
    ['whose scopes are a string', { label: 'x', scopes: 'a b' }],
    ['with an unknown field', { label: 'x', id: 'mine' }],
    ['with an invalid prefix', { label: 'x', prefix: 'SK' }],
    ['with a prefix that is a list', { label: 'x', prefix: ['sk_'] }],
    ['in a list', [{ label: 'x' }]],
    ['that is null', null],
  ])('rejects a new key %s without writing to the table', async (_, body) => {
    const before = await console.records();
    const answer = await console.api('POST', '/api/keys', body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'INPUT_INVALID' } });
    expect(JSON.stringify(answer.body)).not.toMatch(/sk_\w{9}/);
    expect(await console.records()).toHaveLength(before.length);
  });

  test.each<[string, string, unknown]>([
    ['an update without changes', '', {}],
    ['an update of an unknown field', '', { revokedAt: null }],
    ['an update that removes the label', '', { label: null }],
    ['a revocation whose reason is a number', '/revoke', { reason: 1 }],
    ['a disable request with a reason', '/disable', { reason: 'x' }],
    ['a rotation without a grace period', '/rotate', {}],
    ['a rotation with a negative grace period', '/rotate', { graceSeconds: -1 }],
  ])('leaves the key unchanged if it rejects %s', async (_, action, body) => {
    const { record } = await console.putKey();
    const [method, headers] = action === '' ? (['PATCH', UNCHANGED] as const) : (['POST', {}] as const);
    const answer = await console.api(method, `/api/keys/${record.id}${action}`, body, headers);
    expect(answer).toMatchObject({ status: 400, body: { code: 'INPUT_INVALID' } });
    expect(await console.record(record.id)).toEqual(record);
  });

  test('rejects a body that is not valid JSON', async () => {
    const headers = { cookie: console.cookie, origin: console.url.origin, 'content-type': 'application/json' };
    const { status, text } = await console.raw('/api/keys', { method: 'POST', headers, body: '{"label":' });
    expect({ status, code: JSON.parse(text).code }).toEqual({ status: 400, code: 'INPUT_INVALID' });
  });

  test.each([
    ['metadata', (deep: unknown) => ({ label: 'x', metadata: { deep } })],
    ['a label', (deep: unknown) => ({ label: deep })],
  ])('rejects %s of 25,000 nested lists', async (_, makeBody) => {
    const headers = { cookie: console.cookie, origin: console.url.origin, 'content-type': 'application/json' };
    const body = JSON.stringify(makeBody('DEEP')).replace('"DEEP"', '['.repeat(25_000) + ']'.repeat(25_000));
    const { status, text } = await console.raw('/api/keys', { method: 'POST', headers, body });
    expect({ status, code: JSON.parse(text).code }).toEqual({ status: 400, code: 'INPUT_INVALID' });
  });

  test('accepts metadata of the maximum depth', async () => {
    const deep = Array.from({ length: 28 }).reduce<unknown>((inner) => [inner], 1);
    expect(await console.api('POST', '/api/keys', { label: 'x', metadata: { deep } })).toMatchObject({ status: 201 });
  });

  test('returns NOT_FOUND for an unknown key', async () => {
    const path = '/api/keys/00000000-0000-4000-8000-000000000000';
    expect(await console.api('GET', path)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect(await console.api('POST', `${path}/revoke`, {})).toMatchObject({ status: 404 });
  });

  test.each(['AbCd3fGh1jKlMn0pQrSt', 'sk_Zm9vYmFyYmF6-XV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE'])(
    'does not repeat the external key %s if you send it as a plan or an expiry',
    async (key) => {
      for (const fields of [{ plan: `${key}!` }, { expiresAt: key }]) {
        const { status, body } = await console.api('POST', '/api/keys', { label: 'x', ...fields });
        expect(status).toBe(400);
        expect(JSON.stringify(body)).not.toContain(key.slice(0, 8));
      }
    },
  );

  test('rejects a label with a bidirectional override character', async () => {
    const { status, body } = await console.api('POST', '/api/keys', { label: 'a\u202eb' });
    expect(status).toBe(400);
    expect(JSON.stringify(body)).not.toContain('\u202e');
  });

  test('does not repeat a raw key that you send instead of an id', async () => {
    const { secret } = makeKey();
    const { status, body } = await console.api('GET', `/api/keys/${secret}`);
    expect(status).toBe(400);
    expect(JSON.stringify(body)).not.toContain(secret.slice(0, 12));
  });
});

/** The fields that every change by the console writes. */
const BY_ALICE = { changedAt: at(0), changedBy: 'alice' };

describe('PATCH /api/keys/:id', () => {
  test('changes or removes only the fields in the request', async () => {
    const { record } = await console.putKey({ owner: 'acme', scopes: ['a'], metadata: { list: [1, { deep: null }] } });
    const changes = { label: 'new', owner: null, metadata: { list: [] } };
    const { status, body } = await console.api('PATCH', `/api/keys/${record.id}`, changes, UNCHANGED);
    expect(status).toBe(200);
    const { owner: _, ...others } = record;
    const changed = { ...others, ...BY_ALICE, label: 'new', metadata: { list: [] }, version: 1 };
    expect(await console.record(record.id)).toEqual(changed);
    expect(body).toEqual({ record: shown(changed) });
  });

  test.each<[string, object]>([
    ['owner', { owner: 'initech' }],
    ['scopes', { scopes: ['a', 'c'] }],
    ['metadata', { metadata: { seats: 5 } }],
  ])('returns PRECONDITION_FAILED if another console has changed the %s in the meantime', async (_, changes) => {
    const { record } = await console.putKey({ owner: 'acme', scopes: ['a'], metadata: { seats: 3 } });
    const other = await ConsoleUnderTest.start(database, { tableName: console.tableName, actor: 'bob' });
    await other.open();
    const theirs = { owner: 'globex', scopes: ['a', 'b'], metadata: { seats: 4 } };
    const path = `/api/keys/${record.id}`;
    expect(await other.api('PATCH', path, theirs, UNCHANGED)).toMatchObject({ status: 200 });

    const mine = await console.api('PATCH', path, changes, UNCHANGED);
    expect(mine).toMatchObject({ status: 412, body: { code: 'PRECONDITION_FAILED' } });
    expect(await console.record(record.id)).toMatchObject(theirs);

    const { body } = await console.api('GET', path);
    const current = { 'if-match': `"${body.record.version}"` };
    expect(await console.api('PATCH', path, changes, current)).toMatchObject({ status: 200 });
    await other.stop();
  });

  test.each([{}, { 'if-match': '*' }, { 'if-match': 'W/"0"' }])(
    'returns VERSION_REQUIRED without the ETag of a version: %j',
    async (headers) => {
      const { record } = await console.putKey({ owner: 'acme' });
      const answer = await console.api('PATCH', `/api/keys/${record.id}`, { owner: 'initech' }, { ...headers });
      expect(answer).toMatchObject({ status: 428, body: { code: 'VERSION_REQUIRED' } });
      expect(await console.record(record.id)).toEqual(record);
    },
  );

  test('returns CONFLICT if the state of the key refuses the change', async () => {
    const { record } = await console.putKey({ rotatedTo: 'successor', expiresAt: at(DAY_MS) });
    const answer = await console.api('PATCH', `/api/keys/${record.id}`, { expiresAt: null }, UNCHANGED);
    expect(answer).toMatchObject({ status: 409, body: { code: 'CONFLICT', keyId: record.id } });
  });
});

test('the API returns 409 if a key is already disabled or enabled', async () => {
  const { record } = await console.putKey();
  const path = `/api/keys/${record.id}`;
  expect(await console.api('POST', `${path}/disable`, {})).toEqual({
    status: 200,
    body: { record: shown({ ...record, disabledAt: at(0), disabledBy: 'alice', ...BY_ALICE, version: 1 }) },
  });
  expect(await console.api('POST', `${path}/disable`, {})).toMatchObject({ status: 409 });
  expect(await console.api('POST', `${path}/enable`, {})).toEqual({
    status: 200,
    body: { record: shown({ ...record, ...BY_ALICE, version: 2 }) },
  });
  expect(await console.record(record.id)).toEqual({ ...record, ...BY_ALICE, version: 2 });
  expect(await console.api('POST', `${path}/enable`, {})).toMatchObject({ status: 409 });
});

test('the API returns 409 if a key is already revoked', async () => {
  const { record } = await console.putKey();
  const path = `/api/keys/${record.id}/revoke`;
  const { status, body } = await console.api('POST', path, { reason: 'leaked' });
  expect({ status, body }).toEqual({ status: 200, body: { record: shown(await console.record(record.id)) } });
  expect(body.record).toMatchObject({ revokedAt: at(0), revokedBy: 'alice', revokedReason: 'leaked' });
  expect(await console.api('POST', path, { reason: 'again' })).toMatchObject({
    status: 409,
    body: { code: 'ALREADY_REVOKED' },
  });
  expect(await console.record(record.id)).toMatchObject({ revokedReason: 'leaked' });
});

test('the API sets the expiry of a rotated key to the end of the grace period', async () => {
  const { record } = await console.putKey({ owner: 'acme' });
  const path = `/api/keys/${record.id}/rotate`;
  const { status, body } = await console.api('POST', path, { graceSeconds: 3600, expiresAt: null });
  expect(status).toBe(201);
  expect(body.record).toMatchObject({ rotatedFrom: record.id, owner: 'acme' });
  expect(body.previous).toMatchObject({ id: record.id, rotatedTo: body.record.id, expiresAt: at(3_600_000) });
  const successor = await console.record(body.record.id);
  expect(hashSecret(body.key)).toBe(successor.keyHash);
  expect(body).toEqual({
    key: expect.any(String),
    record: shown(successor),
    previous: shown(await console.record(record.id)),
  });
  expect(await console.api('POST', path, { graceSeconds: 0 })).toMatchObject({ status: 409 });
});

describe('the API of a console that knows the plans', () => {
  const PLANS = { free: { enforce: 'authorizer', per: 'key', quota: { limit: 1000, period: 'day' } } } as const;
  let limits: LimitsTableUnderTest;
  let planned: ConsoleUnderTest;
  beforeAll(async () => {
    limits = await LimitsTableUnderTest.create(database.client, 'limits');
    planned = await ConsoleUnderTest.start(database, { limitsTableName: limits.tableName, plans: PLANS });
    await planned.open();
  });
  afterAll(() => planned.stop());

  test('returns them in the session', async () => {
    const { body } = await planned.api('GET', '/api/session');
    expect(body.table).toMatchObject({ plans: PLANS, hasLimits: true });
  });

  test("returns what is left of a key's plan, and resets its quota", async () => {
    const { record } = await planned.putKey({ plan: 'free' });
    const path = `/api/keys/${record.id}`;
    const subject = await limits.putQuota({ who: `key/${record.id}`, granted: 988 });
    const plan = { name: 'free', isDeployed: true, enforce: 'authorizer' };
    const quota = { per: 'key', limit: 1000, period: 'day', used: 988, remaining: 12, resetsAt: at(12 * 3_600_000) };
    expect(await planned.api('GET', `${path}/plan`)).toEqual({
      status: 200,
      body: { plan: { ...plan, quotas: [quota] } },
    });
    const { status, body } = await planned.api('POST', `${path}/reset-quota`, {});
    expect({ status, body }).toEqual({ status: 200, body: { record: shown(await planned.record(record.id)) } });
    expect(body.record.limitsResetAt).toBe(at(0));
    expect(await limits.item(subject)).toMatchObject({ granted: 0 });
  });

  test('returns null for a key without a plan, whose quota it cannot reset', async () => {
    const { record } = await planned.putKey();
    expect(await planned.api('GET', `/api/keys/${record.id}/plan`)).toEqual({ status: 200, body: { plan: null } });
    const { status, body } = await planned.api('POST', `/api/keys/${record.id}/reset-quota`, {});
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'CONFLICT' });
  });
});

test('the API returns CONFIG_INVALID for a reset if the console does not know the table of limits', async () => {
  const { record } = await console.putKey({ plan: 'free' });
  const { status, body } = await console.api('POST', `/api/keys/${record.id}/reset-quota`, {});
  expect({ status, code: body.code }).toEqual({ status: 404, code: 'CONFIG_INVALID' });
});

test('the API returns RECORD_CORRUPT for an unreadable record', async () => {
  await console.put({ ...makeKey({ id: 'unreadable' }).record, label: 7 });
  expect(await console.api('GET', '/api/keys/unreadable')).toEqual({
    status: 500,
    body: {
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      detail: 'the record of key unreadable has an unreadable label',
      code: 'RECORD_CORRUPT',
      keyId: 'unreadable',
    },
  });
});

test('the API returns STORE_UNAVAILABLE with a remedy if the table does not exist', async () => {
  const own = await ConsoleUnderTest.start(database);
  await own.open();
  const client = createClient(database.endpoint);
  await client.send(new DeleteTableCommand({ TableName: own.tableName }));
  client.destroy();
  const { status, body } = await own.api('GET', '/api/keys');
  expect({ status, code: body.code }).toEqual({ status: 503, code: 'STORE_UNAVAILABLE' });
  expect(body.detail).toMatch(/^there is no table .*npm start$/);
  await own.stop();
});

describe('the usage in the API', () => {
  let counting: ConsoleUnderTest;
  beforeAll(async () => {
    counting = await ConsoleUnderTest.start(database, { usageTableName: 'usage' });
    await counting.open();
  });
  afterAll(() => counting.stop());

  test('returns the requests of a key and of all keys, with one line for each unreadable item', async () => {
    const { record } = await counting.putKey();
    const api = { source: 'minute-lines', allowed: 7, limited: 1, refused: 0 } as const;
    const hour = toUsageHour(NOW_MS);
    const busiest = [{ keyId: record.id, allowed: 7, limited: 1, refused: 0 }];
    await new UsageStore({ client: database.client, tableName: 'usage' }).put(
      [
        { keyId: record.id, hour, apis: { api } },
        { keyId: record.id, hour: toUsageHour(NOW_MS - 3_600_000), apis: { api: { ...api, allowed: -1 } } },
        { keyId: '*', hour, apis: { api }, busiest },
      ],
      400,
    );
    const ofKey = await counting.api('GET', `/api/keys/${record.id}/usage?by=hour`);
    expect(ofKey).toMatchObject({ status: 200, body: { by: 'hour', total: { allowed: 7, limited: 1, total: 8 } } });
    expect(ofKey.body.rows).toHaveLength(24);
    expect(ofKey.body.corrupt).toEqual([expect.stringContaining('unreadable apis')]);
    const ofAll = await counting.api('GET', '/api/usage?by=day');
    expect(ofAll.body).toMatchObject({ total: { total: 8 }, busiest: [{ keyId: record.id, total: 8 }] });
  });

  test('makes the session say that the console knows it', async () => {
    expect((await counting.api('GET', '/api/session')).body.table.hasUsage).toBe(true);
  });

  test.each(['/api/usage?by=year', '/api/keys/*/usage'])('rejects %s', async (path) => {
    const { status, body } = await counting.api('GET', path);
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'INPUT_INVALID' });
  });

  test('needs a table of usage', async () => {
    expect(await console.api('GET', '/api/usage')).toMatchObject({
      status: 404,
      body: { code: 'CONFIG_INVALID' },
    });
  });
});

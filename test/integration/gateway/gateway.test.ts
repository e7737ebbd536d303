import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { serialiseRecord, type KeyRecord } from '../../../keys/record.ts';
import { hashSecret, type KeySecret } from '../../../keys/secret.ts';
import { toTimestamp } from '../../../keys/timestamp.ts';
import type { ServedRequest } from '../../../local/gatewayServer.ts';
import { createClient } from '../../support/engine.ts';
import { startGateway, writeTemplateVariant, type Gateway, type TemplateJson } from '../../support/gateway.ts';
import { makeKey } from '../../support/keys.ts';

const LAST_USED_SECONDS = 4;

const running: Gateway[] = [];
/** The requests that the gateways have reported. */
const served: ServedRequest[] = [];
afterAll(async () => {
  await Promise.all(running.map((gateway) => gateway.stop()));
});

/** Starts a gateway whose functions read the table on every request. Changes apply immediately. */
async function start(change: (template: TemplateJson) => void = () => {}): Promise<Gateway> {
  const template = await writeTemplateVariant((json) => {
    setEnvironment(json, {
      LATCHKEY_RECORD_CACHE_SECONDS: '0',
      LATCHKEY_LAST_USED_SECONDS: String(LAST_USED_SECONDS),
    });
    change(json);
  });
  const gateway = await startGateway({ template, onRequest: (request) => served.push(request) });
  running.push(gateway);
  return gateway;
}

function setEnvironment(template: TemplateJson, variables: Record<string, string>): void {
  for (const { Type, Properties } of Object.values(template.Resources)) {
    if (Type === 'AWS::Lambda::Function' && Properties['Environment'] !== undefined) {
      Object.assign((Properties['Environment'] as { Variables: object }).Variables, variables);
    }
  }
}

function setProperties(template: TemplateJson, type: string, properties: Record<string, unknown>): void {
  for (const { Type, Properties } of Object.values(template.Resources)) {
    if (Type === type) Object.assign(Properties, properties);
  }
}

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

async function get(url: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { headers });
  return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
}

/** Returns the status for this exact path. `fetch` would remove its dot segments. */
function statusOf(url: string, path: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const sent = request({ hostname, port, path, headers, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    sent.on('error', reject).end();
  });
}

function tableOf({ endpoint, tableName }: Gateway) {
  const client = createClient(endpoint);
  const documents = DynamoDBDocumentClient.from(client);
  return {
    put: (record: KeyRecord) => documents.send(new PutCommand({ TableName: tableName, Item: serialiseRecord(record) })),
    get: async (secret: string) => {
      const Key = { keyHash: hashSecret(secret as KeySecret) };
      return (await documents.send(new GetCommand({ TableName: tableName, Key, ConsistentRead: true }))).Item;
    },
    scan: async () => (await documents.send(new ScanCommand({ TableName: tableName }))).Items,
    drop: () => client.send(new DeleteTableCommand({ TableName: tableName })),
  };
}

const envelope = (code: string, message: string) => ({
  success: false,
  data: null,
  error: { code, message },
  pagination: null,
});

const AUTH_REQUIRED = envelope(
  'AUTH_REQUIRED',
  'API key is required. Pass via Authorization: Bearer <key> header or ?api_key= query parameter.',
);
const INVALID_KEY = envelope('INVALID_KEY', 'Invalid API key.');
const UNKNOWN = makeKey().secret;

describe('the sample APIs', () => {
  let gateway: Gateway;
  let table: ReturnType<typeof tableOf>;
  beforeAll(async () => {
    gateway = await start();
    table = tableOf(gateway);
  });

  test('pass the context of an active key to the integration', async () => {
    const record = await table.get(gateway.key);
    const context = { keyId: record?.['id'], keyPrefix: gateway.key.slice(0, 11), label: 'demo' };
    expect(await get(gateway.url, bearer(gateway.key))).toMatchObject({
      status: 200,
      body: { ...context, principalId: record?.['id'] },
    });
    expect(await get(gateway.httpUrl, bearer(gateway.key))).toMatchObject({ status: 200, body: context });
  });

  test.each([
    ['an active key', {}, 200, undefined],
    ['a revoked key', { revokedAt: toTimestamp(Date.now()) }, 403, 'KEY_REVOKED'],
  ])('are reported with the label of %s', async (_, fields, statusCode, code) => {
    const { secret, record } = makeKey({ id: randomUUID(), label: 'build server', ...fields });
    await table.put(record);
    served.length = 0;
    for (const url of [gateway.url, gateway.httpUrl]) await get(url, bearer(secret));
    while (served.length < 2) await sleep(5);
    const details = { statusCode, code, keyId: record.id, label: 'build server' };
    expect(served).toMatchObject([
      { path: '/rest/whoami', ...details },
      { path: '/http/whoami', ...details },
    ]);
  });

  test.each(['url', 'httpUrl'] as const)(
    'prefer the Authorization header to the query parameter at %s',
    async (url) => {
      expect((await get(`${gateway[url]}?api_key=${gateway.key}`)).status).toBe(200);
      expect((await get(`${gateway[url]}?api_key=${UNKNOWN}`, bearer(gateway.key))).status).toBe(200);
      expect((await get(`${gateway[url]}?api_key=${gateway.key}`, bearer(UNKNOWN))).status).toBe(403);
    },
  );

  test('return 401 to a request without a key', async () => {
    const rest = await get(gateway.url);
    expect(rest).toMatchObject({ status: 401, body: AUTH_REQUIRED });
    expect(rest.headers.get('www-authenticate')).toBe('Bearer');
    expect(await get(gateway.url, { authorization: 'Basic dXNlcjpwYXNz' })).toMatchObject({ status: 401 });
    expect(await get(gateway.httpUrl)).toMatchObject({ status: 401, body: { message: 'Unauthorized' } });
  });

  test.each([
    ['unknown', UNKNOWN],
    ['malformed', 'nonsense'],
    ['mistyped in one character', `${UNKNOWN.slice(0, -1)}${UNKNOWN.endsWith('0') ? '1' : '0'}`],
  ])('return 403 for a key that is %s', async (_, secret) => {
    expect(await get(gateway.url, bearer(secret))).toMatchObject({ status: 403, body: INVALID_KEY });
    expect(await get(gateway.httpUrl, bearer(secret))).toMatchObject({ status: 403, body: { message: 'Forbidden' } });
  });

  test.each([
    ['KEY_EXPIRED', 'This API key has expired.', { expiresAt: toTimestamp(Date.now() - 1000) }],
    ['KEY_DISABLED', 'This API key is disabled.', { disabledAt: toTimestamp(Date.now()) }],
    ['KEY_REVOKED', 'This API key has been revoked.', { revokedAt: toTimestamp(Date.now()) }],
    ['IP_FORBIDDEN', 'This API key may not be used from this address.', { allowedIps: ['203.0.113.7'] }],
  ])('return 403 with the code %s', async (code, message, fields) => {
    const { secret, record } = makeKey(fields);
    await table.put(record);
    expect(await get(gateway.url, bearer(secret))).toMatchObject({ status: 403, body: envelope(code, message) });
    expect((await get(gateway.httpUrl, bearer(secret))).status).toBe(403);
    expect((await table.get(secret))?.['lastUsedAt']).toBeUndefined();
  });

  test('accept a key with allowedIps only from its addresses, whatever X-Forwarded-For says', async () => {
    const own = makeKey({ allowedIps: ['127.0.0.1'] });
    const other = makeKey({ allowedIps: ['203.0.113.7'] });
    await table.put(own.record);
    await table.put(other.record);
    for (const url of [gateway.url, gateway.httpUrl]) {
      const forwarded = { 'x-forwarded-for': '203.0.113.7' };
      expect((await get(url, { ...bearer(own.secret), ...forwarded })).status).toBe(200);
      expect((await get(url, { ...bearer(other.secret), ...forwarded })).status).toBe(403);
    }
  });

  test('accept a key until you revoke it', async () => {
    const { secret, record } = makeKey();
    expect((await get(gateway.url, bearer(secret))).status).toBe(403);
    await table.put(record);
    expect((await get(gateway.url, bearer(secret))).status).toBe(200);
    await table.put({ ...record, revokedAt: toTimestamp(Date.now()) });
    expect((await get(gateway.url, bearer(secret))).status).toBe(403);
  });

  test('write lastUsedAt once per interval', async () => {
    const { secret, record } = makeKey();
    await table.put(record);
    const lastUsedAt = async () => (await table.get(secret))?.['lastUsedAt'];
    await get(gateway.url, bearer(secret));
    const first = await lastUsedAt();
    expect(first).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
    const burst = Array.from({ length: 15 }, () => [gateway.url, gateway.httpUrl]).flat();
    const answers = await Promise.all(burst.map((url) => get(url, bearer(secret))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await lastUsedAt()).toBe(first);
    await sleep(LAST_USED_SECONDS * 1000 + 100);
    await get(gateway.url, bearer(secret));
    expect(String(await lastUsedAt()) > String(first)).toBe(true);
  });

  test('keep keys out of the table and the log', async () => {
    const { secret, record } = makeKey({ disabledAt: toTimestamp(Date.now()) });
    await table.put(record);
    const secrets = [secret, gateway.key as KeySecret, UNKNOWN];
    for (const key of secrets) await get(gateway.url, bearer(key));
    const stored = JSON.stringify(await table.scan());
    await gateway.logged('KEY_DISABLED');
    await gateway.logged('INVALID_KEY');
    const log = gateway.log();
    for (const key of secrets) {
      const rest = key.slice(11);
      expect(stored).not.toContain(rest);
      expect(log).not.toContain(rest);
      expect(log).not.toContain(hashSecret(key));
    }
  });
});

describe('a gateway with a variant of the sample template', () => {
  test('returns the same responses with a TOKEN authorizer', async () => {
    const gateway = await start((template) =>
      setProperties(template, 'AWS::ApiGateway::Authorizer', {
        Type: 'TOKEN',
        IdentitySource: 'method.request.header.Authorization',
      }),
    );
    expect(await get(gateway.url, bearer(gateway.key))).toMatchObject({ status: 200, body: { label: 'demo' } });
    expect(await get(gateway.url)).toMatchObject({ status: 401, body: AUTH_REQUIRED });
    expect(await get(gateway.url, { authorization: 'Basic x' })).toMatchObject({ status: 401, body: AUTH_REQUIRED });
    expect(await get(gateway.url, bearer(UNKNOWN))).toMatchObject({ status: 403, body: INVALID_KEY });
  });

  test('allows and denies the same keys with simple responses', async () => {
    const gateway = await start((template) => {
      setEnvironment(template, { LATCHKEY_HTTP_API_RESPONSE: 'simple' });
      setProperties(template, 'AWS::ApiGatewayV2::Authorizer', { EnableSimpleResponses: true });
    });
    expect(await get(gateway.httpUrl, bearer(gateway.key))).toMatchObject({ status: 200, body: { label: 'demo' } });
    expect((await get(gateway.httpUrl)).status).toBe(401);
    expect((await get(gateway.httpUrl, bearer(UNKNOWN))).status).toBe(403);
  });

  test.each(['iam', 'simple'])(
    'denies a scoped key ambiguous paths on a greedy route if the response type is %s',
    async (response) => {
      const gateway = await start((template) => {
        setEnvironment(template, {
          LATCHKEY_SCOPES: JSON.stringify({ orders: ['GET /orders/*'] }),
          LATCHKEY_HTTP_API_RESPONSE: response,
        });
        for (const { Type, Properties } of Object.values(template.Resources)) {
          // The change skips the WebSocket API, whose routes also have this type.
          const isHttpRoute = Type === 'AWS::ApiGatewayV2::Route' && Properties['RouteKey'] === 'GET /whoami';
          if (isHttpRoute) Properties['RouteKey'] = 'GET /{proxy+}';
        }
        setProperties(template, 'AWS::ApiGatewayV2::Authorizer', { EnableSimpleResponses: response === 'simple' });
        setProperties(template, 'AWS::ApiGateway::Resource', { PathPart: '{proxy+}' });
      });
      const { secret, record } = makeKey({ scopes: ['orders'] });
      await tableOf(gateway).put(record);
      const statusesOf = (path: string) =>
        Promise.all(['/http', '/rest'].map((api) => statusOf(gateway.url, api + path, bearer(secret))));
      for (const path of ['/orders/7', '/orders/7/a.b', '/orders/.x', '/orders/a%20b']) {
        expect([path, ...(await statusesOf(path))]).toEqual([path, 200, 200]);
      }
      const ambiguous = ['../..', '../admin', '..;/admin', './7', '.', '/admin', '%2e%2E/admin', '..%2Fadmin', 'a%5cb'];
      for (const path of ['/admin', ...ambiguous.map((end) => `/orders/${end}`)]) {
        expect([path, ...(await statusesOf(path))]).toEqual([path, 403, 403]);
      }
    },
  );

  test('logs metrics only if LATCHKEY_METRICS is true', async () => {
    const [counting, silent] = await Promise.all([
      start((template) => setEnvironment(template, { LATCHKEY_METRICS: 'true' })),
      start(),
    ]);
    for (const { url, logged } of [counting, silent]) {
      await get(url, bearer(UNKNOWN));
      await logged('INVALID_KEY');
    }
    await counting.logged('"Denied":1');
    expect(silent.log()).not.toContain('_aws');
  });

  test('accepts a revoked key until the TTL of the cached result passes', async () => {
    const ttlSeconds = 2;
    const gateway = await start((template) => {
      setEnvironment(template, { LATCHKEY_KEY_SOURCES: 'bearer' });
      setProperties(template, 'AWS::ApiGateway::Authorizer', {
        IdentitySource: 'method.request.header.Authorization',
        AuthorizerResultTtlInSeconds: ttlSeconds,
      });
    });
    const table = tableOf(gateway);
    const { secret, record } = makeKey();
    await table.put(record);
    await get(gateway.url, bearer(secret));
    await table.put({ ...record, revokedAt: toTimestamp(Date.now()) });
    expect((await get(gateway.url, bearer(secret))).status).toBe(200);
    await sleep(ttlSeconds * 1000 + 100);
    expect((await get(gateway.url, bearer(secret))).status).toBe(403);
  });

  test('returns 500 during an outage of the table', async () => {
    const gateway = await start();
    await tableOf(gateway).drop();
    expect(await get(gateway.url, bearer(gateway.key))).toMatchObject({
      status: 500,
      body: envelope('AUTHORIZER_UNAVAILABLE', 'The API key could not be checked. Try again later.'),
    });
    expect((await get(gateway.httpUrl, bearer(gateway.key))).status).toBe(500);
    expect((await get(gateway.url, bearer('nonsense'))).status).toBe(403);
    await gateway.logged('"code":"STORE_UNAVAILABLE"');
    await gateway.logged('"cause":"ResourceNotFoundException"');
  });
});

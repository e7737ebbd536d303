import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DeleteTableCommand,
  waitUntilTableExists,
  waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { Duration, type Stack } from 'aws-cdk-lib';
import { LambdaIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod, WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration, WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { ApiKeyAuthorizer } from '../../../infra/apiKeyAuthorizer.ts';
import type { ApiKeyAuthorizerProps } from '../../../infra/apiKeyAuthorizerProps.ts';
import { ApiKeyTable } from '../../../infra/apiKeyTable.ts';
import { serialiseRecord, type KeyRecord } from '../../../keys/record.ts';
import { createTableInput } from '../../../keys/table.ts';
import { toTimestamp } from '../../../keys/timestamp.ts';
import { createClient } from '../../support/engine.ts';
import { startGateway, type Gateway } from '../../support/gateway.ts';
import { makeKey } from '../../support/keys.ts';
import { synthesize } from '../../support/synthesize.ts';

const ROUTES = ['/orders', '/orders/{id}', '/admin'];
const SCOPES = { orders: ['GET /orders', 'GET /orders/*'], live: ['$connect'] };
const CACHED: Omit<ApiKeyAuthorizerProps, 'table'> = {
  keySources: ['bearer'],
  recordCacheTtl: Duration.seconds(0),
  resultsCacheTtl: Duration.minutes(5),
  scopes: SCOPES,
};
const INSUFFICIENT_SCOPE = {
  success: false,
  data: null,
  error: { code: 'INSUFFICIENT_SCOPE', message: 'This API key may not use this route.' },
  pagination: null,
};
const ORIGIN = 'https://shop.example';

/** Creates the function behind every API. It returns its event. */
function echoFunction(stack: Stack): LambdaFunction {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-echo-'));
  writeFileSync(
    join(directory, 'index.mjs'),
    'export const handler = async (event) => ({ statusCode: 200, body: JSON.stringify(event) });',
  );
  return new LambdaFunction(stack, 'Echo', {
    code: Code.fromAsset(directory),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
  });
}

function buildStack(stack: Stack): void {
  const table = new ApiKeyTable(stack, 'Keys');
  const echo = echoFunction(stack);
  const policies = new ApiKeyAuthorizer(stack, 'Policies', { table, ...CACHED });
  const simple = new ApiKeyAuthorizer(stack, 'Simple', { table, ...CACHED, httpApiResponse: 'simple' });
  const hiding = new ApiKeyAuthorizer(stack, 'Hiding', { table, keySources: ['header:X-Api-Key', 'query:key'] });

  const restApi = new RestApi(stack, 'Rest', { defaultCorsPreflightOptions: { allowOrigins: [ORIGIN] } });
  const restAuthorizer = policies.forRestApi();
  for (const route of ROUTES) {
    restApi.root.resourceForPath(route).addMethod('GET', new LambdaIntegration(echo), { authorizer: restAuthorizer });
  }
  policies.addGatewayResponses(restApi);

  const addHttpApi = (id: string, authorizer: ReturnType<ApiKeyAuthorizer['forHttpApi']>) => {
    const httpApi = new HttpApi(stack, id);
    const integration = new HttpLambdaIntegration(`${id}Integration`, echo);
    for (const path of ROUTES) httpApi.addRoutes({ path, methods: [HttpMethod.GET], integration, authorizer });
  };
  addHttpApi('Http1', policies.forHttpApi('Http1'));
  addHttpApi('Http2', simple.forHttpApi('Http2'));
  addHttpApi('Http3', policies.forHttpApi('Http3', { payloadFormat: '1.0' }));
  new HttpApi(stack, 'Http4').addRoutes({
    path: '/hidden',
    methods: [HttpMethod.GET],
    integration: new HttpLambdaIntegration('Http4Integration', echo, { parameterMapping: hiding.hideCredential() }),
    authorizer: hiding.forHttpApi('Http4'),
  });

  const webSocketApi = new WebSocketApi(stack, 'WebSocket', {
    connectRouteOptions: {
      integration: new WebSocketLambdaIntegration('Connect', echo),
      authorizer: policies.forWebSocketApi(),
    },
  });
  new WebSocketStage(stack, 'Live', { webSocketApi, stageName: 'live', autoDeploy: true });
}

let gateway: Gateway;
let documents: DynamoDBDocumentClient;
beforeAll(async () => {
  gateway = await startGateway(synthesize(buildStack));
  documents = DynamoDBDocumentClient.from(createClient(gateway.endpoint));
}, 60_000);
afterAll(async () => {
  await gateway?.stop();
});

async function put(record: KeyRecord): Promise<void> {
  await documents.send(new PutCommand({ TableName: gateway.tableName, Item: serialiseRecord(record) }));
}

async function issue(fields: Partial<KeyRecord> = {}) {
  const { secret, record } = makeKey(fields);
  await put(record);
  return { secret, revoke: () => put({ ...record, revokedAt: toTimestamp(Date.now()) }) };
}

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
const at = (path: string, scheme = 'http') => `${scheme}${new URL(gateway.url).origin.slice('http'.length)}${path}`;

async function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const response = await fetch(at(path), { method, headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}

interface Upgrade {
  readonly socket: WebSocket;
  /** The HTTP status, which is 101 if the connection opens. */
  readonly status: number;
}

const connect = (headers: Record<string, string> = {}): Promise<Upgrade> => {
  const socket = new WebSocket(at('/ws/', 'ws'), { headers });
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve({ socket, status: 101 }));
    socket.on('unexpected-response', (_, response) => {
      response.resume();
      resolve({ socket, status: response.statusCode ?? 0 });
    });
    socket.on('error', reject);
  });
};

describe.each([
  ['a REST API', '/rest', INSUFFICIENT_SCOPE],
  ['an HTTP API with payload format 2.0', '/http', { message: 'Forbidden' }],
  ['an HTTP API with simple responses', '/http2', { message: 'Forbidden' }],
  ['an HTTP API with payload format 1.0', '/http3', { message: 'Forbidden' }],
])('%s with a result cache', (_, prefix, refusal) => {
  test.each(ROUTES)('allows only the key’s routes if the first request is for %s', async (first) => {
    const { secret } = await issue({ scopes: ['orders'] });
    const statusOf = async (route: string) => (await get(prefix + route.replace('{id}', '7'), bearer(secret))).status;
    const expected = { '/orders': 200, '/orders/{id}': 200, '/admin': 403 } as const;
    expect(await statusOf(first)).toBe(expected[first as keyof typeof expected]);
    for (const [route, status] of Object.entries(expected))
      expect([route, await statusOf(route)]).toEqual([route, status]);
  });

  test('returns 403 from the cache for a route outside the scopes', async () => {
    const { secret } = await issue({ scopes: ['orders'] });
    await get(`${prefix}/orders`, bearer(secret));
    for (let request = 0; request < 2; request++) {
      expect(await get(`${prefix}/admin`, bearer(secret))).toMatchObject({ status: 403, body: refusal });
    }
  });

  test('accepts a revoked key from the cache within the revocation delay', async () => {
    const { secret, revoke } = await issue({ scopes: ['orders'] });
    expect((await get(`${prefix}/orders`, bearer(secret))).status).toBe(200);
    await revoke();
    expect((await get(`${prefix}/orders`, bearer(secret))).status).toBe(200);
  });

  test('allows a key without scopes on every route', async () => {
    const { secret } = await issue();
    expect((await get(`${prefix}/admin`, bearer(secret))).status).toBe(200);
  });

  test('returns 401 without invoking the authorizer if the identity source is empty', async () => {
    const before = gateway.log().length;
    expect((await get(`${prefix}/orders`)).status).toBe(401);
    expect((await get(`${prefix}/orders?api_key=x`)).status).toBe(401);
    expect((await get(`${prefix}/orders`, { authorization: '' })).status).toBe(401);
    expect(gateway.log().slice(before)).not.toContain('AUTH_REQUIRED');
  });
});

describe('a REST API with CORS', () => {
  test('responds to a preflight request without a key', async () => {
    const preflight = await get('/rest/orders', { origin: ORIGIN, 'access-control-request-method': 'GET' }, 'OPTIONS');
    expect(preflight.status).toBe(204);
    const refusal = await get('/rest/orders', { origin: ORIGIN });
    expect(refusal.status).toBe(401);
    expect(refusal.headers.get('access-control-allow-origin')).toBe(ORIGIN);
  });
});

describe('an HTTP API with hideCredential', () => {
  test.each([
    ['a header', '/http4/hidden?page=2', { 'x-api-key': 'KEY' }],
    ['a query parameter', '/http4/hidden?page=2&key=KEY', {}],
  ])('removes %s from the request to the integration', async (_, path, headers) => {
    const { secret } = await issue();
    const sent = JSON.parse(JSON.stringify(headers).replace('KEY', secret));
    const { status, body } = await get(path.replace('KEY', secret), sent);
    expect(status).toBe(200);
    expect(body.requestContext.authorizer.lambda).toMatchObject({ label: 'ci' });
    expect(body.queryStringParameters).toEqual({ page: '2' });
    expect(JSON.stringify(body)).not.toContain(secret);
  });
});

describe('a WebSocket API', () => {
  test('opens a connection for an active key with the scope', async () => {
    const { secret } = await issue({ scopes: ['live'] });
    const { socket, status } = await connect(bearer(secret));
    expect(status).toBe(101);
    socket.close();
  });

  test.each<[string, Partial<KeyRecord> | undefined, number]>([
    ['a missing key', undefined, 401],
    ['a key without the scope', { scopes: ['orders'] }, 403],
    ['a revoked key', { revokedAt: toTimestamp(Date.now() - 1000) }, 403],
    ['an expired key', { expiresAt: toTimestamp(Date.now() - 1000) }, 403],
  ])('rejects a connection with %s', async (_, fields, status) => {
    const headers = fields === undefined ? {} : bearer((await issue(fields)).secret);
    expect((await connect(headers)).status).toBe(status);
  });

  test('returns 401 without invoking the authorizer if the identity source is missing', async () => {
    const before = gateway.log().length;
    expect((await connect()).status).toBe(401);
    expect(gateway.log().slice(before)).not.toContain('AUTH_REQUIRED');
    expect((await connect({ authorization: 'Basic dXNlcjpwYXNz' })).status).toBe(401);
    await gateway.logged('AUTH_REQUIRED', before);
  });

  test('keeps a connection open after you revoke its key', async () => {
    const { secret, revoke } = await issue();
    const { socket } = await connect(bearer(secret));
    await revoke();
    const answered = once(socket, 'message');
    socket.send('hello');
    expect(String((await answered)[0])).toBe('hello');
    expect((await connect(bearer(secret))).status).toBe(403);
    socket.close();
  });
});

test('every type of API recovers from an outage of the table without caching the error', async () => {
  const { secret, record } = makeKey();
  const client = createClient(gateway.endpoint);
  const table = { TableName: gateway.tableName };
  const waiting = { client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 };
  const routes = ['/rest/orders', '/http/orders', '/http2/orders', '/http3/orders'];
  const statuses = async () => [
    ...(await Promise.all(routes.map(async (route) => (await get(route, bearer(secret))).status))),
    (await connect(bearer(secret))).status,
  ];
  await client.send(new DeleteTableCommand(table));
  expect(await statuses()).toEqual([...routes.map(() => 500), 500]);
  await waitUntilTableNotExists(waiting, table);
  await client.send(new CreateTableCommand(createTableInput(gateway.tableName)));
  await waitUntilTableExists(waiting, table);
  await put(record);
  expect(await statuses()).toEqual([...routes.map(() => 200), 101]);
  client.destroy();
});

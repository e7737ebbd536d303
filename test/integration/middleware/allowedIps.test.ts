import { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';
import express from 'express';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { AddressInfo } from 'node:net';
import { latchkey as expressLatchkey } from '../../../middleware/express.ts';
import { latchkey as honoLatchkey } from '../../../middleware/hono.ts';
import { httpApiIntegrationEvent } from '../../../testing/integrationEvents.ts';
import { createTestAuthorizer, type TestAuthorizerOptions } from '../../../testing/createTestAuthorizer.ts';
import { createTestKey } from '../../../testing/createTestKey.ts';
import { MIDDLEWARE, type MiddlewareServer } from '../../support/middlewareServers.ts';
import { sendRaw } from '../../support/rawRequest.ts';

const CLIENT = '203.0.113.7';
const FAKE = '198.51.100.9';
const { secret, record } = createTestKey({ allowedIps: [CLIENT] });

const authenticatorWith = (options: TestAuthorizerOptions = {}) =>
  createTestAuthorizer({ records: [record], ...options }).authenticator;
const withForwarded = (...addresses: readonly string[]) => ({
  headers: [
    ['Authorization', `Bearer ${secret}`],
    ['X-Forwarded-For', addresses.join(', ')],
  ] as const,
});

describe.each(Object.entries(MIDDLEWARE))('the middleware of %s', (head, start) => {
  const servers: MiddlewareServer[] = [];
  afterAll(async () => {
    for (const server of servers) await server.stop();
  });
  const startWith = async (options: TestAuthorizerOptions) => {
    const server = await start(authenticatorWith(options));
    servers.push(server);
    return server;
  };
  /** Only a function URL appends the address of its connection, as API Gateway does. */
  const own = head === 'function URL' ? ['192.0.2.1'] : [];

  test('reads X-Forwarded-For from the right behind a trusted proxy, and never without one', async () => {
    const statusesOf = async (server: MiddlewareServer) => [
      (await server.send(withForwarded(FAKE, CLIENT, ...own))).status,
      (await server.send(withForwarded(CLIENT, FAKE, ...own))).status,
    ];
    expect(await statusesOf(await startWith({ trustedProxies: 1 }))).toEqual([200, 403]);
    expect(await statusesOf(await startWith({}))).toEqual([403, 403]);
  });
});

test("the middleware for Express doesn't use req.ip, which the client sends with trust proxy true", async () => {
  const app = express().set('trust proxy', true).use(expressLatchkey(authenticatorWith()));
  app.use((req, res) => void res.send(req.ip));
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { status } = await sendRaw((server.address() as AddressInfo).port, withForwarded(CLIENT));
  await new Promise((resolve) => server.close(resolve));
  expect(status).toBe(403);
});

describe('the middleware for Hono', () => {
  const key = { headers: { authorization: `Bearer ${secret}` } };

  test('refuses the key in a runtime whose address it does not know', async () => {
    const app = new Hono().use(honoLatchkey(authenticatorWith())).get('/', (c) => c.text('in'));
    expect((await app.request('/', key)).status).toBe(403);
  });

  test('takes the address from the option sourceIp', async () => {
    const bindings = { remote: CLIENT };
    const sourceIp = (c: { readonly env: unknown }) => (c.env as typeof bindings).remote;
    const app = new Hono().use(honoLatchkey(authenticatorWith(), { sourceIp })).get('/', (c) => c.text('in'));
    expect((await app.request('/', key, bindings)).status).toBe(200);
    expect((await app.request('/', key, { remote: FAKE })).status).toBe(403);
  });

  test.each([
    ['without a proxy', {}, CLIENT, []],
    ['behind a proxy', { trustedProxies: 1 }, '10.0.0.1', [FAKE, CLIENT, '10.0.0.1']],
  ] as const)('takes the address from the event of a Lambda function %s', async (_, options, sourceIp, forwarded) => {
    const app = new Hono().use(honoLatchkey(authenticatorWith(options))).get('/whoami', (c) => c.text('in'));
    const eventFrom = (address: string) =>
      httpApiIntegrationEvent(record, { ...withForwarded(...forwarded), sourceIp: address });
    const statusOf = async (event: object) =>
      ((await handle(app)(event as never)) as { readonly statusCode: number }).statusCode;
    expect(await statusOf(eventFrom(sourceIp))).toBe(200);
    expect(await statusOf(eventFrom(FAKE))).toBe(403);
  });
});

describe('authenticate', () => {
  test('needs the address of the connection as sourceIp', async () => {
    const authenticator = authenticatorWith();
    const request = new Request('https://api.example/', {
      headers: { authorization: `Bearer ${secret}`, 'x-forwarded-for': CLIENT },
    });
    expect(await authenticator.authenticate(request)).toMatchObject({ status: 403, code: 'IP_FORBIDDEN' });
    expect(await authenticator.authenticate(request, { sourceIp: FAKE })).toMatchObject({ code: 'IP_FORBIDDEN' });
    expect(await authenticator.authenticate(request, { sourceIp: CLIENT })).toMatchObject({ effect: 'allow' });
    expect(await authenticator.authenticate(request, { sourceIp: `::ffff:${CLIENT}` })).toMatchObject({
      effect: 'allow',
    });
  });
});

describe('verify', () => {
  const verifierWith = (options: TestAuthorizerOptions = {}) =>
    createTestAuthorizer({ records: [record], ...options }).verifier;
  const refused = { effect: 'deny', code: 'IP_FORBIDDEN', record: { id: record.id } };

  test('refuses the key without its address, and allows it with it', async () => {
    const verifier = verifierWith();
    expect(await verifier.verify(secret)).toMatchObject(refused);
    expect(await verifier.verify(secret, null, { sourceIp: null })).toMatchObject(refused);
    expect(await verifier.verify(secret, null, { sourceIp: FAKE, forwardedFor: CLIENT })).toMatchObject(refused);
    expect(await verifier.verify(secret, null, { sourceIp: CLIENT })).toMatchObject({ effect: 'allow' });
  });

  test('reads forwardedFor only behind trusted proxies', async () => {
    const verifier = verifierWith({ trustedProxies: ['10.0.0.0/8'] });
    const forwarded = { sourceIp: '10.0.0.1', forwardedFor: `${FAKE}, ${CLIENT}` };
    expect(await verifier.verify(secret, null, forwarded)).toMatchObject({ effect: 'allow' });
    expect(await verifier.verify(secret, null, { ...forwarded, sourceIp: FAKE })).toMatchObject(refused);
    expect(await verifier.verify(secret, null, { forwardedFor: CLIENT })).toMatchObject(refused);
  });
});

import express5 from 'express';
import express4 from 'express-4';
import Fastify, { type FastifyInstance } from 'fastify';
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { closeNow, listenOnLoopback } from '../../../local/loopback.ts';
import { latchkey as expressLatchkey, type KeyedRequest } from '../../../middleware/express.ts';
import { keyHook, latchkey as fastifyLatchkey } from '../../../middleware/fastify.ts';
import { latchkey as honoLatchkey } from '../../../middleware/hono.ts';
import { createTestAuthorizer } from '../../../testing/createTestAuthorizer.ts';
import { createTestKey } from '../../../testing/createTestKey.ts';

const reader = createTestKey({ label: 'reader', scopes: ['orders:read'] });
const writer = createTestKey({ label: 'writer', scopes: ['orders:read', 'orders:write'] });
const records = [reader.record, writer.record];
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const broken = { authenticate: () => Promise.reject(new Error('a fault of the program')) };

describe('the middleware for Hono', () => {
  const { authenticator } = createTestAuthorizer({ records });
  const app = new Hono()
    .use(cors({ origin: 'https://shop.example' }))
    .use('/orders/*', honoLatchkey(authenticator, { require: 'orders:read' }))
    .get('/orders/1', (c) => c.json({ by: c.get('latchkey').label }))
    .post('/orders/1', honoLatchkey(authenticator, { require: 'orders:write' }), (c) => c.json(c.get('latchkey').label))
    .get('/health', (c) => c.text('up'));

  test('checks the routes on which it is used, each with its scopes', async () => {
    const send = (path: string, method: string, key?: string) =>
      app.request(path, { method, headers: key === undefined ? {} : bearer(key) });
    const statuses = [
      await send('/health', 'GET'),
      await send('/orders/1', 'GET'),
      await send('/orders/1', 'GET', reader.secret),
      await send('/orders/1', 'POST', reader.secret),
      await send('/orders/1', 'POST', writer.secret),
    ].map(({ status }) => status);
    expect(statuses).toEqual([200, 401, 200, 403, 200]);
    expect(await (await send('/orders/1', 'GET', reader.secret)).json()).toEqual({ by: 'reader' });
  });

  test('leaves preflights and CORS headers to the middleware before it', async () => {
    const preflight = await app.request('/orders/1', {
      method: 'OPTIONS',
      headers: { origin: 'https://shop.example' },
    });
    expect(preflight.status).toBe(204);
    const refused = await app.request('/orders/1', { headers: { origin: 'https://shop.example' } });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://shop.example');
  });
});

describe.each([
  ['4', express4],
  ['5', express5],
])('the middleware for Express %s', (_, express) => {
  let server: Server | undefined;
  afterEach(async () => {
    await new Promise((resolve) => server?.close(resolve) ?? resolve(undefined));
    server = undefined;
  });

  async function listen(app: ReturnType<typeof express5>): Promise<string> {
    const started = await new Promise<Server>((resolve) => {
      const listening = app.listen(0, '127.0.0.1', () => resolve(listening));
    });
    server = started;
    return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
  }

  test('checks scopes against the whole path in a mounted router, and keeps earlier headers', async () => {
    const scopes = { 'orders:read': ['GET /api/orders/*'] };
    const { authenticator } = createTestAuthorizer({ records, scopes });
    const router = express.Router();
    router.use(expressLatchkey(authenticator));
    router.use((req, res) => {
      res.json({ by: req.latchkey?.label });
    });
    const app = express();
    app.use((_req, res, next) => {
      res.setHeader('access-control-allow-origin', 'https://shop.example');
      next();
    });
    app.use('/api', router);
    const url = await listen(app);
    const allowed = await fetch(`${url}/api/orders/1?page=2`, { headers: bearer(reader.secret) });
    expect(await allowed.json()).toEqual({ by: 'reader' });
    const refused = await fetch(`${url}/api/admin`, { headers: bearer(reader.secret) });
    expect(refused.status).toBe(403);
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://shop.example');
  });

  test("doesn't run the handlers of a refused request", async () => {
    const { authenticator } = createTestAuthorizer({ records });
    const app = express();
    let runs = 0;
    app.use(expressLatchkey(authenticator), (_req, res) => {
      runs++;
      res.end();
    });
    const url = await listen(app);
    expect((await fetch(url)).status).toBe(401);
    expect(runs).toBe(0);
    expect((await fetch(url, { headers: bearer(reader.secret) })).status).toBe(200);
    expect(runs).toBe(1);
  });

  test('passes a fault of the authenticator to the error handler', async () => {
    const app = express();
    app.use(expressLatchkey(broken), (_req, res) => {
      res.json('reached');
    });
    app.use(((error: Error, _req, res, _next) => {
      res.status(500).json(error.message);
    }) satisfies express5.ErrorRequestHandler);
    const response = await fetch(await listen(app));
    expect(await response.json()).toBe('a fault of the program');
  });
});

test('the middleware for Express works in a server without Express', async () => {
  const { authenticator } = createTestAuthorizer({ records });
  const middleware = expressLatchkey(authenticator);
  const server = createServer((request: KeyedRequest, response) => {
    void middleware(request, response, () => response.end(request.latchkey?.label));
  });
  const url = `http://127.0.0.1:${await listenOnLoopback(server, 0, '--port')}/`;
  expect(await (await fetch(url, { headers: bearer(reader.secret) })).text()).toBe('reader');
  expect((await fetch(url)).status).toBe(401);
  await closeNow(server);
});

describe('the plugin for Fastify', () => {
  let app: FastifyInstance;
  afterEach(() => app.close());

  async function statusOf(url: string, key?: string, options: object = {}): Promise<number> {
    const { statusCode } = await app.inject({ url, headers: key === undefined ? {} : bearer(key), ...options });
    return statusCode;
  }

  test('checks every route of the context in which it is registered, and no other route', async () => {
    const { authenticator } = createTestAuthorizer({ records });
    app = Fastify();
    app.get('/health', async () => 'up');
    await app.register(async (orders) => {
      await orders.register(fastifyLatchkey(authenticator));
      orders.get('/orders', async (request) => ({ by: request.latchkey?.label }));
      // A context inside, with a requirement of its own.
      await orders.register(async (writes) => {
        await writes.register(fastifyLatchkey(authenticator, { require: 'orders:write' }));
        writes.post('/orders', async (request) => request.latchkey?.label);
      });
    });
    expect(await statusOf('/health')).toBe(200);
    expect(await statusOf('/orders')).toBe(401);
    expect(await statusOf('/orders', reader.secret)).toBe(200);
    expect(await statusOf('/orders', reader.secret, { method: 'POST' })).toBe(403);
    const { body } = await app.inject({ method: 'POST', url: '/orders', headers: bearer(writer.secret) });
    expect(body).toBe('writer');
  });

  test('has a hook for single routes', async () => {
    const { authenticator } = createTestAuthorizer({ records });
    app = Fastify();
    const onRequest = keyHook(authenticator, { require: 'orders:write' });
    app.get('/orders', { onRequest }, async (request) => ({ by: request.latchkey?.label }));
    expect(await statusOf('/orders', reader.secret)).toBe(403);
    expect((await app.inject({ url: '/orders', headers: bearer(writer.secret) })).json()).toEqual({ by: 'writer' });
  });

  test('refuses a request before Fastify reads its body, and ignores the response schema of the route', async () => {
    const { authenticator } = createTestAuthorizer({ records });
    app = Fastify();
    await app.register(fastifyLatchkey(authenticator));
    const schema = { response: { '4xx': { type: 'object', properties: {} } } };
    app.post('/orders', { schema }, async () => 'reached');
    const headers = { 'content-type': 'application/json' };
    const response = await app.inject({ method: 'POST', url: '/orders', headers, body: '{' });
    expect(response.statusCode).toBe(401);
    expect(response.json()).toMatchObject({ success: false, error: { code: 'AUTH_REQUIRED' } });
  });

  test('leaves a fault of the authenticator to the error handler', async () => {
    app = Fastify();
    await app.register(fastifyLatchkey(broken));
    app.get('/', async () => 'reached');
    expect(await statusOf('/')).toBe(500);
  });
});

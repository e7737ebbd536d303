import { setTimeout as sleepMs } from 'node:timers/promises';
import express5 from 'express';
import express4 from 'express-4';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { createServer, type Server } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, test } from '@jest/globals';
import { closeNow, listenOnLoopback } from '../../../local/loopback.ts';
import { latchkey as expressLatchkey, type KeyedRequest } from '../../../middleware/express.ts';
import { keyHook, latchkey as fastifyLatchkey } from '../../../middleware/fastify.ts';
import { latchkey as honoLatchkey } from '../../../middleware/hono.ts';
import { latchkey as lambdaLatchkey } from '../../../middleware/lambda.ts';
import { createTestAuthorizer } from '../../../testing/createTestAuthorizer.ts';
import { createTestKey } from '../../../testing/createTestKey.ts';
import { MIDDLEWARE } from '../../support/middlewareServers.ts';
import { readMatrix } from '../../support/responseMatrix.ts';
import { functionUrlEvent, loadBalancerEvent } from '../../support/proxyEvents.ts';

const QUOTA = 5;
/** The fields of a first request, and of a first request to a server whose other middleware has a limit. */
const FIRST = { ratelimit: expect.stringMatching(/^"quota";r=4;t=\d+$/), 'ratelimit-policy': '"quota";q=5;w=86400' };
const OTHER = '"ip";r=9;t=60';
const BOTH = expect.stringMatching(/^"ip";r=9;t=60, "quota";r=4;t=\d+$/);

/** Creates an authenticator and the headers of a key on a plan of five requests a day. */
function limited() {
  const { secret, record } = createTestKey({ plan: 'trial' });
  const plans = { trial: { enforce: 'authorizer', quota: { limit: QUOTA, period: 'day' } } } as const;
  const { authenticator } = createTestAuthorizer({ records: [record], plans });
  return { authenticator, headers: { authorization: `Bearer ${secret}` }, secret };
}

const fieldsOf = (headers: Headers) => ({
  ratelimit: headers.get('ratelimit'),
  'ratelimit-policy': headers.get('ratelimit-policy'),
});

const PLANS = {
  ample: { enforce: 'authorizer', throttle: { rateLimit: 10, burstLimit: 20 }, quota: { limit: 1000, period: 'hour' } },
  spent: { enforce: 'authorizer', quota: { limit: 1, period: 'day' } },
  slow: { enforce: 'authorizer', throttle: { rateLimit: 0.001, burstLimit: 1 } },
} as const;

interface Row {
  readonly plan: keyof typeof PLANS | 'absent';
  /** The number of requests before the tested one. */
  readonly earlier?: number;
  /** The response if the limits' table is down. It isn't down if this is absent. */
  readonly onLimiterFailure?: 'allow' | 'deny';
  /** The headers of the response. */
  readonly headers: Readonly<Record<string, unknown>>;
}

const WAIT = expect.stringMatching(/^[1-9]\d*$/);

const ROWS: Readonly<Record<string, Row>> = {
  'a key within its limits': {
    plan: 'ample',
    headers: {
      ratelimit: expect.stringMatching(/^"quota";r=999;t=\d+$/),
      'ratelimit-policy': '"throttle";q=20;w=2, "quota";q=1000;w=3600',
    },
  },
  'a key over its quota': {
    plan: 'spent',
    earlier: 1,
    headers: {
      ratelimit: expect.stringMatching(/^"quota";r=0;t=\d+$/),
      'ratelimit-policy': '"quota";q=1;w=86400',
      'retry-after': WAIT,
    },
  },
  'a key over its throttle': {
    plan: 'slow',
    earlier: 1,
    headers: {
      ratelimit: expect.stringMatching(/^"throttle";r=0;t=\d+$/),
      'ratelimit-policy': '"throttle";q=1;w=1000',
      'retry-after': WAIT,
    },
  },
  'a key on a plan that the deployment lacks': { plan: 'absent', headers: {} },
  'a key while the limits’ table is unavailable': { plan: 'spent', onLimiterFailure: 'allow', headers: {} },
  'the same, with `onLimiterFailure: deny`': {
    plan: 'spent',
    onLimiterFailure: 'deny',
    headers: { 'retry-after': '5' },
  },
};

const { heads, rows } = readMatrix('test/integration/middleware/limits.test.ts');

test('the test has the same rows and columns as the table of limits in docs/responses.md', () => {
  expect(heads).toEqual(Object.keys(MIDDLEWARE));
  expect([...rows.keys()]).toEqual(Object.keys(ROWS));
});

describe.each(Object.entries(MIDDLEWARE))('the response of %s to a key with limits', (head, start) => {
  const cells = [...rows].map(([presented, answers]) => [presented, answers[heads.indexOf(head)] ?? ''] as const);

  test.each(cells)('matches docs/responses.md for %s: %s', async (presented, expected) => {
    const row = ROWS[presented];
    if (row === undefined) throw new Error('the page has another row');
    const { plan, earlier = 0, onLimiterFailure, headers } = row;
    const { secret, record } = createTestKey({ plan });
    const options = onLimiterFailure === undefined ? {} : { onLimiterFailure };
    const { authenticator, limits } = createTestAuthorizer({ records: [record], plans: PLANS, ...options });
    limits.isDown = onLimiterFailure !== undefined;
    const server = await start(authenticator);
    const send = () => server.send({ headers: [['authorization', `Bearer ${secret}`]] });
    try {
      for (let sent = 0; sent < earlier; sent++) expect((await send()).status).toBe(200);
      const { status, headers: sent, body } = await send();
      const { code } = JSON.parse(body).error ?? {};
      expect(code === undefined ? String(status) : `${status} ${code}`).toBe(expected);
      const { ratelimit, 'ratelimit-policy': policy, 'retry-after': retryAfter } = sent;
      expect({ ratelimit, 'ratelimit-policy': policy, 'retry-after': retryAfter }).toEqual(headers);
      // The draft: Retry-After should not name an earlier time than `t`.
      if (status === 429) expect(ratelimit?.split(';t=')).toEqual([expect.any(String), retryAfter]);
    } finally {
      await server.stop();
    }
  });
});

describe('the limits of a Hono app', () => {
  test('count a request with two checks once', async () => {
    const { authenticator, headers } = limited();
    const routes = new Hono().use(honoLatchkey(authenticator)).get('/', (c) => c.text('up'));
    const app = new Hono().use(honoLatchkey(authenticator)).route('/', routes);
    // The same object, because an app may also be called without a server.
    const request = new Request('http://localhost/', { headers });
    expect(fieldsOf((await app.fetch(request)).headers)).toEqual(FIRST);
    expect(fieldsOf((await app.fetch(request)).headers)).toMatchObject({ ratelimit: expect.stringContaining(';r=3;') });
  });

  test.each([
    ['a web response', () => new Response('raw')],
    ['a stream', () => new Response(new Blob(['part']).stream())],
    ['a response of fetch, whose headers are immutable', () => Response.redirect('https://shop.example')],
    ['a response that the handler has sent', () => RESPONSE_ALREADY_SENT],
    [
      'an error',
      () => {
        throw new Error('from the handler');
      },
    ],
  ])('are on %s', async (_, respond) => {
    const { authenticator, headers } = limited();
    const app = new Hono().use(honoLatchkey(authenticator)).get('/', respond);
    app.onError((_error, c) => c.text('failed', 500));
    expect(fieldsOf((await app.request('/', { headers })).headers)).toEqual(FIRST);
  });

  test('stay beside the fields of another middleware, and replace them on a refusal', async () => {
    const { authenticator, headers } = limited();
    const app = new Hono().use((c, next) => {
      c.res.headers.set('RateLimit', OTHER);
      return next();
    });
    app.use(honoLatchkey(authenticator)).get('/', (c) => c.text('up'));
    expect((await app.request('/', { headers })).headers.get('ratelimit')).toEqual(BOTH);
    for (let sent = 1; sent < QUOTA; sent++) await app.request('/', { headers });
    const refused = await app.request('/', { headers });
    expect(refused.headers.get('ratelimit')).toMatch(/^"quota";r=0;t=\d+$/);
  });

  test('can be read by pages of other origins if the CORS middleware exposes them', async () => {
    const { authenticator, headers } = limited();
    const exposeHeaders = ['RateLimit', 'RateLimit-Policy', 'Retry-After'];
    const app = new Hono().use(cors({ origin: 'https://shop.example', exposeHeaders }));
    app.use(honoLatchkey(authenticator)).get('/', (c) => c.text('up'));
    const send = () => app.request('/', { headers: { ...headers, origin: 'https://shop.example' } });
    for (let sent = 0; sent < QUOTA; sent++) await send();
    const refused = await send();
    expect(refused.status).toBe(429);
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://shop.example');
    expect(refused.headers.get('access-control-expose-headers')).toBe('RateLimit,RateLimit-Policy,Retry-After');
  });
});

describe.each([
  ['4', express4],
  ['5', express5],
])('the limits of an app of Express %s', (_, express) => {
  let server: Server | undefined;
  afterEach(async () => {
    if (server !== undefined) await closeNow(server);
    server = undefined;
  });

  async function listen(app: ReturnType<typeof express5>): Promise<string> {
    server = createServer(app);
    return `http://127.0.0.1:${await listenOnLoopback(server, 0, '--port')}/`;
  }

  test('count a request with two checks once, and stay beside the fields of another middleware', async () => {
    const { authenticator, headers } = limited();
    const app = express();
    app.use((_req, res, next) => {
      res.setHeader('RateLimit', OTHER);
      next();
    });
    app.use(expressLatchkey(authenticator), expressLatchkey(authenticator), (_req, res) => {
      res.write('a stream');
      res.end();
    });
    expect((await fetch(await listen(app), { headers })).headers.get('ratelimit')).toEqual(BOTH);
  });

  test.each([
    ['an allowed request', true],
    ['a refused request', false],
  ])('leave the response to %s if the app has responded during the check', async (_, hasKey) => {
    const { authenticator, headers } = limited();
    const app = express();
    const errors: unknown[] = [];
    const late = {
      authenticate: async (...request: Parameters<typeof authenticator.authenticate>) => {
        await sleepMs(10);
        return authenticator.authenticate(...request);
      },
    };
    app.use((_req, res, next) => {
      setImmediate(() => res.status(504).end('late'));
      next();
    });
    app.use(expressLatchkey(late), (_req, _res, next) => next());
    app.use(((error, _req, _res, next) => {
      errors.push(error);
      next();
    }) satisfies express5.ErrorRequestHandler);
    const response = await fetch(await listen(app), hasKey ? { headers } : {});
    expect([response.status, await response.text()]).toEqual([504, 'late']);
    await sleepMs(30);
    expect(errors).toEqual([]);
  });
});

test('the limits of a server without Express are on a response that it writes as a stream', async () => {
  const { authenticator, headers } = limited();
  const middleware = expressLatchkey(authenticator);
  const server = createServer((request: KeyedRequest, response) => {
    void middleware(request, response, () => response.writeHead(200, { 'content-type': 'text/plain' }).end('part'));
  });
  const url = `http://127.0.0.1:${await listenOnLoopback(server, 0, '--port')}/`;
  expect(fieldsOf((await fetch(url, { headers })).headers)).toEqual(FIRST);
  await closeNow(server);
});

describe('the limits of a Fastify app', () => {
  test('count a request with two checks once, and stay beside the fields of another plugin', async () => {
    const { authenticator, headers } = limited();
    const app = Fastify();
    app.addHook('onRequest', async (_request, reply) => {
      reply.header('RateLimit', OTHER);
    });
    await app.register(fastifyLatchkey(authenticator));
    app.get('/', { onRequest: keyHook(authenticator) }, async () => Readable.from(['a stream']));
    expect((await app.inject({ url: '/', headers })).headers).toMatchObject({ ratelimit: BOTH });
    await app.close();
  });

  test.each([
    ['an allowed request', true],
    ['a refused request', false],
  ])('leave the response to %s if the app has responded during the check', async (_, hasKey) => {
    const { authenticator, headers } = limited();
    const app = Fastify();
    app.addHook('onRequest', async (_request, reply) => {
      setImmediate(() => void reply.code(504).send('late'));
    });
    const late = {
      authenticate: async (...request: Parameters<typeof authenticator.authenticate>) => {
        await sleepMs(10);
        return authenticator.authenticate(...request);
      },
    };
    await app.register(fastifyLatchkey(late));
    let runs = 0;
    app.get('/', async () => runs++);
    const { statusCode, body } = await app.inject({ url: '/', ...(hasKey ? { headers } : {}) });
    await sleepMs(30);
    expect([statusCode, body, runs]).toEqual([504, 'late', 0]);
    await app.close();
  });
});

describe('the limits of a Lambda function', () => {
  const urlEvent = (secret: string) => functionUrlEvent({ key: secret });

  test.each([
    ['without headers', {}, {}],
    ['with headers', { headers: { 'x-id': '1' } }, { 'x-id': '1' }],
  ])('are on a result %s', async (_, own, kept) => {
    const { authenticator, secret } = limited();
    const result = Object.freeze({ statusCode: 201, body: 'made', ...own });
    const handler = lambdaLatchkey(authenticator, async () => result);
    expect(await handler(urlEvent(secret))).toEqual({
      ...result,
      headers: { ...kept, RateLimit: FIRST.ratelimit, 'RateLimit-Policy': FIRST['ratelimit-policy'] },
    });
  });

  test('join the field of the result, whatever the case of its name', async () => {
    const { authenticator, secret } = limited();
    const handler = lambdaLatchkey(authenticator, async () => ({ statusCode: 200, headers: { ratelimit: OTHER } }));
    expect(await handler(urlEvent(secret))).toMatchObject({ headers: { ratelimit: BOTH } });
  });

  test('are lists of headers for a load balancer that reads lists', async () => {
    const { authenticator, secret } = limited();
    const multiValueHeaders = { 'set-cookie': ['a=1', 'b=2'] };
    const handler = lambdaLatchkey(authenticator, async () => ({ statusCode: 200, multiValueHeaders }));
    expect(await handler(loadBalancerEvent({ key: secret }, true))).toEqual({
      statusCode: 200,
      multiValueHeaders: {
        ...multiValueHeaders,
        RateLimit: [FIRST.ratelimit],
        'RateLimit-Policy': [FIRST['ratelimit-policy']],
      },
    });
  });

  test.each([['text'], [{ orders: [] }], [undefined], [null]])(
    'leave a result that is only a body: %j',
    async (body) => {
      const { authenticator, secret } = limited();
      const handler = lambdaLatchkey(authenticator, async () => body);
      expect(await handler(urlEvent(secret))).toBe(body);
    },
  );
});

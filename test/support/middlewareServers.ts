import type { AddressInfo } from 'node:net';
import { serve, type ServerType } from '@hono/node-server';
import express5 from 'express';
import express4 from 'express-4';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { latchkey as expressLatchkey } from '../../middleware/express.ts';
import { latchkey as fastifyLatchkey } from '../../middleware/fastify.ts';
import { latchkey as honoLatchkey } from '../../middleware/hono.ts';
import { latchkey as lambdaLatchkey, type ProxyResult } from '../../middleware/lambda.ts';
import type { Authenticator } from '../../middleware/authenticate.ts';
import type { KeyRequirements } from '../../middleware/requirements.ts';
import type { TestRequest } from '../../testing/request.ts';
import { functionUrlEvent, loadBalancerEvent } from './proxyEvents.ts';
import { sendRaw, type Reply } from './rawRequest.ts';

/** A server or a function with the middleware. Its only handler responds with the record of the key. */
export interface MiddlewareServer {
  readonly send: (request: TestRequest) => Promise<Reply>;
  readonly stop: () => Promise<void>;
}

/** Starts a server whose requests the authenticator checks. */
type StartServer = (
  authenticator: Pick<Authenticator, 'authenticate'>,
  requirements?: KeyRequirements,
) => Promise<MiddlewareServer>;

const startHono: StartServer = async (authenticator, requirements) => {
  const app = new Hono();
  app.use(honoLatchkey(authenticator, requirements));
  app.all('*', (c) => c.json(c.get('latchkey' as never)));
  const server = await new Promise<ServerType>((resolve) => {
    const started = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(started));
  });
  return onServer(server);
};

const startExpress =
  (express: typeof express5): StartServer =>
  async (authenticator, requirements) => {
    const app = express();
    app.use(expressLatchkey(authenticator, requirements), (req, res) => {
      res.json(req.latchkey);
    });
    const server = await new Promise<ServerType>((resolve) => {
      const started = app.listen(0, '127.0.0.1', () => resolve(started));
    });
    return onServer(server);
  };

const startFastify: StartServer = async (authenticator, requirements) => {
  const app = Fastify();
  await app.register(fastifyLatchkey(authenticator, requirements));
  app.all('/*', async (request) => request.latchkey);
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { ...onServer(app.server), stop: () => app.close() };
};

const startFunction =
  (makeEvent: (request: TestRequest) => object): StartServer =>
  async (authenticator, requirements) => {
    const handler = lambdaLatchkey(
      authenticator,
      async ({ latchkey }): Promise<ProxyResult> => {
        return { statusCode: 200, headers: {}, body: JSON.stringify(latchkey), isBase64Encoded: false };
      },
      requirements,
    );
    const send = async (request: TestRequest): Promise<Reply> => {
      const { statusCode, headers, multiValueHeaders = headers, body } = await handler(makeEvent(request));
      const lowerCase = Object.entries(multiValueHeaders).map(
        ([name, value]) => [name.toLowerCase(), `${value}`] as const,
      );
      return { status: statusCode, headers: Object.fromEntries(lowerCase), body };
    };
    return { send, stop: async () => {} };
  };

/** Every adapter by its column in docs/responses.md. */
export const MIDDLEWARE: Readonly<Record<string, StartServer>> = {
  Hono: startHono,
  'Express 4': startExpress(express4),
  'Express 5': startExpress(express5),
  Fastify: startFastify,
  'function URL': startFunction(functionUrlEvent),
  ALB: startFunction((request) => loadBalancerEvent(request)),
  'ALB, multi-value': startFunction((request) => loadBalancerEvent(request, true)),
};

function onServer(server: ServerType): MiddlewareServer {
  const { port } = server.address() as AddressInfo;
  return {
    send: (request) => sendRaw(port, request),
    stop: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

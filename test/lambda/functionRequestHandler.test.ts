import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { HttpRequest } from '@smithy/core/protocols';
import { afterEach, describe, expect, test } from '@jest/globals';
import { collectStream, FunctionRequestHandler } from '../../lambda/functionRequestHandler.ts';
import { closeNow, listenOnLoopback } from '../../local/gatewayServer.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function serve(answer: (message: IncomingMessage, response: ServerResponse) => unknown): Promise<number> {
  const server = createServer(answer);
  stops.push(() => closeNow(server));
  return listenOnLoopback(server, 0, 'the server under test');
}

/** A port whose queue of connections is full: a stopped process listens, and nobody takes from the queue. */
async function listenWithoutAccepting(): Promise<number> {
  const script = `const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    console.log(server.address().port);
  });`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  stops.push(() => child.kill('SIGKILL'));
  const [told] = await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  const fillers = Array.from({ length: 4 }, () => connect(Number(told), '127.0.0.1'));
  stops.push(() => fillers.forEach((socket) => socket.destroy()));
  await Promise.race(fillers.map((socket) => once(socket, 'connect')));
  return Number(told);
}

function makeHandler(options: ConstructorParameters<typeof FunctionRequestHandler>[0] = {}) {
  const handler = new FunctionRequestHandler(options);
  stops.push(() => handler.destroy());
  return handler;
}

const requestOf = (port: number, others: Partial<HttpRequest> = {}) =>
  new HttpRequest({ protocol: 'http:', hostname: '127.0.0.1', port, method: 'POST', path: '/', ...others });

test('what is asked is sent whole, and the answer told with its status, headers and body', async () => {
  const asked: unknown[] = [];
  const port = await serve(async (message, response) => {
    asked.push([message.method, message.url, message.headers['x-amz-target'], await text(message)]);
    response.writeHead(418, { 'set-cookie': ['a', 'b'], 'x-kind': 'tea' }).end('short');
  });
  const headers = { 'x-amz-target': 'GetItem' };
  const request = requestOf(port, { headers, path: '/path', query: { a: 'b c', d: ['e', 'f'] }, body: '{"a":"ä"}' });
  const { response } = await makeHandler().handle(request);
  expect(asked).toEqual([['POST', '/path?a=b%20c&d=e&d=f', 'GetItem', '{"a":"ä"}']]);
  expect(response).toMatchObject({ statusCode: 418, headers: { 'set-cookie': 'a,b', 'x-kind': 'tea' } });
  expect(Buffer.from(await collectStream(response.body)).toString()).toBe('short');
});

test('a host that is an IPv6 address is no name to look up', async () => {
  const failing = makeHandler().handle(requestOf(1, { hostname: '[::1]' }));
  await expect(failing).rejects.toMatchObject({ code: expect.not.stringMatching('ENOTFOUND'), syscall: 'connect' });
});

describe('a request that fails', () => {
  test('for want of an answer in time ends with TimeoutError, and lets go of the connection', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const port = await serve((message) => {
      closed = new Promise((resolve) => message.socket.on('close', resolve));
    });
    const failing = makeHandler({ requestTimeout: 50 }).handle(requestOf(port));
    await expect(failing).rejects.toMatchObject({ name: 'TimeoutError', message: 'no answer within 50 ms' });
    await closed;
  });

  test('is held to the limit of the call before that of the handler', async () => {
    const port = await serve(() => {});
    const failing = makeHandler({ requestTimeout: 60_000 }).handle(requestOf(port), { requestTimeout: 50 });
    await expect(failing).rejects.toMatchObject({ message: 'no answer within 50 ms' });
  });

  test('for want of a connection in time ends with TimeoutError', async () => {
    const port = await listenWithoutAccepting();
    const failing = makeHandler({ connectionTimeout: 50 }).handle(requestOf(port));
    await expect(failing).rejects.toMatchObject({ name: 'TimeoutError', message: 'no connection within 50 ms' });
  });

  test('because it is aborted ends with AbortError, also where it was aborted before', async () => {
    const port = await serve(() => {});
    const controller = new AbortController();
    const failing = makeHandler().handle(requestOf(port), { abortSignal: controller.signal });
    controller.abort();
    await expect(failing).rejects.toMatchObject({ name: 'AbortError' });
    const late = makeHandler().handle(requestOf(port), { abortSignal: controller.signal });
    await expect(late).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('because the connection is lost ends with TimeoutError, after which the SDK tries again', async () => {
    const port = await serve((message) => message.socket.destroy());
    const failing = makeHandler().handle(requestOf(port));
    await expect(failing).rejects.toMatchObject({ name: 'TimeoutError', code: 'ECONNRESET' });
  });

  test('because nobody listens ends with the error of Node', async () => {
    const failing = makeHandler({ connectionTimeout: 500 }).handle(requestOf(1));
    await expect(failing).rejects.toMatchObject({ name: 'Error', code: 'ECONNREFUSED' });
  });
});

// Long enough for a busy machine to answer in.
const LIMIT_MS = 1000;

test('an answer in time is not ended by the limits, however long its body takes', async () => {
  const port = await serve((_, response) => {
    response.write('long');
    setTimeout(() => response.end(' body'), LIMIT_MS + 100);
  });
  const { response } = await makeHandler({ connectionTimeout: LIMIT_MS, requestTimeout: LIMIT_MS }).handle(
    requestOf(port),
  );
  expect(Buffer.from(await collectStream(response.body)).toString()).toBe('long body');
});

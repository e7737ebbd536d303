import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { createGracefulStop } from '../../../console/server/startConsole.ts';

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

interface Started {
  readonly server: Server;
  readonly stop: () => Promise<void>;
  /** Sends a string on a new connection. */
  readonly send: (text: string) => Promise<Socket>;
}

/** Resolves when the socket is closed, even by an error. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
    socket.resume();
  });
}

async function start(listener: RequestListener, timeoutMs?: number): Promise<Started> {
  const server = createServer(listener);
  const stop = createGracefulStop(server, timeoutMs);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const send = async (text: string) => {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => {});
    await Promise.all([once(server, 'connection'), once(socket, 'connect')]);
    if (text !== '') socket.write(text);
    return socket;
  };
  return { server, stop, send };
}

const HEAD = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n';

test.each([
  ['an idle connection', ''],
  ['a connection with incomplete headers', 'GET / HTTP/1.1\r\nHost: x\r\n'],
  ['a connection with an incomplete body', `${HEAD}\r\n{`],
])("%s doesn't prevent the server from stopping", async (_, text) => {
  const { stop, send } = await start(
    (request, response) =>
      void readText(request).then(
        () => response.end(),
        () => {},
      ),
  );
  const socket = await send(text);
  const isClosed = closed(socket);
  await stop();
  await isClosed;
});

test('a stopping server responds to a complete request before it closes the connection', async () => {
  let answer: (() => void) | undefined;
  const { server, stop, send } = await start((_, response) => {
    answer = () => response.end('done');
  });
  const requested = once(server, 'request');
  const socket = await send(`${HEAD}\r\nbody`);
  const got = readText(socket);
  await requested;
  let isStopped = false;
  const stopping = stop().then(() => (isStopped = true));
  await sleep(100);
  expect(isStopped).toBe(false);
  answer?.();
  await stopping;
  expect(await got).toMatch(/^HTTP\/1.1 200 OK[^]*done/);
});

test('a stopping server closes a connection whose response takes longer than the timeout', async () => {
  const { server, stop, send } = await start(() => {}, 50);
  const requested = once(server, 'request');
  const socket = await send(`${HEAD}\r\nbody`);
  const isClosed = closed(socket);
  await requested;
  await stop();
  await isClosed;
});

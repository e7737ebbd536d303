import { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { onShutdown } from '../../../lambda/shutdown.ts';

const stops: (() => void)[] = [];
afterEach(() => stops.splice(0).forEach((stop) => stop()));

/** Starts a Runtime API that accepts the extension, and never has an event for it. Returns its address. */
async function runtimeApi(received: IncomingMessage[], identifier?: string, ready?: Promise<void>): Promise<string> {
  const server = createServer(async (message, response) => {
    received.push(message);
    if (message.method === 'GET') return;
    await ready;
    response.writeHead(200, identifier === undefined ? {} : { 'Lambda-Extension-Identifier': identifier }).end('{}');
  });
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function processUnderTest() {
  const events: string[] = [];
  const process = Object.assign(new EventEmitter(), { exit: (code: number) => events.push(`exit ${code}`) });
  return { process: process as unknown as NodeJS.Process, events };
}

test('SIGTERM does the work, then ends the process', async () => {
  const { process, events } = processUnderTest();
  await onShutdown({ process, beforeExit: () => events.push('work'), runtimeApi: undefined });
  expect(events).toEqual([]);
  process.emit('SIGTERM');
  expect(events).toEqual(['work', 'exit 0']);
});

test('the function registers as an extension without events and waits for the next one', async () => {
  const received: IncomingMessage[] = [];
  const { process } = processUnderTest();
  await onShutdown({ process, beforeExit: () => {}, runtimeApi: await runtimeApi(received, 'id-1') });
  while (received.length < 2) await new Promise(setImmediate);
  expect(received.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'POST /2020-01-01/extension/register',
    'GET /2020-01-01/extension/event/next',
  ]);
  expect(received[0]?.headers['lambda-extension-name']).toBe('latchkey-usage');
  expect(received[1]?.headers['lambda-extension-identifier']).toBe('id-1');
});

test('the function starts without a response to its registration, and still waits for the next event after a late one', async () => {
  const received: IncomingMessage[] = [];
  const { process } = processUnderTest();
  let respond = () => {};
  const ready = new Promise<void>((resolve) => (respond = resolve));
  await onShutdown({ process, beforeExit: () => {}, runtimeApi: await runtimeApi(received, 'id-1', ready) });
  expect(received).toHaveLength(1);
  respond();
  while (received.length < 2) await new Promise(setImmediate);
  expect(received[1]?.url).toBe('/2020-01-01/extension/event/next');
});

test('the function starts if the Runtime API rejects the extension or is unreachable', async () => {
  const received: IncomingMessage[] = [];
  const { process } = processUnderTest();
  await onShutdown({ process, beforeExit: () => {}, runtimeApi: await runtimeApi(received) });
  await onShutdown({ process, beforeExit: () => {}, runtimeApi: '127.0.0.1:1' });
  expect(received).toHaveLength(1);
});

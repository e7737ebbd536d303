import { createServer, type RequestListener } from 'node:http';
import { setTimeout as sleepMs } from 'node:timers/promises';
import { afterEach, expect, jest, test } from '@jest/globals';
import { createKeyRegistry } from '../../../keys/createKeyRegistry.ts';
import { closeNow, listenOnLoopback } from '../../../local/loopback.ts';
import { LOCAL_AWS } from '../../support/cli.ts';

const REAL = { ...process.env };
afterEach(() => {
  jest.useRealTimers();
  process.env = { ...REAL };
});

test.each<[string, RequestListener]>([
  ['never responds', () => {}],
  ['never ends its response', (_, response) => response.writeHead(200, { 'content-length': 100 }).write('{')],
])('a registry with the default client throws an error within 30 s if the server %s', async (_, answer) => {
  Object.assign(process.env, LOCAL_AWS);
  const server = createServer(answer);
  const port = await listenOnLoopback(server, 0, 'the server');
  // Replaces the SDK's wait between retries. Connections are still made in real time.
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'Date', 'performance'] });
  const registry = createKeyRegistry({ tableName: 'keys', actor: 'tests', endpoint: `http://127.0.0.1:${port}` });
  const failures: unknown[] = [];
  void registry.list().catch((error: unknown) => failures.push(error));
  for (let waitedMs = 0; failures.length === 0 && waitedMs <= 30_000; waitedMs += 100) {
    await sleepMs(5);
    jest.advanceTimersByTime(100);
  }
  await closeNow(server);
  expect(failures).toMatchObject([{ code: 'STORE_UNAVAILABLE', cause: { name: 'TimeoutError' } }]);
});

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startConsole } from '../../../console/server/startConsole.ts';
import { KeyRegistry } from '../../../keys/registry.ts';
import { closeNow } from '../../../local/loopback.ts';
import { LocalDynamoDb } from '../../../local/table.ts';
import { foreignAddressesOpenAt } from '../../support/foreignAddresses.ts';
import { startGatewayProcess, type GatewayProcess } from '../../support/gateway.ts';
import { writeSampleStack } from './sampleStack.ts';

const getPort = (url: string) => Number(new URL(url).port);

test('the console accepts connections only on 127.0.0.1', async () => {
  const database = await LocalDynamoDb.start({ port: 0, dataDirectory: undefined });
  const { client, endpoint } = database;
  const location = { kind: 'local', tableName: 'keys', endpoint, region: 'us-east-1' } as const;
  const registry = new KeyRegistry({ client, tableName: 'keys', actor: 'alice' });
  const console = await startConsole({
    registry,
    location,
    actor: 'alice',
    isReadOnly: false,
    command: 'npm start',
    port: 0,
    note: () => {},
  });
  try {
    expect((await fetch(new URL('/', console.url))).status).toBe(200);
    expect(await foreignAddressesOpenAt(getPort(console.url))).toEqual([]);
  } finally {
    await console.stop();
    await database.stop();
  }
});

describe('a running local gateway', () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await startGatewayProcess(await writeSampleStack());
  });
  afterAll(() => gateway.stop());

  test.each<[string, (gateway: GatewayProcess) => string]>([
    ['the HTTP and WebSocket APIs', ({ url }) => url],
    ['DynamoDB', ({ endpoint }) => endpoint],
    ['the console', ({ consoleUrl }) => consoleUrl],
  ])('serves %s only on 127.0.0.1', async (_, getUrl) => {
    expect((await fetch(new URL('/', getUrl(gateway)))).status).toBeGreaterThanOrEqual(200);
    expect(await foreignAddressesOpenAt(getPort(getUrl(gateway)))).toEqual([]);
  });
});

test('foreignAddressesOpenAt finds a server at another address of this machine', async () => {
  // Some machines have only one of these addresses. Other machines can't reach either of them.
  const servers = await Promise.all(['127.0.0.2', '::1'].map(listenAt));
  const started = servers.filter((server) => server !== undefined);
  expect(started).not.toEqual([]);
  for (const { server, address, port } of started) {
    expect(await foreignAddressesOpenAt(port)).toContain(address);
    await closeNow(server);
  }
});

/** Starts a server. Returns `undefined` if the machine does not have the address. */
async function listenAt(address: string) {
  const server = createServer();
  server.listen(0, address);
  return once(server, 'listening').then(
    () => ({ server, address, port: (server.address() as AddressInfo).port }),
    () => undefined,
  );
}

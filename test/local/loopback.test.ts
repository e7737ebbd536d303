import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startConsole } from '../../console/server/startConsole.ts';
import { KeyRegistry } from '../../keys/registry.ts';
import { closeNow } from '../../local/gatewayServer.ts';
import { LocalDynamoDb } from '../../local/table.ts';
import { foreignAddressesOpenAt } from '../support/foreignAddresses.ts';
import { startGateway, type Gateway } from '../support/gateway.ts';
import { writeSampleStack } from './sampleStack.ts';

const portOf = (url: string) => Number(new URL(url).port);

test('the console accepts connections on 127.0.0.1 alone', async () => {
  const database = await LocalDynamoDb.start({ port: 0, dataDirectory: undefined });
  const { client, endpoint } = database;
  const location = { kind: 'local', tableName: 'keys', endpoint, region: 'us-east-1' } as const;
  const registry = new KeyRegistry({ client, tableName: 'keys', actor: 'alice' });
  const console = await startConsole({
    registry,
    location,
    actor: 'alice',
    isReadOnly: false,
    port: 0,
    note: () => {},
  });
  try {
    expect((await fetch(new URL('/', console.url))).status).toBe(200);
    expect(await foreignAddressesOpenAt(portOf(console.url))).toEqual([]);
  } finally {
    await console.stop();
    await database.stop();
  }
});

describe('a running local gateway', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ template: await writeSampleStack() });
  });
  afterAll(() => gateway.stop());

  test.each<[string, (gateway: Gateway) => string]>([
    ['its HTTP and WebSocket APIs', ({ url }) => url],
    ['its DynamoDB', ({ endpoint }) => endpoint],
    ['its console', ({ consoleUrl }) => consoleUrl],
  ])('serves %s on 127.0.0.1 alone', async (_, urlOf) => {
    expect((await fetch(new URL('/', urlOf(gateway)))).status).toBeGreaterThanOrEqual(200);
    expect(await foreignAddressesOpenAt(portOf(urlOf(gateway)))).toEqual([]);
  });
});

test.each([['0.0.0.0'], [undefined]])(
  'a server that listens on %p, which is every interface, is found at another address',
  async (host) => {
    const server = createServer().listen({ port: 0, host });
    await once(server, 'listening');
    const found = await foreignAddressesOpenAt((server.address() as AddressInfo).port);
    await closeNow(server);
    expect(found).not.toEqual([]);
  },
);

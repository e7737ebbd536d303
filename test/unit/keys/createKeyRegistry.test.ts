import { createServer, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createKeyRegistry } from '../../../keys/registry.ts';
import { closeNow, listenOnLoopback } from '../../../local/gatewayServer.ts';
import { answeringClient, itemOnWire } from '../../support/answeringClient.ts';
import { makeKey, NOW_MS } from '../../support/keys.ts';

const { record, secret } = makeKey();
const BODY = { Item: itemOnWire(record) };
const OPTIONS = { tableName: 'keys', actor: 'tests' };
const REAL = { ...process.env };

const seen: IncomingMessage[] = [];
const server = createServer((request, response) => {
  seen.push(request);
  response.end(JSON.stringify(BODY));
});
let endpoint: string;

beforeEach(async () => {
  seen.length = 0;
  const port = await listenOnLoopback(server, 0, 'the server');
  endpoint = `http://127.0.0.1:${port}`;
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
});
afterEach(async () => {
  process.env = { ...REAL };
  await closeNow(server);
});

/** The Region that the one request was signed for. */
function signedRegion(): string | undefined {
  expect(seen).toHaveLength(1);
  return seen[0]?.headers.authorization?.split('/')[2];
}

describe('createKeyRegistry', () => {
  test('asks the endpoint that is given, for the Region that is given', async () => {
    Object.assign(process.env, { AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: 'http://127.0.0.1:9' });
    const registry = createKeyRegistry({ ...OPTIONS, endpoint, region: 'eu-north-1' });
    expect(await registry.find(secret)).toEqual(record);
    expect(signedRegion()).toBe('eu-north-1');
  });

  test('asks as the AWS SDK finds them where none is given', async () => {
    Object.assign(process.env, { AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: endpoint });
    expect(await createKeyRegistry(OPTIONS).find(secret)).toEqual(record);
    expect(signedRegion()).toBe('eu-west-1');
  });

  test('asks by the client that is given, and as who acts', async () => {
    const client = answeringClient(() => ({ body: BODY }));
    const registry = createKeyRegistry({ ...OPTIONS, client, endpoint, now: () => NOW_MS });
    expect(await registry.find(secret)).toEqual(record);
    expect(seen).toEqual([]);
    expect(registry.prepare({ label: 'x' }).record).toMatchObject({
      createdBy: 'tests',
      createdAt: '2030-06-15T12:00:00.000Z',
    });
  });
});

import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createKeyVerifier } from '../../../lambda/createKeyVerifier.ts';
import { createTestKey } from '../../../testing/createTestKey.ts';

const ENVIRONMENT = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local', AWS_REGION: 'eu-north-1' };

let requests: IncomingMessage[];
let server: Server;
let endpoint: string;
let before: NodeJS.ProcessEnv;
beforeEach(async () => {
  before = { ...process.env };
  Object.assign(process.env, ENVIRONMENT);
  requests = [];
  // Accepts requests, but never responds.
  server = createServer((request) => requests.push(request));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  process.env = before;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** The Regions in the requests' signatures. */
const regions = () => requests.map(({ headers }) => headers.authorization?.split('/')[2]);

test('createKeyVerifier sends two requests to the given endpoint and Region before it reports a fault', async () => {
  const verifier = createKeyVerifier({ tableName: 'keys', region: 'eu-west-1', endpoint });
  await expect(verifier.verify(createTestKey().secret)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(regions()).toEqual(['eu-west-1', 'eu-west-1']);
});

test("createKeyVerifier uses the AWS SDK's endpoint and Region by default", async () => {
  process.env['AWS_ENDPOINT_URL_DYNAMODB'] = endpoint;
  server.removeAllListeners('request').on('request', (request, response) => {
    requests.push(request);
    response.end('{}');
  });
  const verifier = createKeyVerifier({ tableName: 'keys' });
  expect(await verifier.verify(createTestKey().secret)).toMatchObject({ effect: 'deny', code: 'INVALID_KEY' });
  expect(regions()).toEqual(['eu-north-1']);
});

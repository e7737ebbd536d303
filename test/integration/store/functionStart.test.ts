import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import { closeNow, listenOnLoopback } from '../../../local/loopback.ts';
import { restRequestEvent } from '../../../testing/authorizerEvents.ts';
import { BUNDLE, functionEnvironment, logLines, startFunction } from '../../support/bundledFunction.ts';
import { bearing, UNKNOWN } from '../../support/functionCases.ts';

interface Asked {
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The caller's port. */
  readonly port: number | undefined;
}

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function listen(server: Server): Promise<string> {
  stops.push(() => closeNow(server));
  return `http://127.0.0.1:${await listenOnLoopback(server, 0, 'the server under test')}`;
}

/** Starts an HTTP server that answers each request with this JSON. Returns its URL and the received requests. */
async function startServer(answer: object = {}) {
  const asked: Asked[] = [];
  const server = createServer((message, response) => {
    void answerTo(message, response);
  });
  async function answerTo(message: IncomingMessage, response: ServerResponse) {
    asked.push({
      path: message.url,
      headers: message.headers,
      body: await text(message),
      port: message.socket.remotePort,
    });
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }
  return { url: await listen(server), asked };
}

async function start(endpoint: string, settings: Record<string, string> = {}) {
  const running = await startFunction(endpoint, settings);
  stops.push(running.stop);
  return running;
}

const EVENT = restRequestEvent(bearing(UNKNOWN));
const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
const NOT_PRIMED = { LATCHKEY_PRIME: 'false' };

describe('priming', () => {
  test('reads an impossible hash once before the function is ready', async () => {
    const { url, asked } = await startServer();
    await start(url);
    expect(asked.map(({ body }) => JSON.parse(body))).toEqual([
      { TableName: 'keys', Key: { keyHash: { S: '0'.repeat(64) } } },
    ]);
  });

  test("doesn't happen if it is turned off", async () => {
    const { url, asked } = await startServer();
    await start(url, NOT_PRIMED);
    expect(asked).toEqual([]);
  });

  test("doesn't prevent the function's initialization if it cannot connect", async () => {
    const running = await start('http://127.0.0.1:1');
    await running.stop();
    expect(logLines(running.output())).toEqual([]);
  });

  test("doesn't prevent the function's initialization if DynamoDB never responds", async () => {
    let requests = 0;
    const url = await listen(createServer(() => (requests += 1)));
    const running = await start(url);
    expect(requests).toBeGreaterThan(0);
    expect(logLines(running.output())).toEqual([]);
  }, 15_000);
});

describe('the credentials of the function', () => {
  test('come with their session token from the environment variables', async () => {
    const { url, asked } = await startServer();
    await start(url, { AWS_ACCESS_KEY_ID: 'AKIDENV', AWS_SESSION_TOKEN: 'session' });
    expect(asked[0]?.headers.authorization).toContain('Credential=AKIDENV/');
    expect(asked[0]?.headers['x-amz-security-token']).toBe('session');
  });

  test('come from one request to Lambda’s credentials endpoint if the environment variables lack them', async () => {
    const { url, asked } = await startServer();
    const Expiration = new Date(Date.now() + 3_600_000).toISOString();
    const credentials = await startServer({
      AccessKeyId: 'AKIDSERVED',
      SecretAccessKey: 'secret',
      Token: 'served',
      Expiration,
    });
    const running = await start(url, {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${credentials.url}/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 'token',
    });
    await running.invoke(EVENT);
    expect(asked.map(({ headers }) => headers['x-amz-security-token'])).toEqual(['served', 'served']);
    expect(asked[0]?.headers.authorization).toContain('Credential=AKIDSERVED/');
    expect(credentials.asked.map(({ headers }) => headers.authorization)).toEqual(['token']);
  });

  test('come from a request with the token in the file that Lambda sets', async () => {
    const { url } = await startServer();
    const Expiration = new Date(Date.now() + 3_600_000).toISOString();
    const served = { AccessKeyId: 'AKIDSERVED', SecretAccessKey: 'secret', Token: 'served', Expiration };
    const credentials = await startServer(served);
    const directory = mkdtempSync(join(tmpdir(), 'latchkey-'));
    stops.push(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, 'token'), 'from a file');
    await start(url, {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${credentials.url}/credentials?for=latchkey`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: join(directory, 'token'),
    });
    expect(credentials.asked.map(({ headers }) => headers.authorization)).toEqual(['from a file']);
    expect(credentials.asked.map(({ path }) => path)).toEqual(['/credentials?for=latchkey']);
  });

  test('cause a failed read if they are missing', async () => {
    const { url, asked } = await startServer();
    const running = await start(url, { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' });
    expect(await running.invoke(EVENT)).toMatchObject({ errorMessage: expect.stringContaining('read failed') });
    expect(asked).toEqual([]);
  });
});

describe('the endpoint of DynamoDB', () => {
  test("comes from AWS_ENDPOINT_URL if AWS_ENDPOINT_URL_DYNAMODB isn't set", async () => {
    const { url, asked } = await startServer();
    const running = await start('', { ...NOT_PRIMED, AWS_ENDPOINT_URL: url });
    await running.invoke(EVENT);
    expect(asked).toHaveLength(1);
  });

  test('comes from AWS_ENDPOINT_URL_DYNAMODB even if AWS_ENDPOINT_URL is set', async () => {
    const { url, asked } = await startServer();
    const running = await start(url, { ...NOT_PRIMED, AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
    await running.invoke(EVENT);
    expect(asked).toHaveLength(1);
  });

  test.each([
    ["AWS's endpoint", {}, 'https://dynamodb.us-east-1.amazonaws.com'],
    ["AWS's endpoint in another Region", { AWS_REGION: 'eu-west-1' }, 'https://dynamodb.eu-west-1.amazonaws.com'],
    ['the FIPS endpoint', { AWS_USE_FIPS_ENDPOINT: 'true' }, 'https://dynamodb-fips.us-east-1.amazonaws.com'],
    ['the dual-stack endpoint', { AWS_USE_DUALSTACK_ENDPOINT: 'true' }, 'https://dynamodb.us-east-1.api.aws'],
    [
      "AWS's endpoint if configured endpoints are ignored",
      { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' },
      'https://dynamodb.us-east-1.amazonaws.com',
    ],
  ])('resolves to %s', async (_, settings, url) => {
    const { createFunctionClient } = await import('../../../lambda/client.ts');
    const { config } = createFunctionClient({ AWS_REGION: 'us-east-1', ...settings });
    const parameters = {
      Region: await config.region(),
      Endpoint: config.isCustomEndpoint ? 'http://127.0.0.1:1' : undefined,
      UseFIPS: await config.useFipsEndpoint(),
      UseDualStack: await config.useDualstackEndpoint(),
    };
    expect(new URL(config.endpointProvider(parameters).url).href).toBe(`${url}/`);
  });

  test("isn't read from the configuration file of the AWS CLI", async () => {
    const { url, asked } = await startServer();
    const directory = mkdtempSync(join(tmpdir(), 'latchkey-'));
    stops.push(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'config');
    writeFileSync(file, '[default]\nendpoint_url = http://127.0.0.1:1\nuse_fips_endpoint = true\nregion = eu-west-1\n');
    const running = await start(url, { ...NOT_PRIMED, AWS_CONFIG_FILE: file });
    await running.invoke(EVENT);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.headers.authorization).toContain('/us-east-1/dynamodb/');
  });
});

describe('a request to DynamoDB', () => {
  test('has its own id on the connection of the previous request', async () => {
    const { url, asked } = await startServer();
    const running = await start(url);
    await running.invoke(EVENT);
    const ids = asked.map(({ headers }) => String(headers['amz-sdk-invocation-id']));
    expect(ids).toEqual([expect.stringMatching(UUID), expect.stringMatching(UUID)]);
    expect(new Set(ids).size).toBe(2);
    expect(new Set(asked.map(({ port }) => port)).size).toBe(1);
  });
});

describe("the function's initialization", () => {
  // The function never uses these modules of Node. The SDK can use them.
  test.each([
    ['WebCrypto', 'internal/crypto/webcrypto'],
    ['file streams', 'internal/fs/streams'],
    ['HTTP/2', 'http2'],
  ])("doesn't load %s", (_, name) => {
    expect(modulesLoadedFor('http://127.0.0.1:1')).not.toContain(`NativeModule ${name}`);
  });

  test("loads TLS for AWS's own endpoint before the first request", () => {
    expect(modulesLoadedFor('')).toContain('NativeModule tls');
  });
});

/** Returns Node's own modules that are loaded together with the function. */
function modulesLoadedFor(endpoint: string): readonly string[] {
  const tell = 'process.stdout.write(JSON.stringify(list))';
  const script = `await import('${pathToFileURL(BUNDLE).href}'); const list = process.moduleLoadList; ${tell}`;
  const told = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    env: functionEnvironment(endpoint, NOT_PRIMED),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return JSON.parse(told);
}

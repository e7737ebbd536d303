import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { CommanderError } from 'commander';
import { WebSocket } from 'ws';
import { generateSecret } from '../../../keys/secret.ts';
import { GatewayServer, type ServedRequest } from '../../../local/gatewayServer.ts';
import { parseOptions } from '../../../local/options.ts';
import {
  startGateway,
  startGatewayProcess,
  writeTemplateVariant,
  type Gateway,
  type GatewayProcess,
} from '../../support/gateway.ts';
import { writeSampleStack } from './sampleStack.ts';

const running: (Gateway | GatewayProcess)[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()));
});

async function start(options: Parameters<typeof startGateway>[0] & object = {}): Promise<Gateway> {
  const gateway = await startGateway({ template: await writeSampleStack(), ...options });
  running.push(gateway);
  return gateway;
}

async function npmStart(...args: readonly string[]): Promise<GatewayProcess> {
  const gateway = await startGatewayProcess(await writeSampleStack(), args);
  running.push(gateway);
  return gateway;
}

const get = (gateway: Gateway, path: string, token: string) =>
  fetch(new URL(path, gateway.url), { headers: { authorization: `Bearer ${token}` } });

test('npm start serves an API of each type', async () => {
  const gateway = await npmStart();
  expect(gateway.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/rest\/token$/);
  expect(gateway.key).toMatch(/^sk_[0-9A-Za-z]{49}$/);
  expect((await get(gateway, '/rest/token', 'allow')).status).toBe(201);
  expect((await get(gateway, '/http/echo', 'allow')).status).toBe(201);
  const socket = new WebSocket(gateway.webSocketUrl, { headers: { authorization: 'Bearer allow' } });
  await once(socket, 'open');
  socket.close();
  expect((await get(gateway, '/other/echo', 'allow')).status).toBe(404);
  expect(JSON.parse(readFileSync(gateway.noteFile, 'utf8'))).toEqual({
    url: new URL(gateway.url).origin,
    endpoint: gateway.endpoint,
    tableName: 'Keys',
    region: 'us-east-1',
    pid: gateway.pid,
    acceptedKeys: 'sk_',
  });
  expect(statSync(gateway.noteFile).mode & 0o777).toBe(0o600);
});

test('npm start -- --json prints the URLs with the key, then each request', async () => {
  const gateway = await npmStart();
  await get(gateway, `/rest/token?api_key=${gateway.key}`, 'deny');
  while (gateway.printed().length < 2) await sleep(5);
  const { origin, host } = new URL(gateway.url);
  expect(gateway.printed()).toEqual([
    {
      urls: {
        rest: `${origin}/rest/token`,
        http: `${origin}/http/echo`,
        ws: `ws://${host}/ws/`,
        console: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/start\?token=/),
      },
      key: gateway.key,
    },
    { method: 'GET', path: '/rest/token', status: 403, durationMs: expect.any(Number), code: 'NO' },
  ]);
  const opened = await fetch(gateway.consoleUrl, { redirect: 'manual' });
  const cookie = opened.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const listed = await fetch(new URL('/api/keys', gateway.consoleUrl), { headers: { cookie } });
  const shown = { label: 'demo', keyPrefix: gateway.key.slice(0, 11) };
  expect(JSON.parse(await listed.text()).records).toMatchObject([shown]);
});

describe('the gateway reports', () => {
  const served: ServedRequest[] = [];
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({
      template: await writeSampleStack(),
      onRequest: (request) => served.push(request),
    });
  });
  afterAll(() => gateway.stop());
  beforeEach(() => {
    served.length = 0;
  });

  /** Waits for the report of one request. */
  async function reported(): Promise<ServedRequest | undefined> {
    while (served.length === 0) await sleep(5);
    return served[0];
  }

  test.each([
    ['/rest/token', 'allow', 201, undefined],
    ['/rest/token', 'deny', 403, 'NO'],
    ['/rest/token', 'unauthorized', 401, 'AUTH_REQUIRED'],
    ['/rest/token', 'almost', 500, 'AUTHORIZER_CONFIGURATION_ERROR'],
    ['/rest/nothing', 'allow', 403, 'MISSING_AUTHENTICATION_TOKEN'],
    ['/http/echo', 'allow', 201, undefined],
    ['/http/echo', 'deny', 403, 'NO'],
    ['/http/echo', 'unauthorized', 401, 'AUTH_REQUIRED'],
    ['/http/nothing', 'allow', 404, undefined],
    ['/other', 'allow', 404, undefined],
  ])('a request to %s with the token %s, the status %i and the code %s', async (path, token, status, code) => {
    await get(gateway, `${path}?api_key=${gateway.key}`, token);
    expect(await reported()).toEqual({
      method: 'GET',
      path,
      statusCode: status,
      durationMs: expect.any(Number),
      code,
      keyId: undefined,
      label: undefined,
    });
  });

  test.each([
    ['allow', 101, undefined],
    ['deny', 403, 'NO'],
  ])('a WebSocket connection with the token %s, the status %i and the code %s', async (token, status, code) => {
    const socket = new WebSocket(gateway.webSocketUrl, { headers: { authorization: `Bearer ${token}` } });
    socket.on('error', () => {});
    expect(await reported()).toMatchObject({ method: 'GET', path: '/ws/', statusCode: status, code });
    socket.terminate();
  });
});

test('the gateway’s state file contains the local revocation delay if the stack outputs one', async () => {
  const template = await writeTemplateVariant(
    (json) => Object.assign(json, { Outputs: { RevocationDelaySeconds: { Value: '60' } } }),
    await writeSampleStack(),
  );
  const { noteFile } = await start({ template });
  expect(JSON.parse(readFileSync(noteFile, 'utf8'))).toMatchObject({ revocationDelaySeconds: 5 });
});

test.each([
  [{ LATCHKEY_KEY_PREFIXES: 'live_' }, 'live_'],
  [{ LATCHKEY_KEY_PREFIXES: 'live_', LATCHKEY_EXTERNAL_KEYS: 'true' }, 'live_,any'],
])('the gateway’s state file contains the accepted keys for the settings %j', async (settings, acceptedKeys) => {
  const template = await writeTemplateVariant(
    ({ Resources }) => {
      for (const { Type, Properties } of Object.values(Resources)) {
        if (Type !== 'AWS::Lambda::Function') continue;
        const { Environment } = Properties as { Environment?: { Variables?: object } };
        Object.assign(Properties ?? {}, { Environment: { Variables: { ...Environment?.Variables, ...settings } } });
      }
    },
    await writeSampleStack(),
  );
  const { noteFile } = await start({ template });
  expect(JSON.parse(readFileSync(noteFile, 'utf8'))).toMatchObject({ acceptedKeys });
});

test('the gateway’s state file contains any as the accepted keys with acceptExternalKeys', async () => {
  const { noteFile } = await start({ acceptExternalKeys: true });
  expect(JSON.parse(readFileSync(noteFile, 'utf8'))).toMatchObject({ acceptedKeys: 'sk_,any' });
});

test('two gateways can run at the same time', async () => {
  const template = await writeTemplateVariant(
    ({ Resources }) => {
      Object.assign(Resources['Stage']?.Properties ?? {}, { StageName: 'other' });
    },
    await writeSampleStack(),
  );
  const [one, other] = await Promise.all([start(), start({ template })]);
  const getEvent = async (gateway: Gateway) => (await get(gateway, '/rest/token', 'allow')).json();
  expect(await getEvent(one)).toMatchObject({ requestContext: { stage: 'prod' } });
  expect(await getEvent(other)).toMatchObject({ requestContext: { stage: 'other' } });
});

test('npm start exits with 0 on SIGTERM despite open connections', async () => {
  const gateway = await npmStart();
  const socket = new WebSocket(gateway.webSocketUrl, { headers: { authorization: 'Bearer allow' } });
  await once(socket, 'open');
  const halfOpen = new WebSocket(gateway.webSocketUrl, { headers: { authorization: 'Bearer slow' } });
  halfOpen.on('error', () => {});
  const pending = get(gateway, '/rest/token', 'spin').catch(() => undefined);
  const noteFile = gateway.noteFile;
  expect(await gateway.stop()).toBe(0);
  expect(existsSync(noteFile)).toBe(false);
  await pending;
});

test('--data keeps the table and the demo key between two runs', async () => {
  const dataDirectory = join(mkdtempSync(join(tmpdir(), 'latchkey-data-')), 'new');
  const first = await start({ dataDirectory });
  await running.pop()?.stop();
  const second = await start({ dataDirectory });
  expect(second.key).toBe(first.key);
  const response = await fetch(second.endpoint, {
    method: 'POST',
    headers: {
      'x-amz-target': 'DynamoDB_20120810.Scan',
      'content-type': 'application/x-amz-json-1.0',
      authorization:
        'AWS4-HMAC-SHA256 Credential=local/20300101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=x',
      'x-amz-date': '20300101T000000Z',
    },
    body: JSON.stringify({ TableName: second.tableName, Select: 'COUNT' }),
  });
  expect(await response.json()).toMatchObject({ Count: 1 });
});

describe('npm start', () => {
  const run = (...args: string[]) => {
    const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'local/main.ts', ...args], {
      encoding: 'utf8',
    });
    return { status, lines: stderr.trim().split('\n') };
  };

  test('exits 2 without repeating a key in an unknown option', () => {
    const key = generateSecret('sk_');
    const { status, lines } = run(`--${key}`);
    expect(status).toBe(2);
    expect(lines).toEqual([expect.stringContaining('unknown option')]);
    expect(lines.join('')).not.toContain(key);
  });

  test('exits 1 if the port of the console is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const { status, lines } = run('--port', '0', '--console-port', String(port));
    server.close();
    expect(status).toBe(1);
    expect(lines).toEqual([
      `--console-port: cannot listen on port ${port}: it is in use; pass another port, or 0 for a free one`,
    ]);
  });
});

test('the gateway names --port if its port is in use', async () => {
  const server = new GatewayServer({ writeLog: () => {}, now: Date.now, onServed: () => {} });
  const other = new GatewayServer({ writeLog: () => {}, now: Date.now, onServed: () => {} });
  const { port } = new URL(await server.listen(0));
  await expect(other.listen(Number(port))).rejects.toMatchObject({
    code: 'PORT_UNUSABLE',
    message: `--port: cannot listen on port ${port}: it is in use; pass another port, or 0 for a free one`,
  });
  await server.stop();
});

test.each([
  ['--port', 'x', "'x'"],
  ['--port', '65536', '65535'],
  ['--db-port', '-1', '--db-port'],
  ['--console-port', '65536', '--console-port'],
  ['--unknown', '1', '--unknown'],
])('parseOptions rejects %s %s with an error that contains %s', (option, value, named) => {
  const written = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    expect(() => parseOptions([option, value], '/project')).toThrow(CommanderError);
    expect(written.mock.calls).toEqual([[expect.stringContaining(named)]]);
  } finally {
    written.mockRestore();
  }
});

test.each([
  [[], { port: 3000, consolePort: 3001, json: false, acceptExternalKeys: false }],
  [['--console-port', '0'], { consolePort: 0 }],
  [['--no-console', '--console-port', '1'], { consolePort: undefined }],
  [['--json', '--accept-external-keys'], { json: true, acceptExternalKeys: true }],
])('parseOptions parses %j', (args, expected) => {
  expect(parseOptions(args, '/project')).toMatchObject(expected);
});

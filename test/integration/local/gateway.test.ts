import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { CommanderError } from 'commander';
import { WebSocket } from 'ws';
import { generateSecret } from '../../../keys/secret.ts';
import { parseOptions } from '../../../local/gateway.ts';
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

async function start(template?: string, dataDirectory?: string): Promise<Gateway> {
  const gateway = await startGateway(template ?? (await writeSampleStack()), dataDirectory);
  running.push(gateway);
  return gateway;
}

async function npmStart(template?: string): Promise<GatewayProcess> {
  const gateway = await startGatewayProcess(template ?? (await writeSampleStack()));
  running.push(gateway);
  return gateway;
}

const get = (gateway: Gateway, path: string, token: string) =>
  fetch(new URL(path, gateway.url), { headers: { authorization: `Bearer ${token}` } });

test('npm start serves an API of each type', async () => {
  const gateway = await npmStart();
  expect(gateway.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/rest\/whoami$/);
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

test('npm start prints the URL of a console for the served table', async () => {
  const { consoleUrl, key } = await npmStart();
  const opened = await fetch(consoleUrl, { redirect: 'manual' });
  const cookie = opened.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const listed = await fetch(new URL('/api/keys', consoleUrl), { headers: { cookie } });
  expect(JSON.parse(await listed.text()).records).toMatchObject([{ label: 'demo', keyPrefix: key.slice(0, 11) }]);
});

test('npm start prints the URL of the WebSocket API only if the stack has one', async () => {
  const withOne = await npmStart();
  expect(withOne.banner).toContain(
    `\nThe WebSocket API needs the same header and echoes messages: ${withOne.webSocketUrl}\n\nCtrl-C`,
  );
  const template = await writeTemplateVariant(
    ({ Resources }) => {
      for (const id of Object.keys(Resources)) if (id.startsWith('Ws')) delete Resources[id];
    },
    await writeSampleStack(),
  );
  expect((await npmStart(template)).banner).not.toContain('ws://');
});

test('the gateway’s state file contains the revocation delay if the stack outputs it', async () => {
  const template = await writeTemplateVariant(
    (json) => Object.assign(json, { Outputs: { RevocationDelaySeconds: { Value: '60' } } }),
    await writeSampleStack(),
  );
  const { noteFile } = await start(template);
  expect(JSON.parse(readFileSync(noteFile, 'utf8'))).toMatchObject({ revocationDelaySeconds: 60 });
});

test.each([
  [{ LATCHKEY_KEY_PREFIX: 'live_' }, 'live_'],
  [{ LATCHKEY_KEY_PREFIX: 'live_', LATCHKEY_ACCEPT_FOREIGN_KEYS: 'true' }, 'any'],
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
  const { noteFile } = await start(template);
  expect(JSON.parse(readFileSync(noteFile, 'utf8'))).toMatchObject({ acceptedKeys });
});

test('two gateways can run at the same time', async () => {
  const template = await writeTemplateVariant(
    ({ Resources }) => {
      Object.assign(Resources['Stage']?.Properties ?? {}, { StageName: 'other' });
    },
    await writeSampleStack(),
  );
  const [one, other] = await Promise.all([start(), start(template)]);
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

test('--data keeps the table between two runs', async () => {
  const dataDirectory = join(mkdtempSync(join(tmpdir(), 'latchkey-data-')), 'new');
  const first = await start(undefined, dataDirectory);
  await running.pop()?.stop();
  const second = await start(undefined, dataDirectory);
  expect(second.key).not.toBe(first.key);
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
  expect(await response.json()).toMatchObject({ Count: 2 });
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

  test('exits 1 if the port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const { status, lines } = run('--port', String(port));
    server.close();
    expect(status).toBe(1);
    expect(lines).toEqual([expect.stringContaining(`--port: cannot listen on port ${port}`)]);
  });
});

test.each([
  ['--port', 'x', "'x'"],
  ['--port', '65536', '65535'],
  ['--db-port', '-1', '--db-port'],
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

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateSecret } from '../../keys/secret.ts';
import { BUNDLE, functionEnvironment, logLines } from '../support/bundledFunction.ts';
import { startFunctionTable, type FunctionTable } from '../support/functionTable.ts';
import { makeKey } from '../support/keys.ts';

/** The folder in which `serverlessOffline.sh` installed the Serverless Framework and serverless-offline. */
const INSTALLED = process.env['LATCHKEY_SERVERLESS_OFFLINE'] ?? '';

const ACTIVE = makeKey({ id: 'active' });
const READER = makeKey({ id: 'reader', scopes: ['read'] });
const WRITER = makeKey({ id: 'writer', scopes: ['write'] });
const REVOKED = makeKey({ id: 'revoked', revokedAt: '2026-01-01T00:00:00.000Z' });
const SCOPES = JSON.stringify({ read: ['GET /*'], write: ['POST /*'] });

/** One authorizer of each kind, and the path of its route. */
const KINDS = [
  ['a TOKEN authorizer', '/dev/token'],
  ['a REQUEST authorizer', '/dev/request'],
  ['an HTTP API authorizer of payload 1.0', '/v1'],
  ['an HTTP API authorizer of payload 2.0 with a policy', '/policy'],
  ['an HTTP API authorizer of payload 2.0 with a simple response', '/simple'],
] as const;

const WHOAMI = `export const handler = async ({ requestContext: { authorizer } }) =>
  ({ statusCode: 200, body: JSON.stringify(authorizer.lambda ?? authorizer) });`;

interface Offline {
  readonly url: string;
  /** Returns the output so far. */
  readonly output: () => string;
  readonly stop: () => Promise<void>;
}

let table: FunctionTable;
let offline: Offline;

beforeAll(async () => {
  table = await startFunctionTable(...[ACTIVE, READER, WRITER, REVOKED].map(({ record }) => record));
  offline = await startServerlessOffline(table.endpoint);
}, 120_000);

afterAll(async () => {
  await offline?.stop();
  await table?.stop();
});

async function request(path: string, authorization?: string): Promise<{ status: number; body: unknown }> {
  const headers = authorization === undefined ? {} : { authorization };
  const response = await fetch(offline.url + path, { headers });
  return { status: response.status, body: await response.json() };
}

describe.each(KINDS)('serverless-offline with %s', (_, path) => {
  test.each([
    ['an active key', ACTIVE],
    ['a key whose scope covers the route', READER],
  ])('passes the id and label of %s to the integration', async (__, { secret, record }) => {
    const answer = await request(path, `Bearer ${secret}`);
    expect(answer).toMatchObject({ status: 200, body: { keyId: record.id, label: record.label } });
  });

  test.each([
    ['a missing key', undefined],
    ['another scheme', 'Basic dXNlcjpwYXNz'],
  ])('responds with 401 to a request with %s', async (__, authorization) => {
    expect(await request(path, authorization)).toMatchObject({ status: 401 });
  });

  test.each([
    ['a malformed key', 'sk_nonsense'],
    ['an unknown key', generateSecret('sk_')],
    ['a revoked key', REVOKED.secret],
    ["a key whose scopes don't cover the route", WRITER.secret],
  ])('responds with 403 to a request with %s', async (__, secret) => {
    expect(await request(path, `Bearer ${secret}`)).toMatchObject({ status: 403 });
  });
});

test('the authorizer behind serverless-offline stores the last use of a key', async () => {
  expect(await table.lastUsedAt(ACTIVE.record)).toEqual(expect.any(String));
});

// The last test, because it stops the table. API Gateway responds to a fault with 500. serverless-offline responds to
// each error that an authorizer throws with 401.
test('the authorizer behind serverless-offline logs STORE_UNAVAILABLE if the table is down', async () => {
  await table.stop();
  expect(await request('/policy', `Bearer ${generateSecret('sk_')}`)).toMatchObject({ status: 401 });
  const faults = logLines(offline.output()).filter(({ message }) => message === 'fault');
  expect(faults.map(({ code }) => code)).toEqual(['STORE_UNAVAILABLE']);
});

async function startServerlessOffline(endpoint: string): Promise<Offline> {
  const directory = await mkdtemp(join(tmpdir(), 'latchkey-offline-'));
  const [httpPort = 0, lambdaPort = 0] = await freePorts();
  await cp(dirname(BUNDLE), join(directory, 'authorizer'), { recursive: true });
  await symlink(join(INSTALLED, 'node_modules'), join(directory, 'node_modules'));
  await writeFile(join(directory, 'whoami.mjs'), WHOAMI);
  await writeFile(join(directory, 'serverless.json'), JSON.stringify(service({ endpoint, httpPort, lambdaPort })));
  const child = spawn(process.execPath, [join(INSTALLED, 'node_modules/serverless/bin/serverless.js'), 'offline'], {
    cwd: directory,
    // Without the user's login, AWS profiles and telemetry.
    env: {
      ...functionEnvironment(endpoint),
      PATH: process.env['PATH'],
      HOME: directory,
      CI: 'true',
      SLS_TELEMETRY_DISABLED: '1',
      SLS_NOTIFICATIONS_MODE: 'off',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = async () => {
    await end(child);
    await rm(directory, { recursive: true, force: true });
  };
  const output = await whenReady(child).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { url: `http://127.0.0.1:${httpPort}`, output, stop };
}

interface ServiceOptions {
  readonly endpoint: string;
  readonly httpPort: number;
  readonly lambdaPort: number;
}

/** Returns the configuration of a service with all kinds of authorizers. */
function service({ endpoint, httpPort, lambdaPort }: ServiceOptions): object {
  const handler = 'authorizer/index.handler';
  const httpAuthorizer = (functionName: string, payloadVersion: string, enableSimpleResponses = false) => ({
    type: 'request',
    functionName,
    identitySource: '$request.header.Authorization',
    payloadVersion,
    ...(enableSimpleResponses && { enableSimpleResponses }),
  });
  const restAuthorizer = (type: string) => ({
    name: 'authorizer',
    type,
    identitySource: 'method.request.header.Authorization',
    resultTtlInSeconds: 0,
  });
  return {
    service: 'keys',
    frameworkVersion: '3',
    configValidationMode: 'error',
    plugins: ['serverless-offline'],
    provider: {
      name: 'aws',
      runtime: 'nodejs20.x',
      region: 'us-east-1',
      stage: 'dev',
      environment: { ...functionEnvironment(endpoint, { LATCHKEY_SCOPES: SCOPES }) },
      httpApi: {
        authorizers: {
          v1: httpAuthorizer('authorizer', '1.0'),
          policy: httpAuthorizer('authorizer', '2.0'),
          simple: httpAuthorizer('simpleAuthorizer', '2.0', true),
        },
      },
    },
    functions: {
      authorizer: { handler },
      simpleAuthorizer: { handler, environment: { LATCHKEY_HTTP_API_RESPONSE: 'simple' } },
      whoami: {
        handler: 'whoami.handler',
        events: [
          ...['token', 'request'].map((type) => ({
            http: { method: 'get', path: type, authorizer: restAuthorizer(type) },
          })),
          ...['v1', 'policy', 'simple'].map((name) => ({
            httpApi: { method: 'get', path: `/${name}`, authorizer: { name } },
          })),
        ],
      },
    },
    custom: { 'serverless-offline': { host: '127.0.0.1', httpPort, lambdaPort } },
  };
}

/**
 * Resolves when serverless-offline is ready, with a function that returns its output. Rejects with the output if it
 * ends first.
 */
async function whenReady(child: ChildProcess): Promise<() => string> {
  let output = '';
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (output.includes('Server ready')) resolve();
      });
    }
    child.once('error', reject);
    child.once('close', () => reject(new Error(`serverless-offline ended\n${output}`)));
  });
  return () => output;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  const timeout = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await closed;
  clearTimeout(timeout);
}

/** Returns two free ports of the loopback interface. serverless-offline replaces 0 with its default port. */
async function freePorts(): Promise<readonly number[]> {
  const servers = [createServer(), createServer()];
  const ports: number[] = [];
  for (const server of servers) {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    if (typeof address === 'object' && address !== null) ports.push(address.port);
  }
  for (const server of servers) await once(server.close(), 'close');
  return ports;
}

import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { LatchkeyStack } from '../../../infra/app/latchkeyStack.ts';
import { KeySource } from '../../../infra/keySource.ts';
import { startGateway, type Gateway } from '../../support/gateway.ts';
import { makeKey } from '../../support/keys.ts';

const KEY_SOURCES = [
  KeySource.basic(),
  KeySource.header('Authorization', { scheme: 'Token' }),
  KeySource.header('X-Api-Key'),
  KeySource.cookie('key'),
  KeySource.webSocketProtocol(),
];

function synthesizeSample(): string {
  const outdir = mkdtempSync(join(tmpdir(), 'latchkey-synth-'));
  const app = new App({ outdir });
  new LatchkeyStack(app, 'Test', { keySources: KEY_SOURCES });
  app.synth();
  return join(outdir, 'Test.template.json');
}

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway(synthesizeSample());
}, 60_000);
afterAll(async () => {
  await gateway?.stop();
});

const UNKNOWN = makeKey().secret;

/** The headers of clients, with `KEY` in place of the key. */
const CLIENTS: readonly (readonly [client: string, name: string, toValue: (key: string) => string])[] = [
  ['curl -u KEY:', 'Authorization', (key) => `Basic ${btoa(`${key}:`)}`],
  ['curl -u KEY:password', 'Authorization', (key) => `Basic ${btoa(`${key}:password`)}`],
  ['curl -H "Authorization: Token KEY"', 'Authorization', (key) => `Token ${key}`],
  ['Rails\' Token token="KEY"', 'Authorization', (key) => `Token token="${key}"`],
  ['a bare key in X-Api-Key', 'x-api-key', (key) => key],
  ['a browser with cookies', 'Cookie', (key) => `theme=dark; key=${key}; lang=en`],
];

describe.each(['url', 'httpUrl'] as const)('the sample API at %s', (api) => {
  const getStatus = async (name: string, value: string) => {
    const response = await fetch(gateway[api], { headers: { [name]: value } });
    await response.text();
    return response.status;
  };

  test.each(CLIENTS)('accepts a key from %s', async (_, name, toValue) => {
    expect(await getStatus(name, toValue(gateway.key))).toBe(200);
    expect(await getStatus(name, toValue(UNKNOWN))).toBe(403);
  });

  test.each([
    ['a bearer header, which is not a key source', 'Authorization', (key: string) => `Bearer ${key}`, 401],
    ['Basic credentials without a user name', 'Authorization', () => `Basic ${btoa(':')}`, 401],
    ['Basic credentials without a colon', 'Authorization', (key: string) => `Basic ${btoa(key)}`, 403],
    ['two cookies of one name', 'Cookie', (key: string) => `key=${key}; key=${key}`, 403],
  ])('refuses %s', async (_, name, toValue, status) => {
    expect(await getStatus(name, toValue(gateway.key))).toBe(status);
  });
});

test('a REST API names every key source and challenges for each scheme', async () => {
  const response = await fetch(gateway.url);
  expect(response.headers.get('www-authenticate')).toBe('Basic realm="API key", Token');
  expect(await response.json()).toMatchObject({
    error: {
      message:
        'API key is required. Pass via Basic authentication with the key as user name or Authorization: Token <key> ' +
        'header or X-Api-Key header or key cookie or Sec-WebSocket-Protocol: bearer, <key> header.',
    },
  });
});

describe('the sample WebSocket API', () => {
  /** Connects with the client `ws`. Returns the selected subprotocol, or the status of a refusal. */
  const connect = async (protocols: string[], headers: Record<string, string> = {}) => {
    const client = new WebSocket(gateway.webSocketUrl, protocols, { headers });
    client.on('error', () => {});
    const opened = once(client, 'open').then(() => client.protocol);
    const refused = once(client, 'unexpected-response').then(([, reply]: IncomingMessage[]) => reply?.statusCode);
    const outcome = await Promise.race([opened, refused]);
    client.terminate();
    return outcome;
  };

  test('selects the subprotocol bearer for a key that follows it', async () => {
    expect(await connect(['bearer', gateway.key])).toBe('bearer');
    expect(await connect(['chat', 'bearer', gateway.key])).toBe('bearer');
  });

  // Node 22 and browsers have this class, which refuses a connection without a selected subprotocol.
  const BuiltIn = 'WebSocket' in globalThis ? globalThis.WebSocket : WebSocket;

  test.each([
    ['ws', WebSocket],
    ['the runtime, if it has one', BuiltIn],
  ])('opens a connection for the client of %s', async (_, Client) => {
    const client = new Client(gateway.webSocketUrl, ['bearer', gateway.key]);
    const outcome = await new Promise((resolve) => {
      client.addEventListener('open', () => resolve(client.protocol));
      client.addEventListener('error', () => resolve('an error'));
    });
    client.close();
    expect(outcome).toBe('bearer');
  });

  test.each([
    ['an unknown key', ['bearer', UNKNOWN], 403],
    ['a malformed key', ['bearer', 'chat'], 403],
    ['no key', ['bearer'], 401],
    ['a key without bearer', [UNKNOWN, 'chat'], 401],
  ])('refuses %s', async (_, protocols, status) => {
    expect(await connect(protocols)).toBe(status);
  });

  test('selects no subprotocol for a client that offers none', async () => {
    expect(await connect([], { 'X-Api-Key': gateway.key })).toBe('');
  });
});

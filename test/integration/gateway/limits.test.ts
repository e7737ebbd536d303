import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { KeyRegistry } from '../../../keys/registry.ts';
import { createClient } from '../../support/engine.ts';
import { startGateway, writeTemplateVariant, type Gateway } from '../../support/gateway.ts';

const LIMIT = 3;

/** Returns the project's template with a quota that no test outlasts, and with these settings of the function. */
const templateWith = (settings: Readonly<Record<string, string>>) =>
  writeTemplateVariant(({ Resources }) => {
    for (const { Properties } of Object.values(Resources)) {
      const variables = (Properties['Environment'] as { Variables?: Record<string, string> } | undefined)?.Variables;
      const plans = variables?.['LATCHKEY_PLANS'];
      if (variables === undefined || plans === undefined) continue;
      const limits = { demo: { quota: { limit: LIMIT, period: 'month' }, per: 'key' } };
      Object.assign(variables, { LATCHKEY_PLANS: JSON.stringify({ ...JSON.parse(plans), limits }), ...settings });
    }
  });

/** Starts a gateway, and returns a function that issues a key on the plan `demo`. */
async function gatewayWith(settings: Readonly<Record<string, string>>) {
  const gateway = await startGateway(await templateWith(settings));
  const client = DynamoDBDocumentClient.from(createClient(gateway.endpoint));
  const registry = new KeyRegistry({ client, tableName: gateway.tableName, actor: 'tests' });
  const issue = async () => (await registry.issue({ label: 'limited', plan: 'demo' })).secret;
  return { gateway, issue };
}

const get = (url: string, key: string) => fetch(url, { headers: { Authorization: `Bearer ${key}` } });

/** Opens a connection. Returns the status of the handshake. */
async function connect(url: string, key: string): Promise<number | undefined> {
  const client = new WebSocket(url, { headers: { Authorization: `Bearer ${key}` } });
  client.on('error', () => {});
  const opened = once(client, 'open').then(() => 101);
  const refused = once(client, 'unexpected-response').then(([, reply]: IncomingMessage[]) => reply?.statusCode);
  const status = await Promise.race([opened, refused]);
  client.terminate();
  return status;
}

/** Uses up the quota of a new key. Returns the key and the statuses of its requests. */
async function exhaust(url: string, issue: () => Promise<string>) {
  const key = await issue();
  const statuses: number[] = [];
  for (let sent = 0; sent < LIMIT; sent++) statuses.push((await get(url, key)).status);
  expect(statuses).toEqual(Array.from({ length: LIMIT }, () => 200));
  return key;
}

describe('the sample stack, which tells its integration about limits,', () => {
  let under: Awaited<ReturnType<typeof gatewayWith>>;
  beforeAll(async () => {
    under = await gatewayWith({});
  }, 60_000);
  afterAll(() => under?.gateway.stop());

  test.each([
    ['REST', 'url'],
    ['HTTP', 'httpUrl'],
  ] as const)('returns 429 with Retry-After on its %s API after the quota', async (_, api) => {
    const { gateway, issue } = under;
    const key = await exhaust(gateway[api], issue);
    const response = await get(gateway[api], key);
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await response.json()).toMatchObject({ success: false, error: { code: 'QUOTA_EXCEEDED' } });
  });

  test('refuses a connection to its WebSocket API with 429 after the quota', async () => {
    const { gateway, issue } = under;
    const key = await issue();
    const statuses = [];
    for (let sent = 0; sent <= LIMIT; sent++) statuses.push(await connect(gateway.webSocketUrl, key));
    expect(statuses).toEqual([...Array.from({ length: LIMIT }, () => 101), 429]);
  });

  test('counts the requests to all its APIs together, and those of another key separately', async () => {
    const { gateway, issue } = under;
    const key = await exhaust(gateway.url, issue);
    expect((await get(gateway.httpUrl, key)).status).toBe(429);
    expect((await get(gateway.httpUrl, await issue())).status).toBe(200);
  });

  test('does not limit a key without a plan', async () => {
    const { gateway } = under;
    for (let sent = 0; sent <= LIMIT; sent++) expect((await get(gateway.url, gateway.key)).status).toBe(200);
  });

  test('lets other programs find its table of limits and its plans', () => {
    expect(JSON.parse(readFileSync(under.gateway.noteFile, 'utf8'))).toMatchObject({
      limitsTableName: expect.stringMatching(/Limits/),
      plans: { demo: { enforce: 'authorizer', quota: { limit: 60, period: 'minute' } } },
    });
  });
});

describe('a stack whose authorizer denies requests over a limit', () => {
  let gateway: Gateway;
  let issue: () => Promise<string>;
  beforeAll(async () => {
    ({ gateway, issue } = await gatewayWith({ LATCHKEY_ON_LIMIT: 'deny' }));
  }, 60_000);
  afterAll(() => gateway?.stop());

  test('returns 403 with the code on its REST API, 403 on its HTTP API, and refuses a connection', async () => {
    const key = await exhaust(gateway.url, issue);
    const denied = await get(gateway.url, key);
    expect(denied.status).toBe(403);
    expect(await denied.json()).toMatchObject({ success: false, error: { code: 'QUOTA_EXCEEDED' } });
    expect((await get(gateway.httpUrl, key)).status).toBe(403);
    expect(await connect(gateway.webSocketUrl, key)).toBe(403);
  });
});

import { Agent, request } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, expect, test } from '@jest/globals';
import { serialiseRecord } from '../../../keys/record.ts';
import { generateSecret, type KeySecret } from '../../../keys/secret.ts';
import { toTimestamp } from '../../../keys/timestamp.ts';
import { ALL_KEYS, type UsageHour, UsageSum } from '../../../keys/usage.ts';
import { UsageStore } from '../../../keys/usageStore.ts';
import { readCloudAssembly } from '../../../local/cloudAssembly.ts';
import { FunctionEnvironment } from '../../../local/functionEnvironment.ts';
import { LocalDynamoDb } from '../../../local/table.ts';
import { createFunctionLines } from '../../../local/usage/functionLines.ts';
import { UsageRollUp } from '../../../lambda/usageRollup/rollUp.ts';
import { createClient } from '../../support/engine.ts';
import { startGateway } from '../../support/gateway.ts';
import { makeKey } from '../../support/keys.ts';

/**
 * The number of requests to each API. docs/usage.md has the result of a run with 100,000 in total, which takes a minute
 * or two: set USAGE_REQUESTS=50000.
 */
const REQUESTS = Number(process.env['USAGE_REQUESTS'] ?? 10_000);
const KEYS = 50;
const CONCURRENCY = 64;
const TEMPLATE = 'cdk.out/LatchkeyStack.template.json';
const [FIRST, LAST] = ['2000-01-01T00', '2999-12-31T23'] as [UsageHour, UsageHour];

interface CountedKey {
  readonly id: string;
  readonly secret: KeySecret;
  readonly isActive: boolean;
}

const cleanups: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanups.toReversed()) await cleanUp();
});

/** Puts 50 keys into the table. Every tenth is revoked, disabled or expired. */
async function issueKeys(endpoint: string, TableName: string): Promise<readonly CountedKey[]> {
  const documents = DynamoDBDocumentClient.from(createClient(endpoint));
  const past = toTimestamp(Date.now() - 60_000);
  const refusals = [
    { revokedAt: past, revokedBy: 'ops' },
    { disabledAt: past, disabledBy: 'ops' },
    { expiresAt: past },
  ];
  const keys: CountedKey[] = [];
  for (let at = 0; at < KEYS; at++) {
    const refusal = at % 10 === 9 ? refusals[((at - 9) / 10) % refusals.length] : undefined;
    const id = `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`;
    const { record, secret } = makeKey({ id, createdAt: toTimestamp(Date.now() - 3_600_000), ...refusal });
    await documents.send(new PutCommand({ TableName, Item: serialiseRecord(record) }));
    keys.push({ id, secret, isActive: refusal === undefined });
  }
  return keys;
}

/** Sends requests with random keys. Some have an unknown key or none. Returns the counts by key and status. */
async function sendRequests(url: string, keys: readonly CountedKey[], total: number): Promise<Map<string, number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  const counts = new Map<string, number>();
  let left = total;
  const work = async () => {
    while (left-- > 0) {
      const at = Math.floor(Math.random() ** 2 * (KEYS + 2));
      const key = keys[at];
      const secret = key?.secret ?? (at === KEYS ? generateSecret('sk_') : undefined);
      const status = await statusOf(url, secret, agent);
      // A request that the authorizer couldn't decide has no key's id in the log. A busy machine may cause some.
      if (key !== undefined && status !== 500) count(counts, `${key.id} ${status}`);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  agent.destroy();
  return counts;
}

function statusOf(url: string, secret: string | undefined, agent: Agent): Promise<number> {
  const headers = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    sent.on('error', reject).end();
  });
}

function count(counts: Map<string, number>, key: string, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

/** Returns the keys' sums in the table by API. */
async function readUsage(store: UsageStore, keyIds: readonly string[]) {
  const sums = new Map<string, Map<string, UsageSum>>();
  for (const keyId of keyIds) {
    for await (const { apis } of store.query({ keyId, first: FIRST, last: LAST, onCorrupt: throwError })) {
      for (const [apiId, usage] of Object.entries(apis)) {
        const ofApi = sums.get(apiId) ?? new Map<string, UsageSum>();
        const sum = ofApi.get(keyId) ?? new UsageSum();
        sum.add(usage);
        sums.set(apiId, ofApi.set(keyId, sum));
      }
    }
  }
  return (api: string) => [...sums].find(([apiId]) => apiId.startsWith(api))?.[1] ?? new Map<string, UsageSum>();
}

function throwError(error: unknown): never {
  throw error;
}

const sorted = (counts: Map<string, number>) => Object.fromEntries([...counts].toSorted());

test('the usage of 50 keys equals the client’s count, by access log and by minute lines after an orderly stop', async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'latchkey-usage-'));
  cleanups.push(() => rm(dataDirectory, { recursive: true }));
  const gateway = await startGateway({ dataDirectory });
  const keys = await issueKeys(gateway.endpoint, gateway.tableName);
  const startedMs = performance.now();
  const overHttp = await sendRequests(gateway.httpUrl, keys, REQUESTS);
  const overRest = await sendRequests(gateway.url, keys, REQUESTS);
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  expect(gateway.log()).not.toContain('"message":"usage"');
  await gateway.stop();

  const database = await LocalDynamoDb.start({ port: 0, dataDirectory });
  cleanups.push(() => database.stop());
  const { usage } = await readCloudAssembly(TEMPLATE);
  const store = new UsageStore({ client: database.client, tableName: usage?.tableName ?? '' });
  const ids = keys.map(({ id }) => id);
  const usageOf = await readUsage(store, ids);

  const byAccessLog = new Map<string, number>();
  for (const [keyId, { statuses, sources, latency }] of usageOf('HttpApi')) {
    for (const [status, each] of Object.entries(statuses)) count(byAccessLog, `${keyId} ${status}`, each);
    expect([...sources]).toEqual(['access-log']);
    expect(Object.keys(latency)).not.toEqual([]);
  }
  expect(sorted(byAccessLog)).toEqual(sorted(overHttp));

  const byMinuteLines = new Map<string, number>();
  for (const [keyId, { allowed, refused, sources }] of usageOf('RestApi')) {
    if (allowed > 0) count(byMinuteLines, `${keyId} 200`, allowed);
    if (refused > 0) count(byMinuteLines, `${keyId} 403`, refused);
    expect([...sources]).toEqual(['minute-lines']);
  }
  expect(sorted(byMinuteLines)).toEqual(sorted(overRest));

  const total = new UsageSum();
  const busiest = new Set<string>();
  for await (const hour of store.query({ keyId: ALL_KEYS, first: FIRST, last: LAST, onCorrupt: throwError })) {
    total.addHour(hour);
    for (const { keyId } of hour.busiest ?? []) busiest.add(keyId);
  }
  expect(busiest.size).toBe(KEYS);
  const sent = [...overHttp.values(), ...overRest.values()].reduce((sum, each) => sum + each, 0);
  expect(total.total).toBe(sent);
  expect(sent).toBeGreaterThan(REQUESTS);
  process.stdout.write(`usage: ${2 * REQUESTS} requests in ${seconds} s, all counted\n`);
}, 600_000);

test('a killed function loses at most the requests since its last usage line, and an orderly stop loses none', async () => {
  const database = await LocalDynamoDb.start({ port: 0, dataDirectory: undefined });
  cleanups.push(() => database.stop());
  await database.ensureTable('Keys');
  const keys = (await issueKeys(database.endpoint, 'Keys')).filter(({ isActive }) => isActive);
  const { functions } = await readCloudAssembly(TEMPLATE);
  const authorizer = [...functions.values()].find(({ environment }) => 'LATCHKEY_TABLE' in environment);
  if (authorizer === undefined) throw new Error('the template has no authorizer');
  const usage = new UsageRollUp({ accessLogApis: new Set(), first: FIRST, last: LAST });
  let sent = 0;
  /** The number of requests that were sent before the last line arrived. */
  let sentAtLine = 0;
  const createEnvironment = () =>
    new FunctionEnvironment(
      { ...authorizer, environment: { ...authorizer.environment, LATCHKEY_TABLE: 'Keys' } },
      {
        dynamodbEndpoint: database.endpoint,
        writeLog: createFunctionLines({
          writeLog: () => {},
          onUsageLine: (line) => {
            sentAtLine = sent;
            usage.add(line, { source: 'minute-lines', apiIds: new Set() });
          },
        }),
      },
    );
  const send = async (environment: FunctionEnvironment, total: number) => {
    for (let at = 0; at < total; at++) {
      sent++;
      const authorizationToken = `Bearer ${keys[at % keys.length]?.secret}`;
      const methodArn = 'arn:aws:execute-api:us-east-1:000000000000:a1/prod/GET/whoami';
      await environment.invoke({ type: 'TOKEN', methodArn, authorizationToken });
    }
  };
  const counted = () => {
    const sum = new UsageSum();
    for (const item of usage.items()) if (item.keyId !== ALL_KEYS) sum.addHour(item);
    return sum.allowed;
  };

  const killed = createEnvironment();
  await send(killed, 2000);
  await sleep(100);
  await killed.kill();
  expect(counted()).toBeGreaterThan(0);
  expect(sent - counted()).toBeLessThanOrEqual(sent - sentAtLine + 1);
  const lost = sent - counted();

  const stopped = createEnvironment();
  await send(stopped, 2000);
  await stopped.stop();
  expect(sent - counted()).toBe(lost);
}, 120_000);

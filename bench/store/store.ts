import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { KeyLookup } from '../../keys/lookup.ts';
import { serialiseRecord } from '../../keys/record.ts';
import { createClient } from '../../lambda/client.ts';
import { readConfig } from '../../lambda/config.ts';
import { createHandler } from '../../lambda/createHandler.ts';
import { createFunctionClient } from '../../lambda/functionClient.ts';
import { restRequestEvent } from '../../testing/authorizerEvents.ts';
import { createTestKey } from '../../testing/createTestKey.ts';
import { interleave, type BenchCase } from '../harness.ts';
import type { Measured } from '../results.ts';
import { createSignedGetItem } from './signedGetItem.ts';

const SERVER = fileURLToPath(new URL('fixedReplyServer.ts', import.meta.url));
const TABLE = 'keys';
const REGION = 'us-east-1';
const CREDENTIALS = { accessKeyId: 'bench', secretAccessKey: 'bench' };
const READS_PER_ROUND = 300;
/** Without a read a request is so short that fewer could not be told from nothing. */
const HITS_PER_ROUND = 20_000;
const WARM_UP_ROUNDS = 3;

const { secret, record } = createTestKey({
  label: 'ci',
  owner: 'acme',
  scopes: ['orders:read'],
  metadata: { plan: 'pro', seats: 3 },
  lastUsedAt: new Date().toISOString(),
});

/**
 * µs of this process's CPU against a server that answers at once: of one GetItem by the function's client, by a verifier's, by the SDK
 * as it comes and by hand, and of one request through the authorizer that one writes first and through the function.
 */
export async function store({ rounds }: { readonly rounds: number }): Promise<Measured> {
  const item = JSON.stringify(marshall(serialiseRecord(record)));
  const server = fork(SERVER, [item]);
  try {
    const [port]: unknown[] = await once(server, 'message');
    if (typeof port !== 'number') throw new Error('the store gave no port');
    // As Lambda tells a function of itself.
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_DYNAMODB: endpointOf(port),
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      LATCHKEY_TABLE: TABLE,
    });
    const lookup = new KeyLookup({ client: createFunctionClient(process.env), tableName: TABLE });
    const reads = [
      lookupCase('Latchkey, KeyLookup', lookup),
      lookupCase('Latchkey, KeyLookup of a verifier', new KeyLookup({ client: createClient(), tableName: TABLE })),
      documentClientCase(),
      signedCase(port),
    ];
    const requests = [
      await naiveCase(),
      handlerCase('Latchkey, a read on each request', lookup, { recordCacheSeconds: 0, runs: READS_PER_ROUND }),
      handlerCase('Latchkey, from the record cache', lookup, { recordCacheSeconds: 60, runs: HITS_PER_ROUND }),
    ];
    const inMicroseconds = async (cases: readonly BenchCase[]) => ({
      unit: 'µs',
      rounds: await interleave(cases, { rounds }),
    });
    return {
      groups: { cpuPerGetItem: await inMicroseconds(reads), cpuPerRequest: await inMicroseconds(requests) },
    };
  } finally {
    server.disconnect();
  }
}

function lookupCase(name: string, lookup: KeyLookup): BenchCase {
  return cpuCase(name, async () => (await lookup.find(record.keyHash))?.id);
}

function documentClientCase(): BenchCase {
  const documents = DynamoDBDocumentClient.from(new DynamoDBClient());
  const input = { TableName: TABLE, Key: { keyHash: record.keyHash } };
  return cpuCase('DocumentClient, GetCommand', async () => (await documents.send(new GetCommand(input))).Item?.['id']);
}

function signedCase(port: number): BenchCase {
  const getItem = createSignedGetItem({ port, tableName: TABLE, region: REGION, ...CREDENTIALS });
  return cpuCase('signed by hand, node:http', async () => {
    const item = await getItem(record.keyHash);
    return item !== null && typeof item === 'object' && 'id' in item ? Object.values(item.id ?? {})[0] : undefined;
  });
}

/** It reads its settings as the SDK does, from the environment, once it is imported. */
async function naiveCase(): Promise<BenchCase> {
  const naive = await import('../cold/naiveAuthorizer.ts');
  const event = { methodArn: restRequestEvent().methodArn, headers: { authorization: `Bearer ${secret}` } };
  return cpuCase('naive authorizer, a read and a write', async () => principalOf(await naive.handler(event)));
}

function handlerCase(
  name: string,
  lookup: KeyLookup,
  { recordCacheSeconds, runs }: { readonly recordCacheSeconds: number; readonly runs: number },
): BenchCase {
  const handler = createHandler({
    config: readConfig({ LATCHKEY_TABLE: TABLE, LATCHKEY_RECORD_CACHE_SECONDS: String(recordCacheSeconds) }),
    functionName: 'authorizer',
    lookup,
    now: Date.now,
    random: Math.random,
    writeLog: () => {},
  });
  const event = restRequestEvent({ key: secret });
  return cpuCase(name, async () => principalOf(await handler(event)), runs);
}

function principalOf(answer: object): unknown {
  return 'principalId' in answer ? answer.principalId : undefined;
}

function cpuCase(name: string, findId: () => Promise<unknown>, runs = READS_PER_ROUND): BenchCase {
  const runMany = async (count: number) => {
    for (let at = 0; at < count; at++) {
      if ((await findId()) !== record.id) throw new Error(`${name} found another key`);
    }
  };
  return {
    name,
    check: () => runMany(WARM_UP_ROUNDS * runs),
    measure: async () => {
      const before = process.cpuUsage();
      await runMany(runs);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / runs;
    },
  };
}

function endpointOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}

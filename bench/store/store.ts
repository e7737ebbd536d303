import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { KeyLookup } from '../../keys/lookup.ts';
import { serialiseRecord } from '../../keys/record.ts';
import { createClient } from '../../lambda/client.ts';
import { createTestKey } from '../../testing/createTestKey.ts';
import { interleave, type BenchCase } from '../harness.ts';
import type { Measured } from '../results.ts';
import { createSignedGetItem } from './signedGetItem.ts';

const SERVER = fileURLToPath(new URL('fixedReplyServer.ts', import.meta.url));
const TABLE = 'keys';
const REGION = 'us-east-1';
const CREDENTIALS = { accessKeyId: 'bench', secretAccessKey: 'bench' };
const READS_PER_ROUND = 300;
const WARM_UP_READS = 1000;

const { record } = createTestKey({
  label: 'ci',
  owner: 'acme',
  scopes: ['orders:read'],
  metadata: { plan: 'pro', seats: 3 },
  lastUsedAt: new Date().toISOString(),
});

/** µs of this process's CPU per GetItem against a server that answers at once: ours, the SDK as it comes, and by hand. */
export async function store({ rounds }: { readonly rounds: number }): Promise<Measured> {
  const item = JSON.stringify(marshall(serialiseRecord(record)));
  const server = fork(SERVER, [item]);
  try {
    const [port]: unknown[] = await once(server, 'message');
    if (typeof port !== 'number') throw new Error('the store gave no port');
    const cases = [latchkeyCase(port), naiveCase(port), signedCase(port)];
    return { groups: { cpuPerGetItem: { unit: 'µs', rounds: await interleave(cases, { rounds }) } } };
  } finally {
    server.disconnect();
  }
}

function latchkeyCase(port: number): BenchCase {
  const client = new DynamoDBClient({ region: REGION, credentials: CREDENTIALS, endpoint: endpoint(port) });
  const lookup = new KeyLookup({ client: createClient({ client }), tableName: TABLE });
  return cpuCase('Latchkey, KeyLookup', async () => (await lookup.find(record.keyHash))?.id);
}

function naiveCase(port: number): BenchCase {
  const client = new DynamoDBClient({ region: REGION, credentials: CREDENTIALS, endpoint: endpoint(port) });
  const documents = DynamoDBDocumentClient.from(client);
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

function cpuCase(name: string, readId: () => Promise<unknown>): BenchCase {
  const readAll = async (count: number) => {
    for (let at = 0; at < count; at++) {
      if ((await readId()) !== record.id) throw new Error(`${name} read another key's record`);
    }
  };
  return {
    name,
    check: () => readAll(WARM_UP_READS),
    measure: async () => {
      const before = process.cpuUsage();
      await readAll(READS_PER_ROUND);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / READS_PER_ROUND;
    },
  };
}

function endpoint(port: number): string {
  return `http://127.0.0.1:${port}`;
}

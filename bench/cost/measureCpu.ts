import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { devNull } from 'node:os';
import { fileURLToPath } from 'node:url';
import { restTokenEvent } from '../../testing/authorizerEvents.ts';
import { createTestKey, type TestKey } from '../../testing/createTestKey.ts';

/** The median of the rounds, and the least and the most. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** CPU time of the built function, user and system, in milliseconds of one core of the machine that measured. */
export interface FunctionCpu {
  readonly node: string;
  readonly rounds: number;
  /** From the start of the process until the function is loaded and has answered its first request. */
  readonly coldStartMs: Spread;
  /** A request that is answered from the record cache. */
  readonly cachedMs: Spread;
  /** What a request takes more that reads the table. */
  readonly lookupMs: Spread;
  /** The most memory that the process held, in MB. */
  readonly residentMb: Spread;
}

interface ChildFigures {
  readonly version: string;
  readonly coldStartMs: number;
  readonly requestMs: number;
  readonly residentMb: number;
}

const CHILD = fileURLToPath(new URL('functionCpu.mjs', import.meta.url));
const BUNDLE = fileURLToPath(new URL('../../dist/authorizer/index.mjs', import.meta.url));

/**
 * Measures the bundle that `npm run build` made in processes of their own, in turn with and without the record cache, against
 * a server that gives every look-up the same answer. The children assert their answers before they are timed.
 */
export async function measureCpu({ node = process.execPath, rounds = 9 } = {}): Promise<FunctionCpu> {
  const key = createTestKey({ lastUsedAt: new Date().toISOString() });
  const server = await startFixedTable(key);
  try {
    const pairs: (readonly [ChildFigures, ChildFigures])[] = [];
    for (let round = 0; round < rounds; round++) {
      const cached = await runChild(node, server.url, key, { cacheSeconds: 60, requests: 20_000 });
      pairs.push([cached, await runChild(node, server.url, key, { cacheSeconds: 0, requests: 400 })]);
    }
    return {
      node: pairs[0]?.[0].version ?? '',
      rounds,
      coldStartMs: spreadOf(pairs.flat().map(({ coldStartMs }) => coldStartMs)),
      cachedMs: spreadOf(pairs.map(([cached]) => cached.requestMs)),
      lookupMs: spreadOf(pairs.map(([cached, reading]) => reading.requestMs - cached.requestMs)),
      residentMb: spreadOf(pairs.flat().map(({ residentMb }) => residentMb)),
    };
  } finally {
    await server.stop();
  }
}

async function startFixedTable({ record }: TestKey) {
  const item = Object.fromEntries(Object.entries(record).map(([name, value]) => [name, { S: value }]));
  const body = JSON.stringify({ Item: item });
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.setHeader('content-type', 'application/x-amz-json-1.0').end(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}

interface ChildTask {
  readonly cacheSeconds: number;
  readonly requests: number;
}

async function runChild(node: string, url: string, key: TestKey, task: ChildTask): Promise<ChildFigures> {
  const event = restTokenEvent({ headers: [['authorization', `Bearer ${key.secret}`]] });
  const child = spawn(node, [CHILD, BUNDLE, String(task.requests), key.record.id, JSON.stringify(event)], {
    env: {
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_DYNAMODB: url,
      LATCHKEY_TABLE: 'keys',
      LATCHKEY_RECORD_CACHE_SECONDS: String(task.cacheSeconds),
    },
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  let figures = '';
  child.stdio[3]?.on('data', (data: Buffer) => (figures += data.toString()));
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) throw new Error(`the measured process ended with ${status}`);
  return JSON.parse(figures) as ChildFigures;
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => Number((sorted[index] ?? Number.NaN).toPrecision(3));
  return { median: at(Math.floor(sorted.length / 2)), min: at(0), max: at(sorted.length - 1) };
}

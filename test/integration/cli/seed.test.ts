import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hashSecret, type KeySecret } from '../../../keys/secret.ts';
import { LocalDynamoDb } from '../../../local/table.ts';
import { DynamoDbProxy } from '../../support/dynamoDbProxy.ts';
import { LocalCli } from '../../support/localCli.ts';
import {
  LOCAL_AWS,
  runCli,
  startWriteProxy,
  type CliOptions,
  type CliRun,
  type WriteHooks,
} from '../../support/cli.ts';

const LABELS = ['a', 'b', 'c', 'd'];

let database: LocalDynamoDb;
let directory = '';
let seedFile = '';
let tables = 0;
beforeAll(async () => {
  database = await LocalDynamoDb.start({ port: 0, dataDirectory: undefined });
  directory = await mkdtemp(join(tmpdir(), 'latchkey-seed-'));
  seedFile = join(directory, 'seed.jsonl');
  await writeFile(seedFile, LABELS.map((label) => JSON.stringify({ label, scopes: [`${label}:read`] })).join('\n'));
});
afterAll(async () => {
  await database.stop();
  await rm(directory, { recursive: true, force: true });
});

interface Table {
  readonly name: string;
  /** The path of a file for this table, which doesn't exist yet. */
  readonly out: string;
  readonly seed: (args: readonly string[], options?: CliOptions & { endpoint?: string }) => Promise<CliRun>;
  readonly scan: () => Promise<{ keyHash: string; id: string; label: string }[]>;
}

async function makeTable(): Promise<Table> {
  const name = `seeded-${++tables}`;
  await database.ensureTable(name);
  return {
    name,
    out: join(directory, `${name}.jsonl`),
    seed: (args, { endpoint = database.endpoint, ...options } = {}) =>
      runCli(['seed', ...args, '--table', name], {
        ...options,
        env: { ...LOCAL_AWS, AWS_ENDPOINT_URL_DYNAMODB: endpoint },
      }),
    scan: async () => {
      const { Items } = await database.client.send(new ScanCommand({ TableName: name }));
      return (Items ?? []) as { keyHash: string; id: string; label: string }[];
    },
  };
}

/** Seeds with hooks around each write. A hook can call `child` to get the process. */
async function seedThrough(
  table: Table,
  args: readonly string[],
  makeHooks: (child: () => ChildProcess) => WriteHooks,
) {
  let child: ChildProcess | undefined;
  const started = () => {
    if (child === undefined) throw new Error('not started');
    return child;
  };
  const proxy = await startWriteProxy(database.endpoint, makeHooks(started));
  try {
    return await table.seed(args, { endpoint: proxy.endpoint, onStart: (process) => (child = process) });
  } finally {
    await proxy.stop();
  }
}

/** Answers a scan like a stale replica. DynamoDB never answers a consistent read from one. */
function answerStale(operation: string, response: ServerResponse, body: string): boolean {
  if (operation !== 'Scan' || JSON.parse(body).ConsistentRead === true) return false;
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{"Items":[],"Count":0}');
  return true;
}

function secretsIn(text: string): KeySecret[] {
  return (text.match(/sk_[0-9A-Za-z]{49}/g) ?? []) as KeySecret[];
}

function labelsOf(items: readonly { label: string }[]): string[] {
  return items.map(({ label }) => label).toSorted();
}

/** Expects that each secret has one stored key, and each stored key one secret. */
async function expectToMatch(table: Table, secrets: readonly KeySecret[]): Promise<void> {
  const hashes = (await table.scan()).map(({ keyHash }) => keyHash);
  expect(secrets.map(hashSecret).toSorted()).toEqual(hashes.toSorted());
}

describe('seed', () => {
  test('prints each key once on stdout and none on stderr, and stores none in the table', async () => {
    const table = await makeTable();
    const run = await table.seed([seedFile]);
    expect(run.exitCode).toBe(0);
    expect(secretsIn(run.stdout)).toHaveLength(4);
    await expectToMatch(table, secretsIn(run.stdout));
    expect(secretsIn(run.stderr + JSON.stringify(await table.scan()))).toEqual([]);
  });

  test('reads an array from standard input, and prints one JSON document', async () => {
    const table = await makeTable();
    const stdin = JSON.stringify([{ label: 'x', owner: 'acme' }, { label: 'y' }]);
    const { exitCode, stdout } = await table.seed(['-', '--json'], { stdin });
    const { keys, ...rest } = JSON.parse(stdout);
    const items = await table.scan();
    expect(exitCode).toBe(0);
    expect(rest).toEqual({ skipped: [] });
    for (const { key, record, ...others } of keys) {
      const { keyHash, ...stored } = items.find(({ id }) => id === record.id) ?? {};
      expect({ key: hashSecret(key), record, others }).toEqual({ key: keyHash, record: stored, others: {} });
    }
    expect(keys).toHaveLength(2);
  });

  test('issues no key if one entry is invalid', async () => {
    const table = await makeTable();
    const run = await table.seed(['-', '--out', table.out], { stdin: '{"label":"x"}\n{"label":"x"}\n' });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toContain('line 2');
    expect(await table.scan()).toEqual([]);
    expect(await readdir(directory)).not.toContain(`${table.name}.jsonl`);
  });

  test('makes no key if the table is missing', async () => {
    const out = join(directory, 'none.jsonl');
    const env = { ...LOCAL_AWS, AWS_ENDPOINT_URL_DYNAMODB: database.endpoint };
    const run = await runCli(['seed', seedFile, '--table', 'missing', '--out', out], { env });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(await readdir(directory)).not.toContain('none.jsonl');
  });

  test.each([[[]], [['--json']]])('stops before it issues a key that it cannot print: %p', async (args) => {
    const table = await makeTable();
    const run = await table.seed([seedFile, ...args], { onStart: (child) => child.stdout?.destroy() });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toMatch(/^keys issued: 0 of 4, .*\n(.*\n)*error: the output was closed before the end/);
    expect(await table.scan()).toEqual([]);
  });
});

describe('an output that is closed before the end of the JSON document', () => {
  let cli: LocalCli;
  beforeAll(async () => {
    cli = await LocalCli.start();
  });
  afterAll(() => cli.stop());

  test.each([
    ['fails a run that writes the keys only to the output', false, 1],
    ["doesn't fail a run that writes the keys to a file", true, 0],
  ])('%s', async (_, hasFile, expected) => {
    const table = await cli.makeTable();
    const args = hasFile ? ['--out', join(cli.directory, 'made.jsonl')] : [];
    const run = await cli.run(['seed', seedFile, '--json', ...args], { table, readWrites: 1 + LABELS.length });
    expect(run.exitCode).toBe(expected);
    expect(run.stderr).toMatch(/^keys issued: 4, skipped: 0/);
    expect(await cli.records(table)).toHaveLength(4);
  });
});

test('seed --skip-existing issues no second key for a label that only a consistent read finds', async () => {
  const cli = await LocalCli.start();
  const table = await cli.makeTable();
  await cli.putKey(table, { label: 'a' });
  const proxy = await DynamoDbProxy.start({ endpoint: cli.database.endpoint, intercept: answerStale });
  const env = { AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint };
  const run = await cli.run(['seed', seedFile, '--skip-existing', '--json'], { table, env });
  const labels = labelsOf(await cli.records(table));
  await proxy.stop();
  await cli.stop();
  expect(run.exitCode).toBe(0);
  expect(JSON.parse(run.stdout).skipped).toEqual(['a']);
  expect(labels).toEqual(LABELS);
});

describe('seed --out', () => {
  let table: Table;
  let first: CliRun;
  let again: CliRun;
  let resumed: CliRun;
  let written = '';
  beforeAll(async () => {
    table = await makeTable();
    first = await table.seed([seedFile, '--out', table.out, '--json']);
    written = await readFile(table.out, 'utf8');
    again = await table.seed([seedFile, '--out', table.out]);
    resumed = await table.seed(['-', '--out', table.out, '--skip-existing', '--json'], {
      stdin: '[{"label":"b"},{"label":"new"}]',
    });
  });

  test('writes each key with its record to a file that only its owner can read, and no key to stdout', async () => {
    const lines = written
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ record }) => record.label)).toEqual(LABELS);
    expect(secretsIn(written)).toHaveLength(4);
    expect((await stat(table.out)).mode & 0o777).toBe(0o600);
    expect(secretsIn(first.stdout + first.stderr)).toEqual([]);
    expect(JSON.parse(first.stdout).keys).toEqual(lines.map(({ record }) => ({ record })));
  });

  test('rejects an existing file, and suggests --skip-existing', () => {
    expect(again).toMatchObject({ exitCode: 1, stdout: '' });
    expect(again.stderr).toContain('--skip-existing');
  });

  test('appends to its file with --skip-existing, and reports the skipped labels', async () => {
    const { keys, skipped } = JSON.parse(resumed.stdout);
    expect(resumed.exitCode).toBe(0);
    expect(resumed.stderr).toContain('skipped: 1');
    expect(skipped).toEqual(['b']);
    expect(keys).toMatchObject([{ record: { label: 'new' } }]);
    const text = await readFile(table.out, 'utf8');
    expect(text.startsWith(written)).toBe(true);
    await expectToMatch(table, secretsIn(text));
  });
});

describe('a seed run that is interrupted', () => {
  /** Sends the signal just before the second key is stored, and stores that key after the process has received the signal. */
  const signalAtSecond =
    (signal: NodeJS.Signals) =>
    (child: () => ChildProcess): WriteHooks => ({
      before: async (count) => {
        if (count !== 2) return;
        const isReceived = new Promise<void>((resolve) => {
          child().stderr?.on('data', (text: string) => text.includes('stopping') && resolve());
        });
        child().kill(signal);
        await isReceived;
      },
    });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'a run that %s interrupts prints the issued keys and how to resume, and can be resumed',
    async (signal, exitCode) => {
      const table = await makeTable();
      const run = await seedThrough(table, [seedFile, '--json'], signalAtSecond(signal));
      expect(run.exitCode).toBe(exitCode);
      expect(run.stderr).toContain('--skip-existing');
      const { keys, skipped, ...rest } = JSON.parse(run.stdout);
      expect(labelsOf(keys.map(({ record }: { record: { label: string } }) => record))).toEqual(['a', 'b']);
      expect({ skipped, rest }).toEqual({ skipped: [], rest: {} });
      await expectToMatch(table, secretsIn(run.stdout));

      const resumed = await table.seed([seedFile, '--skip-existing', '--json']);
      expect(JSON.parse(resumed.stdout).skipped).toEqual(['a', 'b']);
      expect(labelsOf(await table.scan())).toEqual(LABELS);
      await expectToMatch(table, secretsIn(run.stdout + resumed.stdout));
    },
  );

  test.each(['before', 'after'] as const)(
    'a run that is killed %s it stores a key loses no secret, and resumes without issuing a label twice',
    async (when) => {
      const table = await makeTable();
      const run = await seedThrough(table, [seedFile, '--out', table.out], (child) => ({
        [when]: (count: number) => {
          if (count !== 3) return undefined;
          child().kill('SIGKILL');
          // Waits for the end of the process, which must not get an answer.
          return new Promise<void>((resolve) => child().once('exit', () => resolve()));
        },
      }));
      expect(run.exitCode).toBeNull();
      const kept = secretsIn(await readFile(table.out, 'utf8')).map(hashSecret);
      for (const { keyHash } of await table.scan()) expect(kept).toContain(keyHash);

      const resumed = await table.seed([seedFile, '--out', table.out, '--skip-existing']);
      expect(resumed).toMatchObject({ exitCode: 0, stdout: '' });
      expect(labelsOf(await table.scan())).toEqual(LABELS);
      await expectToMatch(table, secretsIn(await readFile(table.out, 'utf8')));
    },
  );

  test('a killed run has printed every key in the table', async () => {
    const table = await makeTable();
    const run = await seedThrough(table, [seedFile], (child) => ({
      after: (count) => {
        if (count !== 3) return undefined;
        child().kill('SIGKILL');
        return new Promise<void>((resolve) => child().once('exit', () => resolve()));
      },
    }));
    await expectToMatch(table, secretsIn(run.stdout));
    expect(await table.scan()).toHaveLength(3);
  });

  test('a failed run names the key that may not be stored', async () => {
    const table = await makeTable();
    const run = await seedThrough(table, [seedFile, '--json'], () => ({
      before: (count) => {
        if (count >= 3) throw new Error('the connection breaks');
      },
    }));
    expect(run.exitCode).toBe(1);
    expect(JSON.parse(run.stdout)).toMatchObject({ skipped: [], unconfirmed: ['c'] });
    expect(run.stderr).toMatch(/"c".*\n.*--skip-existing.*\nerror: .*cannot be reached/);
    expect(secretsIn(run.stderr)).toEqual([]);
    expect(labelsOf(await table.scan())).toEqual(['a', 'b']);
  });
});

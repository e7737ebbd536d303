import type { ChildProcess } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { hashSecret, type KeySecret } from '../../../keys/secret.ts';
import { DynamoDbProxy } from '../../support/dynamoDbProxy.ts';
import { useCli } from '../../support/useCli.ts';
import {
  LOCAL_AWS,
  runCli,
  startWriteProxy,
  type CliOptions,
  type CliRun,
  type WriteHooks,
} from '../../support/cli.ts';

const LABELS = ['a', 'b', 'c', 'd'];

const { cli } = useCli();
let seedFile = '';
let tables = 0;
beforeAll(async () => {
  seedFile = await cli.write(
    'seed.jsonl',
    LABELS.map((label) => JSON.stringify({ label, scopes: [`${label}:read`] })).join('\n'),
  );
});

interface Table {
  readonly name: string;
  /** The path of a new file for this table's keys. */
  readonly out: string;
  readonly seed: (args: readonly string[], options?: CliOptions & { endpoint?: string }) => Promise<CliRun>;
  readonly scan: () => Promise<{ keyHash: string; id: string; label: string }[]>;
}

async function makeTable(): Promise<Table> {
  const name = `seeded-${++tables}`;
  await cli.database.ensureTable(name);
  return {
    name,
    out: join(cli.directory, `${name}.jsonl`),
    seed: (args, { endpoint = cli.database.endpoint, ...options } = {}) =>
      runCli(['seed', ...args, '--table', name], {
        ...options,
        env: { ...LOCAL_AWS, AWS_ENDPOINT_URL_DYNAMODB: endpoint },
      }),
    scan: async () => {
      const { Items } = await cli.database.client.send(new ScanCommand({ TableName: name }));
      return (Items ?? []) as { keyHash: string; id: string; label: string }[];
    },
  };
}

/** Runs seed with hooks around each write. A hook can call `child` to get the process. */
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
  const proxy = await startWriteProxy(cli.database.endpoint, makeHooks(started));
  try {
    return await table.seed(args, { endpoint: proxy.endpoint, onStart: (process) => (child = process) });
  } finally {
    await proxy.stop();
  }
}

/** Answers an eventually consistent scan with an empty page, like a stale replica of the table. */
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

/** Expects that the stored hashes are those of the secrets. */
async function expectToMatch(table: Table, secrets: readonly KeySecret[]): Promise<void> {
  const hashes = (await table.scan()).map(({ keyHash }) => keyHash);
  expect(secrets.map(hashSecret).toSorted()).toEqual(hashes.toSorted());
}

describe('seed', () => {
  test('prints each key once on stdout', async () => {
    const table = await makeTable();
    const run = await table.seed([seedFile]);
    expect(run.exitCode).toBe(0);
    expect(secretsIn(run.stdout)).toHaveLength(4);
    await expectToMatch(table, secretsIn(run.stdout));
    expect(secretsIn(run.stderr + JSON.stringify(await table.scan()))).toEqual([]);
  });

  test('prints one JSON document with --json', async () => {
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

  test('does not issue any key if one entry is invalid', async () => {
    const table = await makeTable();
    const run = await table.seed(['-', '--out', table.out], { stdin: '{"label":"x"}\n{"label":"x"}\n' });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toContain('line 2');
    expect(await table.scan()).toEqual([]);
    expect(await readdir(cli.directory)).not.toContain(`${table.name}.jsonl`);
  });

  test('does not create the output file if the table is missing', async () => {
    const out = join(cli.directory, 'none.jsonl');
    const env = { ...LOCAL_AWS, AWS_ENDPOINT_URL_DYNAMODB: cli.database.endpoint };
    const run = await runCli(['seed', seedFile, '--table', 'missing', '--out', out], { env });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(await readdir(cli.directory)).not.toContain('none.jsonl');
  });

  test.each([[[]], [['--json']]])('does not issue a key that it cannot print with the options %p', async (args) => {
    const table = await makeTable();
    const run = await table.seed([seedFile, ...args], { onStart: (child) => child.stdout?.destroy() });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toMatch(/^Issued 0 of 4 keys\.\n(.*\n)*error: the output was closed before the end/);
    expect(await table.scan()).toEqual([]);
  });
});

describe('seed of labels that are in the table', () => {
  const twice = async (args: readonly string[]) => {
    const table = await cli.makeTable();
    await cli.run(['seed', seedFile], { table });
    const run = await cli.run(['seed', seedFile, ...args], { table });
    return { ...run, count: (await cli.records(table)).length };
  };

  test('warns of the labels that get another key', async () => {
    const { exitCode, stderr, count } = await twice([]);
    expect({ exitCode, count }).toEqual({ exitCode: 0, count: 8 });
    expect(stderr).toBe(
      'warning: 4 labels are in the table already, and get another key: "a", "b", "c", "d"; pass --skip-existing to skip them\n' +
        'Issued 4 keys. Save them now, because you see them only once.\n',
    );
  });

  test('issues no key for them with --skip-existing', async () => {
    const { exitCode, stdout, stderr, count } = await twice(['--skip-existing']);
    expect({ exitCode, stdout, count }).toEqual({ exitCode: 0, stdout: '', count: 4 });
    expect(stderr).toBe(
      'Issued no keys. Skipped 4 labels that are in the table already, without a new key: "a", "b", "c", "d".\n',
    );
  });
});

describe('create --from', () => {
  test('issues the same keys as seed', async () => {
    const table = await cli.makeTable();
    const out = join(cli.directory, 'from.jsonl');
    const run = await cli.run(['create', '--from', seedFile, '--out', out, '--json'], { table });
    expect(run.exitCode).toBe(0);
    expect(JSON.parse(run.stdout).keys.map(({ record }: { record: { label: string } }) => record.label)).toEqual(
      LABELS,
    );
    expect(run.stderr).toBe(`Issued 4 keys. They are in ${out}.\n`);
    const hashes = (await cli.records(table)).map(({ keyHash }) => keyHash);
    expect(
      secretsIn(await readFile(out, 'utf8'))
        .map(hashSecret)
        .toSorted(),
    ).toEqual(hashes.toSorted());
  });

  test('reads standard input and skips existing labels', async () => {
    const table = await cli.makeTable();
    await cli.putKey(table, { label: 'x' });
    const input = '[{"label":"x"},{"label":"y"}]';
    const { exitCode, stdout } = await cli.run(['create', '--from', '-', '--skip-existing'], { table, input });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^sk_\w+ {2}y\n$/);
    expect(labelsOf(await cli.records(table))).toEqual(['x', 'y']);
  });

  test.each([
    ['a field of one key', ['--from', 'f', '--owner', 'acme'], /'--from <file>' cannot be used with option '--owner/],
    ['--copy', ['--from', 'f', '--copy'], /'--from <file>' cannot be used with option '--copy'/],
    ['--skip-existing alone', ['--label', 'x', '--skip-existing'], /--skip-existing: expected --from/],
    ['neither a label nor a file', [], /expected --label TEXT or --from FILE, got neither/],
  ])('exits 2 for %s', async (_, args, expected) => {
    const run = await cli.run(['create', ...args], {});
    expect(run).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringMatching(expected) });
  });
});

describe('seed whose output is closed before the end of the JSON document', () => {
  test.each([
    ['exits 1 without --out', false, 1],
    ['exits 0 with --out', true, 0],
  ])('%s', async (_, hasFile, expected) => {
    const table = await cli.makeTable();
    const args = hasFile ? ['--out', join(cli.directory, 'made.jsonl')] : [];
    const run = await cli.run(['seed', seedFile, '--json', ...args], { table, readWrites: 1 + LABELS.length });
    expect(run.exitCode).toBe(expected);
    expect(run.stderr).toMatch(/^Issued 4 keys\./);
    expect(await cli.records(table)).toHaveLength(4);
  });
});

test('seed --skip-existing uses strongly consistent reads', async () => {
  const table = await cli.makeTable();
  await cli.putKey(table, { label: 'a' });
  const proxy = await DynamoDbProxy.start({ endpoint: cli.database.endpoint, intercept: answerStale });
  const env = { AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint };
  const run = await cli.run(['seed', seedFile, '--skip-existing', '--json'], { table, env });
  const labels = labelsOf(await cli.records(table));
  await proxy.stop();
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

  test('writes each key with its record to a file instead of stdout', async () => {
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

  test('rejects an existing file with the suggestion --skip-existing', () => {
    expect(again).toMatchObject({ exitCode: 1, stdout: '' });
    expect(again.stderr).toContain('--skip-existing');
  });

  test('appends to its file with --skip-existing', async () => {
    const { keys, skipped } = JSON.parse(resumed.stdout);
    expect(resumed.exitCode).toBe(0);
    expect(resumed.stderr).toContain('Skipped 1 label that is in the table already, without a new key: "b".\n');
    expect(skipped).toEqual(['b']);
    expect(keys).toMatchObject([{ record: { label: 'new' } }]);
    const text = await readFile(table.out, 'utf8');
    expect(text.startsWith(written)).toBe(true);
    await expectToMatch(table, secretsIn(text));
  });
});

describe('an interrupted run of seed', () => {
  /** Sends the signal before the second write. The write continues once the process has received the signal. */
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
  ] as const)('prints the issued keys after %s', async (signal, exitCode) => {
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
  });

  test.each(['before', 'after'] as const)(
    'has saved the secret of every stored key if it is killed %s a write',
    async (when) => {
      const table = await makeTable();
      const run = await seedThrough(table, [seedFile, '--out', table.out], (child) => ({
        [when]: (count: number) => {
          if (count !== 3) return undefined;
          child().kill('SIGKILL');
          // Waits until the process exits, because it must not receive the response.
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

  test('has printed every key in the table if it is killed after a write', async () => {
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

  test('reports the label of a key whose write is unconfirmed', async () => {
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

import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parseRecord, publicRecord } from '../../../keys/record.ts';
import { hashSecret, parseSecret, type KeySecret } from '../../../keys/secret.ts';
import { closeNow } from '../../../local/loopback.ts';
import { useCli } from '../../support/useCli.ts';
import { LOCAL_AWS, runCli, type CliRun } from '../../support/cli.ts';
import { at, makeKey } from '../../support/keys.ts';
import { tracesOf } from '../../support/traces.ts';

const NOWHERE = 'http://127.0.0.1:1';
const SECRET = 'sk_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg1A7p0b';

const { cli } = useCli();

function envOf(tableName: string): Record<string, string> {
  return { ...LOCAL_AWS, AWS_ENDPOINT_URL_DYNAMODB: cli.database.endpoint, LATCHKEY_TABLE: tableName };
}

async function scan(tableName: string): Promise<Record<string, unknown>[]> {
  const { Items } = await cli.database.client.send(new ScanCommand({ TableName: tableName }));
  return Items ?? [];
}

describe('create followed by list', () => {
  let human: CliRun;
  let json: CliRun;
  let listed: CliRun;
  let items: Record<string, unknown>[];
  beforeAll(async () => {
    await cli.database.ensureTable('created');
    const env = { ...envOf('created'), USER: 'alice' };
    const scopes = ['--scope', 'orders:read', '--scope', 'orders:write'];
    [human, json] = await Promise.all([
      runCli(
        [
          'create',
          '--label',
          'for people',
          '--owner',
          'acme',
          '--plan',
          'pro',
          '--expires',
          '90d',
          '--table',
          'created',
        ],
        { env },
      ),
      runCli(
        [
          'create',
          '--label',
          'ci',
          ...scopes,
          '--plan',
          'free',
          '--allow-ip',
          '203.0.113.7/32',
          '--metadata',
          '{"seats":3}',
          '--prefix',
          'live_',
          '--json',
        ],
        { env },
      ),
    ]);
    listed = await runCli(['list', '--json'], { env });
    items = await scan('created');
  });

  const secretOf = ({ stdout }: CliRun) => /(?:sk|live)_[0-9A-Za-z]{49}/.exec(stdout)?.[0] as KeySecret;

  test('exits 0 with an empty stderr', () => {
    for (const run of [human, json, listed]) expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test('prints the key once', () => {
    const secret = secretOf(human);
    expect(parseSecret(secret, { prefixes: ['sk_'] })).toBe(secret);
    expect(human.stdout.split(secret)).toHaveLength(2);
    expect(human.stdout).toContain(String(items.find(({ label }) => label === 'for people')?.['id']));
    expect(human.stdout).toMatch(/^plan: +pro$/m);
    expect(human.stdout).toMatch(/you cannot see it again/);
  });

  test('prints the key and its record with --json', () => {
    const { key, record, ...rest } = JSON.parse(json.stdout);
    const { keyHash, ...stored } = items.find(({ label }) => label === 'ci') ?? {};
    expect(rest).toEqual({});
    expect(keyHash).toBe(hashSecret(key));
    expect(record).toEqual(stored);
    expect(record).toMatchObject({
      keyPrefix: key.slice(0, 13),
      scopes: ['orders:read', 'orders:write'],
      plan: 'free',
      allowedIps: ['203.0.113.7'],
      metadata: { seats: 3 },
      createdBy: 'alice',
    });
    expect(record).not.toHaveProperty('expiresAt');
  });

  test('keeps the secret out of the table and the list', () => {
    for (const secret of [secretOf(human), secretOf(json)]) {
      expect(JSON.stringify(items)).not.toContain(secret);
      expect(listed.stdout).not.toContain(secret);
      expect(listed.stdout).not.toContain(hashSecret(secret));
    }
  });

  test('lists both records with a null cursor', () => {
    const { records, cursor } = JSON.parse(listed.stdout);
    const stored = items.map((item) => publicRecord(parseRecord(item)));
    expect(records).toEqual(stored.toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : 1)));
    expect(cursor).toBeNull();
  });
});

describe('a command with --local', () => {
  test('uses the table of the running gateway', async () => {
    await cli.database.ensureTable('local');
    const { exitCode, stdout } = await cli.run(['create', '--label', 'ci', '--json'], { table: 'local' });
    expect(exitCode).toBe(0);
    expect(await scan('local')).toMatchObject([{ id: JSON.parse(stdout).record.id }]);
  });

  test('recommends npm start if its gateway is unreachable', async () => {
    const env = { AWS_ENDPOINT_URL_DYNAMODB: NOWHERE, LATCHKEY_TABLE: 'created' };
    const run = await runCli(['list', '--local'], { env });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toMatch(/^error: .*npm start\n$/);
  });
});

describe('list', () => {
  beforeAll(async () => {
    await cli.database.ensureTable('listed');
    const good = ['a', 'b', 'c'].map((label) => makeKey({ id: `id-${label}`, label }).record);
    const items = [...good, { ...makeKey({ id: 'id-bad' }).record, createdAt: 'yesterday' }];
    await Promise.all(items.map((Item) => cli.database.client.send(new PutCommand({ TableName: 'listed', Item }))));
  });

  test('prints all records except an unreadable one', async () => {
    const { exitCode, stdout, stderr } = await cli.run(['list', '--json'], { table: 'listed' });
    expect(exitCode).toBe(1);
    expect(
      JSON.parse(stdout)
        .records.map(({ id }: { id: string }) => id)
        .toSorted(),
    ).toEqual(['id-a', 'id-b', 'id-c']);
    expect(stderr).toMatch(/^warning: .*id-bad.*createdAt\nerror: /);
  });

  test('prints each readable key on exactly one page', async () => {
    const labels: string[] = [];
    let cursor: string | null = null;
    do {
      const from: string[] = cursor === null ? [] : ['--cursor', cursor];
      const { stdout } = await cli.run(['list', '--json', '--limit', '1', ...from], { table: 'listed' });
      const page: { records: { label: string }[]; cursor: string | null } = JSON.parse(stdout);
      labels.push(...page.records.map(({ label }) => label));
      cursor = page.cursor;
    } while (cursor !== null);
    expect(labels.toSorted()).toEqual(['a', 'b', 'c']);
  });

  test('prints a table on a terminal instead of tab-separated fields', async () => {
    const onTerminal = await cli.run(['list'], { table: 'listed', isTerminal: true });
    expect(onTerminal.stdout).toMatch(/^ID .*EXPIRES\n/);
    expect(onTerminal.stdout).toContain(' 1d ');
    const elsewhere = await cli.run(['list'], { table: 'listed' });
    expect(elsewhere.stdout).toContain(`id-a\ta\t`);
    expect(elsewhere.stdout).toContain(at(-86_400_000));
  });

  test('exits 0 if its reader closes stdout', async () => {
    const onStart = (child: ChildProcess) => child.stdout?.destroy();
    const run = await runCli(['list', '--limit', '1'], { env: envOf('created'), onStart });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

test.each(['--label', '--owner', '--scope', '--plan', '--actor'])(
  'create neither stores nor repeats a key passed as %s',
  async (option) => {
    await cli.database.ensureTable('held');
    const label = option === '--label' ? [] : ['--label', 'x'];
    const { exitCode, stdout, stderr } = await cli.run(['create', ...label, option, SECRET], { table: 'held' });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(tracesOf([SECRET], stderr)).toEqual([]);
    expect(await scan('held')).toEqual([]);
  },
);

describe('create', () => {
  const { AWS_REGION, ...noRegion } = LOCAL_AWS;
  test.each([
    ['the table is missing', () => ({ ...envOf('missing') }), /"missing"/],
    [
      'the endpoint is unreachable',
      () => ({ ...envOf('created'), AWS_ENDPOINT_URL_DYNAMODB: NOWHERE }),
      /cannot be reached/,
    ],
    ['credentials are missing', () => ({ AWS_REGION, HOME: cli.directory, LATCHKEY_TABLE: 'created' }), /AWS_PROFILE/],
    ['the region is missing', () => ({ ...noRegion, HOME: cli.directory, LATCHKEY_TABLE: 'created' }), /AWS_REGION/],
  ])('exits 1 with a remedy in one line if %s', async (_, env, expected) => {
    const run = await runCli(['create', '--label', 'ci'], { env: env() });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toMatch(/^error: .*\n$/);
    expect(run.stderr).toMatch(expected);
  });

  test.each([
    ['the session has expired', 'ExpiredTokenException', /sign in/],
    ['AWS does not recognize the credentials', 'UnrecognizedClientException', /AWS_PROFILE/],
    ['permissions are missing', 'AccessDeniedException', /dynamodb:PutItem/],
  ])('exits 1 with a remedy in one line if %s', async (_, name, expected) => {
    const message = 'User: arn:aws:iam::111122223333:user/x is not authorized to perform: dynamodb:PutItem';
    const server = createServer((_request, response) => {
      response
        .writeHead(400, { 'content-type': 'application/x-amz-json-1.0' })
        .end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message }));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const env = { ...envOf('created'), AWS_ENDPOINT_URL_DYNAMODB: endpoint };
    const run = await runCli(['create', '--label', 'ci'], { env });
    await closeNow(server);
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toMatch(/^error: .*\n$/);
    expect(run.stderr).toMatch(expected);
    expect(run.stderr).not.toContain('111122223333');
  });
});

describe('the CLI', () => {
  test.each([
    ['a missing command', []],
    ['an unknown command', ['crate']],
    ['an unknown option', ['list', '--lable', 'x']],
    ['a missing label', ['create']],
    ['an empty label', ['create', '--label', '']],
    ['an expiry in the past', ['create', '--label', 'x', '--expires', '2020-01-01T00:00:00Z']],
    ['a malformed expiry', ['create', '--label', 'x', '--expires', 'soon']],
    ['a scope in quotes', ['create', '--label', 'x', '--scope', '"a"']],
    ['an empty plan', ['create', '--label', 'x', '--plan', '']],
    ['a plan whose name has a space', ['create', '--label', 'x', '--plan', 'free plan']],
    ['metadata that is not JSON', ['create', '--label', 'x', '--metadata', '{plan}']],
    ['metadata that is a list', ['create', '--label', 'x', '--metadata', '[]']],
    ['a bad prefix', ['create', '--label', 'x', '--prefix', 'SK']],
    ['--local with --table', ['list', '--table', 'x']],
    ['a table without a name', ['create', '--label', 'x', '--table', '']],
    ['a limit of 0', ['list', '--limit', '0']],
    ['a limit of 1001', ['list', '--limit', '1001']],
    ['a malformed cursor', ['list', '--cursor', 'x']],
    ['an extra argument', ['list', 'keys']],
    ['a missing seed file', ['seed']],
  ])('exits 2 with an empty stdout for %s', async (_, args) => {
    const { exitCode, stdout, stderr } = await cli.run(args, { table: 'unused' });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).not.toBe('');
  });

  test('lists every way to choose a table if you omit the table', async () => {
    const run = await runCli(['list']);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    for (const way of ['--table', '--stack', 'LATCHKEY_TABLE', '--local']) expect(run.stderr).toContain(way);
  });

  test.each([
    ['an unknown command', [SECRET]],
    ['an extra argument', ['list', SECRET]],
    ['a cursor', ['list', '--cursor', SECRET]],
    ['an expiry', ['create', '--label', 'x', '--expires', SECRET]],
    ['a file', ['seed', SECRET]],
  ])('does not repeat a key that you pass as %s', async (_, args) => {
    const { exitCode, stderr } = await cli.run(args, { table: 'unused' });
    expect(exitCode).not.toBe(0);
    expect(stderr).not.toContain(SECRET.slice(0, 20));
  });
});

test('seed --help prints to stdout', async () => {
  const run = await runCli(['seed', '--help']);
  expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  expect(run.stdout).toContain('--skip-existing');
});

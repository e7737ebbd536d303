import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { runCli } from '../../support/cli.ts';
import { at, makeKey } from '../../support/keys.ts';
import { useCli } from '../../support/useCli.ts';
import { tracesOf } from '../../support/traces.ts';
import { publicRecord } from '../../../keys/record.ts';

const { cli, table } = useCli();

const DAY_MS = 86_400_000;
const FOREIGN = `sk_${Buffer.alloc(32, 251).toString('base64url')}`;

describe('identify', () => {
  test('prints the id, label, owner, state, plan and last use of a key', async () => {
    const { secret, record } = await cli.putKey(table, {
      label: 'build\u001b server',
      owner: 'acme',
      plan: 'free',
      lastUsedAt: at(-3 * DAY_MS),
      disabledAt: at(-DAY_MS),
    });
    const { exitCode, stdout, stderr } = await cli.run(['identify'], { table, input: `${secret}\n` });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^id: +${record.id}$`, 'm'));
    expect(stdout).toMatch(/^label: +build\\u001b server$/m);
    expect(stdout).toMatch(/^owner: +acme$/m);
    expect(stdout).toMatch(/^state: +disabled$/m);
    expect(stdout).toMatch(/^plan: +free$/m);
    expect(stdout).toMatch(/^last used: +3 days ago \(2030-06-12T12:00:00.000Z\)$/m);
    expect(tracesOf([secret], stdout)).toEqual([]);
  });

  test('prints the record without its hash if you pass --json', async () => {
    const { secret, record } = await cli.putKey(table);
    const { exitCode, stdout } = await cli.run(['identify', '--json'], { table, input: secret });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ record: publicRecord(record) });
    expect(stdout).toMatch(/^.*\n$/);
  });

  test('looks up a key issued elsewhere', async () => {
    const keyHash = createHash('sha256').update(FOREIGN).digest('hex') as never;
    const { record } = await cli.putKey(table, { keyHash });
    const { stdout } = await cli.run(['identify', '--json'], { table, input: ` ${FOREIGN}\r\n` });
    expect(JSON.parse(stdout).record.id).toBe(record.id);
  });

  test('hides the key that you type at its prompt', async () => {
    const { secret, record } = await cli.putKey(table, { label: 'w '.repeat(100) });
    const { exitCode, stdout, stderr } = await cli.run(['identify'], { table, input: `${secret}\n`, isTerminal: true });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: 'key (not shown): \n' });
    expect(stdout).toContain(record.id);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});

describe('a key in surrounding text', () => {
  const SHAPES: readonly (readonly [string, (key: string) => string | Uint8Array])[] = [
    ['quotes', (key) => `"${key}"`],
    ['single quotes with a comma', (key) => `'${key}',`],
    ['brackets', (key) => `<${key}>`],
    ['a sentence', (key) => `The key is (${key}).`],
    ['an assignment', (key) => `API_KEY=${key}`],
    ['a shell export with quotes', (key) => `export ACME_KEY='${key}'`],
    ['YAML', (key) => `api_key: ${key}`],
    ['an Authorization header', (key) => `Authorization: Bearer ${key}`],
    ['a curl command', (key) => `curl -i -H 'Authorization: Bearer ${key}' https://api.example.com/orders`],
    ['a query string', (key) => `https://api.example.com/orders?page=2&api_key=${key}&limit=5`],
    ['an encoded query string', (key) => `https://api.example.com/orders?api_key=${encodeURIComponent(key)}`],
    ['JSON', (key) => JSON.stringify({ name: 'acme', key })],
    ['UTF-8 with a byte order mark', (key) => `\ufeff${key}\r\n`],
    ['the UTF-16 output of PowerShell', (key) => Buffer.from(`\ufeff${key}\r\n`, 'utf16le')],
    ['big-endian UTF-16', (key) => Buffer.from(`\ufeff${key}\r\n`, 'utf16le').swap16()],
    ['UTF-16 without a byte order mark', (key) => Buffer.from(`${key}\r\n`, 'utf16le')],
    ['the path of a URL', (key) => `https://api.example.com/v1/x/${encodeURIComponent(key)}/orders`],
    ['the path of a request', (key) => `GET /v1/x/${encodeURIComponent(key)}/orders HTTP/1.1`],
    ['a Markdown table', (key) => `|acme|${key}|2030|`],
    ['JSON in a JSON string', (key) => JSON.stringify({ body: JSON.stringify({ name: 'acme', key }) })],
    ['lines in a JSON string', (key) => JSON.stringify(`acme\n${key}\r\n`)],
    ['several lines', (key) => `# keys\n\nNAME=acme\nKEY=${key}\n`],
  ];
  const KINDS = ['issued here', 'in base64url', 'in padded base64', 'in the style of a password'] as const;
  const FOREIGN_KEYS = {
    'in base64url': `sk_${Buffer.alloc(32, 250).toString('base64url')}`,
    'in padded base64': Buffer.from('0123456789abcdef0123456789abcde').toString('base64'),
    'in the style of a password': 'P@ssw0rd!xY7#kQ2z',
  };
  let keys: Record<string, { secret: string; id: string }>;
  beforeAll(async () => {
    const { secret, record } = await cli.putKey(table);
    keys = { 'issued here': { secret, id: record.id } };
    for (const [kind, foreign] of Object.entries(FOREIGN_KEYS)) {
      const keyHash = createHash('sha256').update(foreign).digest('hex') as never;
      keys[kind] = { secret: foreign, id: (await cli.putKey(table, { keyHash })).record.id };
    }
  });

  test.each(SHAPES.flatMap(([shape, write]) => KINDS.map((kind) => [kind, shape, write] as const)))(
    'identify extracts a key %s from %s',
    async (kind, _, write) => {
      const { secret = '', id } = keys[kind] ?? {};
      const { exitCode, stdout, stderr } = await cli.run(['identify', '--json'], { table, input: write(secret) });
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(JSON.parse(stdout).record.id).toBe(id);
      expect(stdout).not.toContain(secret);
    },
  );
});

describe('several keys', () => {
  test('identify breaks no word on a narrow terminal', async () => {
    const [a, b] = [await cli.putKey(table, { label: 'a' }), await cli.putKey(table, { label: 'b' })];
    const session = { table, input: `A=${a.secret} B=${b.secret}\n`, isTerminal: true, columns: 60 };
    const { stdout } = await cli.run(['identify'], session);
    expect(stdout).toContain(`${a.record.keyPrefix}…  active key\n${a.record.id}, "a"\n`);
  });

  test('identify prints one line per key', async () => {
    const [a, b] = [await cli.putKey(table, { label: 'a' }), await cli.putKey(table, { label: 'b' })];
    const unknown = makeKey().secret;
    const input = `A=${a.secret}\nB=${b.secret}\nA_AGAIN=${a.secret}\nC=${unknown}\n`;
    const { exitCode, stdout, stderr } = await cli.run(['identify'], { table, input });
    expect(exitCode).toBe(1);
    expect(stdout.split('\n')).toEqual([
      `${a.record.keyPrefix}…  active key ${a.record.id}, "a"`,
      `${b.record.keyPrefix}…  active key ${b.record.id}, "b"`,
      `${unknown.slice(0, 11)}…  unknown key`,
      '',
    ]);
    expect(stderr).toBe('error: 1 of 3 keys are unknown: the table has no record of it\n');
    expect(tracesOf([a.secret, b.secret, unknown], `${stdout}${stderr}`)).toEqual([]);
  });

  test('identify --json prints a list of records', async () => {
    const [a, b] = [await cli.putKey(table), await cli.putKey(table)];
    const { exitCode, stdout } = await cli.run(['identify', '--json'], { table, input: `${a.secret}\n${b.secret}\n` });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      records: [publicRecord(a.record), publicRecord(b.record)],
      unknown: 0,
      notLookedUp: 0,
    });
  });
});

describe('keys issued elsewhere', () => {
  const foreign = (seed: number) => `sk_${createHash('sha256').update(`${seed}`).digest('base64url')}`;
  const put = (secret: string) =>
    cli.putKey(table, { keyHash: createHash('sha256').update(secret).digest('hex') as never });

  test.each([
    ['known key was issued here', async () => (await cli.putKey(table)).secret],
    ['known key was issued elsewhere', async () => (await put(foreign(1)), foreign(1))],
  ])('identify counts a repeated unknown key once if the %s', async (_, knownKey) => {
    const input = `A=${await knownKey()}\nB="${foreign(2)}"\nB_AGAIN=${foreign(2)}\n`;
    const text = await cli.run(['identify'], { table, input });
    expect(text).toMatchObject({
      exitCode: 1,
      stderr: 'error: 1 of 2 keys are unknown: the table has no record of it\n',
    });
    expect(text.stdout.trimEnd().split('\n').at(-1)).toBe('(no prefix)  unknown key');
    const json = await cli.run(['identify', '--json'], { table, input });
    expect(json.exitCode).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ records: [{}], unknown: 1, notLookedUp: 0 });
  });

  test('identify exits 1 if compact JSON contains a known and an unknown key', async () => {
    await put(foreign(3));
    const input = JSON.stringify({ a: foreign(3), b: foreign(4) });
    const { exitCode, stderr } = await cli.run(['identify'], { table, input });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: 'error: 1 of 2 keys are unknown: the table has no record of it\n',
    });
  });

  test('identify ignores words, paths and URLs next to a known key', async () => {
    const { secret } = await cli.putKey(table);
    const input = `See https://example.com/docs/getting-started and ./src/commands/identify.ts for ${secret}`;
    expect(await cli.run(['identify'], { table, input })).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test('identify reports keys after the 100th as not looked up instead of unknown', async () => {
    const many = Array.from({ length: 103 }, (_, at) => foreign(1000 + at));
    for (const secret of many.slice(0, 100)) await put(secret);
    const { exitCode, stdout, stderr } = await cli.run(['identify', '--json'], { table, input: many.join('\n') });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: 'error: looked up the first 100 of 103 texts that may be keys\n',
    });
    const { records, ...rest } = JSON.parse(stdout);
    expect(records).toHaveLength(100);
    expect(rest).toEqual({ unknown: 0, notLookedUp: 3 });
  });

  test('identify counts as unknown only keys that it looked up', async () => {
    const input = Array.from({ length: 103 }, (_, at) => foreign(2000 + at)).join('\n');
    const { exitCode, stderr } = await cli.run(['identify'], { table, input });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr:
        'looked up the first 100 of 103 texts that may be keys\n' +
        'error: 100 of 100 keys are unknown: the table has no record of them\n',
    });
  });

  test('identify reports the number of strings that it looked up if they are all unknown', async () => {
    const input = Array.from({ length: 101 }, (_, at) => `getting-started-guide-${at}`).join(' ');
    expect(await cli.run(['identify'], { table, input })).toMatchObject({
      exitCode: 1,
      stderr: 'error: no key found in the input: looked up the first 100 of 101 texts that may be keys\n',
    });
  });
});

test.each([
  ['issued here', makeKey().secret],
  ['made elsewhere', `"${FOREIGN}"`],
  ['with only letters', 'correcthorsebatterystaple'],
])('identify exits 1 if the table lacks a key %s', async (_, input) => {
  const unknownTable = await cli.makeTable();
  const run = await cli.run(['identify'], { table: unknownTable, input });
  expect(run).toEqual({ exitCode: 1, stdout: '', stderr: 'error: unknown key: the table has no record of it\n' });
});

test.each([
  ['a word', 'nonsense'],
  ['prose with a URL', 'See https://example.com/docs/getting-started for more.'],
  ['an empty assignment', 'API_KEY='],
  ['a file without a key', 'x\n'.repeat(5000)],
])('identify does not find a key in %s', async (_, input) => {
  const run = await cli.run(['identify'], { table, input });
  expect(run).toEqual({ exitCode: 1, stdout: '', stderr: 'error: no key found in the input\n' });
});

test('identify exits 130 on Ctrl-C at its prompt', async () => {
  const run = await cli.run(['identify'], { table, input: 'sk_\u0003', isTerminal: true });
  expect(run).toMatchObject({ exitCode: 130, stdout: '' });
});

describe('rejected input', () => {
  const { secret } = makeKey();
  test.each([
    ['a key as an argument', ['identify', secret], '', /argument.*history/],
    ['an external key as an argument', ['identify', FOREIGN, 'x'], '', /argument.*history/],
    ['an empty line', ['identify'], '\n', /expected a key .*got nothing/],
    ['more than 1 MB', ['identify'], 'x'.repeat(1024 * 1024 + 1), /latchkey scan/],
  ])('identify exits 2 for %s without repeating it', async (_, args, input, expected) => {
    const { exitCode, stdout, stderr } = await cli.run(args, { table, input });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(expected);
    expect(tracesOf([secret, FOREIGN], stderr)).toEqual([]);
  });
});

test('identify reports an unreachable table instead of an unknown key', async () => {
  const env = { AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1', LATCHKEY_TABLE: 'keys' };
  const run = await runCli(['identify', '--local'], { env, stdin: makeKey().secret });
  expect(run).toMatchObject({ exitCode: 1, stdout: '' });
  expect(run.stderr).toMatch(/^error: .*cannot be reached/);
});

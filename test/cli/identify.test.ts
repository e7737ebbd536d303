import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { publicRecord } from '../../cli/publicRecord.ts';
import { runCli } from '../support/cli.ts';
import { at, makeKey } from '../support/keys.ts';
import { LocalCli } from '../support/localCli.ts';
import { tracesOf } from '../support/traces.ts';

let cli: LocalCli;
let table = '';
beforeAll(async () => {
  cli = await LocalCli.start();
  table = await cli.makeTable();
});
afterAll(() => cli.stop());

const DAY_MS = 86_400_000;
const FOREIGN = `sk_${Buffer.alloc(32, 251).toString('base64url')}`;

describe('a key is told to be whose it is', () => {
  test('to people: id, label, owner, state, plan and last use', async () => {
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

  test('to programs: exactly the record, without the hash', async () => {
    const { secret, record } = await cli.putKey(table);
    const { exitCode, stdout } = await cli.run(['identify', '--json'], { table, input: secret });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ record: publicRecord(record) });
    expect(stdout).toMatch(/^.*\n$/);
  });

  test('and one that was made elsewhere too', async () => {
    const { createHash } = await import('node:crypto');
    const keyHash = createHash('sha256').update(FOREIGN).digest('hex') as never;
    const { record } = await cli.putKey(table, { keyHash });
    const { stdout } = await cli.run(['identify', '--json'], { table, input: ` ${FOREIGN}\r\n` });
    expect(JSON.parse(stdout).record.id).toBe(record.id);
  });

  test('at a prompt that shows nothing of it, in lines that fit the terminal', async () => {
    const { secret, record } = await cli.putKey(table, { label: 'w '.repeat(100) });
    const { exitCode, stdout, stderr } = await cli.run(['identify'], { table, input: `${secret}\n`, isTerminal: true });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: 'key (not shown): \n' });
    expect(stdout).toContain(record.id);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});

test.each([
  ['unknown', makeKey().secret],
  ['nothing that can be a key', 'nonsense'],
])("a key that is %s is nobody's: one line, and exit 1", async (_, secret) => {
  const run = await cli.run(['identify'], { table, input: secret });
  expect(run).toEqual({ exitCode: 1, stdout: '', stderr: "error: that key is nobody's: the table does not know it\n" });
});

test('Ctrl-C at the prompt ends it, as a signal does', async () => {
  const run = await cli.run(['identify'], { table, input: 'sk_\u0003', isTerminal: true });
  expect(run).toMatchObject({ exitCode: 130, stdout: '' });
});

describe('bad usage exits 2, and what was given is not repeated', () => {
  const { secret } = makeKey();
  test.each([
    ['a key as an argument', ['identify', secret], '', /argument.*history/],
    ['a foreign key as an argument', ['identify', FOREIGN, 'x'], '', /argument.*history/],
    ['no key', ['identify'], '\n', /got no key/],
    ['two keys', ['identify'], `${secret}\n${secret}\n`, /more than one word/],
    ['a whole file', ['identify'], 'x'.repeat(5000), /more than a key has/],
  ])('%s', async (_, args, input, expected) => {
    const { exitCode, stdout, stderr } = await cli.run(args, { table, input });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(expected);
    expect(tracesOf([secret, FOREIGN], stderr)).toEqual([]);
  });
});

test("a table that cannot be reached is told as such, and not that the key is nobody's", async () => {
  const env = { AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1', LATCHKEY_TABLE: 'keys' };
  const run = await runCli(['identify', '--local'], { env, stdin: makeKey().secret });
  expect(run).toMatchObject({ exitCode: 1, stdout: '' });
  expect(run.stderr).toMatch(/^error: .*cannot be reached/);
});

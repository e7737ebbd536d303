import { randomUUID } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Output } from '../../../cli/output.ts';
import { withPager } from '../../../cli/pager.ts';
import { Interruption } from '../../../cli/signals.ts';
import { useCli, type SessionOptions } from '../../support/useCli.ts';

const KEYS = 30;
const PATH = process.env['PATH'] ?? '';

const { cli, table } = useCli();
beforeAll(async () => {
  for (let index = 0; index < KEYS; index++) await cli.putKey(table, { label: `key ${index}` });
});

/** Runs list on a terminal of 25 rows. `pager` returns the pager's command for a file, which the pager may write. */
async function list(pager: (file: string) => string, options: SessionOptions = {}, args: readonly string[] = []) {
  const file = join(cli.directory, randomUUID());
  const env = { PATH, LATCHKEY_PAGER: pager(file), ...options.env };
  const run = await cli.run(['list', ...args], { table, isTerminal: true, rows: 25, ...options, env });
  const paged = await readFile(file, 'utf8').catch(() => undefined);
  return { ...run, paged };
}

const intoFile = (file: string) => `cat > '${file}'`;

describe('a table that is longer than the terminal', () => {
  test('goes to the pager instead of stdout', async () => {
    const { exitCode, stdout, stderr, paged } = await list(intoFile);
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(paged?.trimEnd().split('\n')).toHaveLength(1 + KEYS);
    expect(paged).toMatch(/^ID +LABEL/);
  });

  test('goes to the pager in PAGER if LATCHKEY_PAGER is unset', async () => {
    const file = join(cli.directory, randomUUID());
    const env = { PATH, PAGER: intoFile(file) };
    const { stdout } = await cli.run(['list'], { table, isTerminal: true, rows: 25, env });
    expect(stdout).toBe('');
    expect((await stat(file)).size).toBeGreaterThan(0);
  });

  test('escapes control characters for the pager', async () => {
    const odd = await cli.makeTable();
    await cli.putKey(odd, { label: '\u001b[2J' });
    const { paged } = await list(intoFile, { table: odd, rows: 2 });
    expect(paged).toContain('\\u001b[2J');
  });

  test('is followed by the notes after the pager ends', async () => {
    const { exitCode, stderr, paged } = await list((file) => `cat > '${file}'; echo end >> '${file}'`, {}, [
      '--limit',
      '29',
    ]);
    expect(exitCode).toBe(0);
    expect(paged).toMatch(/\nend\n$/);
    expect(stderr).toMatch(/^29 keys shown; to see more, /);
  });

  test.each([
    [undefined, 'FRX'],
    ['S', 'S'],
  ])('has the environment variable LESS from %j as %s', async (less, expected) => {
    const env = less === undefined ? {} : { LESS: less };
    const { paged } = await list((file) => `cat > /dev/null; echo "$LESS" > '${file}'`, { env });
    expect(paged).toBe(`${expected}\n`);
  });

  test('ends without an error if the pager ends early', async () => {
    const run = await list((file) => `head -n 1 > '${file}'`, {}, ['--all', '--limit', '26']);
    expect(run).toMatchObject({ exitCode: 0, stdout: '', stderr: '', paged: expect.stringMatching(/^ID +LABEL.*\n$/) });
  });
});

describe('list prints to stdout', () => {
  test.each<[string, (file: string) => string, SessionOptions, readonly string[]]>([
    ['the pager is not installed', () => 'no-such-pager --raw', {}, []],
    ['the path of the pager is wrong', () => '/no/such/pager', {}, []],
    ['LATCHKEY_PAGER is empty', () => '', { env: { PAGER: 'false' } }, []],
    ['LATCHKEY_PAGER is cat', () => 'cat', {}, []],
    ['--no-pager is given', intoFile, {}, ['--no-pager']],
    ['the terminal is high enough', intoFile, { rows: KEYS + 2 }, []],
  ])('if %s', async (_, pager, options, args) => {
    const { exitCode, stdout, stderr, paged } = await list(pager, options, args);
    expect({ exitCode, stderr, paged }).toEqual({ exitCode: 0, stderr: '', paged: undefined });
    expect(stdout.trimEnd().split('\n')).toHaveLength(1 + KEYS);
  });

  test.each([
    ['stdout is not a terminal', false, []],
    ['the format is JSON', true, ['--json']],
    ['the format is CSV', true, ['--csv']],
  ])('if %s', async (_, isTerminal, args) => {
    const { stdout, paged } = await list(intoFile, { isTerminal }, args);
    expect(paged).toBeUndefined();
    expect(stdout).toContain('key 29');
  });
});

test('withPager stops the work after Ctrl-C, and waits for the end of the pager', async () => {
  const file = join(cli.directory, randomUUID());
  const exits: number[] = [];
  const stdout = Object.assign(new PassThrough(), { isTTY: true, rows: 2 });
  const output = new Output({ stdout, stderr: new PassThrough() });
  const interruption = new Interruption({ exit: (code) => exits.push(code), note: (line) => output.note(line) });
  const env = { PATH, LATCHKEY_PAGER: `cat > '${file}'; echo end >> '${file}'` };
  const work = async () => {
    await output.print('one\ntwo\n');
    interruption.receive('SIGINT');
    await output.print('three\n');
  };
  await expect(withPager({ env, interruption, output }, work)).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(exits).toEqual([]);
  expect(await readFile(file, 'utf8')).toBe('one\ntwo\nend\n');
});

test('withPager leaves Ctrl-C to the process before the pager starts', async () => {
  const exits: number[] = [];
  const stdout = Object.assign(new PassThrough(), { isTTY: true, rows: 25 });
  const output = new Output({ stdout, stderr: new PassThrough() });
  const interruption = new Interruption({ exit: (code) => exits.push(code), note: () => {} });
  await withPager({ env: { PATH, LATCHKEY_PAGER: 'head' }, interruption, output }, async () => {
    await output.print('one\n');
    interruption.receive('SIGINT');
  });
  expect(exits).toEqual([130]);
});

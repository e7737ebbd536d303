import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { Output } from '../../../cli/output.ts';
import { useCli } from '../../support/useCli.ts';

const COMMANDS = [
  'create',
  'seed',
  'list',
  'show',
  'identify',
  'stats',
  'scan',
  'update',
  'rotate',
  'disable',
  'enable',
].concat(['revoke', 'import', 'export', 'console', 'completion']);

const { cli } = useCli();

test('latchkey --help lists every command by group', async () => {
  const { exitCode, stdout, stderr } = await cli.run(['--help']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  for (const heading of ['Issue keys:', 'Find keys:', 'Change keys:', 'Move keys:', 'Other:'])
    expect(stdout).toContain(`\n${heading}\n`);
  const named = [...stdout.matchAll(/^ {2}([a-z]+) .* {2}/gm)].map(([, name]) => name);
  expect(named.toSorted()).toEqual(expect.arrayContaining([...COMMANDS, 'help'].toSorted()));
});

test.each([{ columns: 0 }, {}])('Output falls back to 80 columns for a terminal with %p', (width) => {
  const stdout = Object.assign(new PassThrough(), { isTTY: true, ...width });
  expect(new Output({ stdout, stderr: new PassThrough() }).columns).toBe(80);
});

describe.each(COMMANDS)('the help of %s', (command) => {
  test.each([60, 80])('has an example and fits in %d columns', async (columns) => {
    const { exitCode, stdout } = await cli.run([command, '--help'], { isTerminal: true, columns });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`^ {2}.*latchkey ${command}\\b`, 'm'));
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
  });

  test('describes the command before its usage, examples and options', async () => {
    const { stdout } = await cli.run([command, '--help']);
    const parts = ['', `Usage: latchkey ${command} `, 'Examples:\n', 'Options:\n'].map((part) => `\n${part}`);
    const positions = parts.map((part) => stdout.indexOf(part));
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    expect(positions).not.toContain(-1);
    expect(stdout.split('\n', 1)[0]).toMatch(/^[A-Z].{10,}\.$/);
  });

  test('equals the output of latchkey help', async () => {
    const { stdout } = await cli.run([command, '--help']);
    expect(await cli.run(['help', command])).toEqual({ exitCode: 0, stdout, stderr: '' });
  });
});

test.each([
  ['a command', ['crate'], 'create'],
  ['a command with two similar names', ['disabel'], 'disable'],
  ['an option', ['list', '--stak', 'x'], '--stack'],
  ['a command after help', ['help', 'crate'], 'create'],
])('the CLI suggests a correction for a typo in %s', async (_, args, meant) => {
  const run = await cli.run(args);
  expect(run).toMatchObject({ exitCode: 2, stdout: '' });
  expect(run.stderr).toContain(`(Did you mean ${meant}?)`);
});

test.each(['--version', '-V'])('latchkey %s prints the version', async (flag) => {
  expect(await cli.run([flag])).toEqual({ exitCode: 0, stdout: '1.2.3\n', stderr: '' });
});

describe('the CLI of the published package', () => {
  const hasLocalGateway = false;
  /** Matches the npm scripts of this repository and the option for its gateway. */
  const REPOSITORY = /npm (start|run)|--local|local gateway/;

  test.each([['--help'], ...COMMANDS.map((command) => [command, '--help']), ['help', 'create']])(
    'omits the local gateway from the output of latchkey %s %s',
    async (...args) => {
      const { exitCode, stdout } = await cli.run(args.filter(Boolean), { hasLocalGateway });
      expect(exitCode).toBe(0);
      expect(stdout).not.toMatch(REPOSITORY);
    },
  );

  test.each(['bash', 'zsh', 'fish'])('omits the local gateway from the %s completion', async (shell) => {
    const { stdout } = await cli.run(['completion', shell], { hasLocalGateway });
    expect(stdout).toContain('--stack'.slice(2));
    expect(stdout).not.toMatch(/local gateway|npm start|(--|-l )local\b/);
  });

  test.each([
    [
      'a missing table',
      ['list'],
      /no table given: pass --table NAME or --stack NAME, or set LATCHKEY_TABLE; see latchkey list --help\n$/,
    ],
    ['--local', ['list', '--local'], /unknown option '--local'/],
  ])('omits the local gateway from the error about %s', async (_, args, expected) => {
    const { exitCode, stderr } = await cli.run(args, { hasLocalGateway });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(expected);
    expect(stderr).not.toMatch(/npm (start|run)/);
  });
});

test('the CLI in the repository documents --local', async () => {
  expect((await cli.run(['--help'])).stdout).toContain('--local');
  expect((await cli.run(['list', '--help'])).stdout).toMatch(/--local +use the table that npm start serves/);
  expect((await cli.run(['completion', 'bash'])).stdout).toContain('--local');
  expect((await cli.run(['list'])).stderr).toContain('--local for the table of npm start');
});

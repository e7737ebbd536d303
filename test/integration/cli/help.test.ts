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

/** Matches ECMA-48's "select graphic rendition" sequence. */
const SET_COLOUR = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`);

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
  test('wraps at 80 columns except for its example', async () => {
    const { exitCode, stdout } = await cli.run([command, '--help'], { isTerminal: true });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`^ {2}.*latchkey ${command}\\b`, 'm'));
    // Help doesn't wrap examples, because readers copy them. It can't wrap a line without spaces.
    const lines = stdout.split('\n').filter((line) => !/^ {2}.*latchkey [a-z]|^ *\S+$/.test(line));
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
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
])('the CLI suggests a correction for a typo in %s', async (_, args, meant) => {
  const run = await cli.run(args);
  expect(run).toMatchObject({ exitCode: 2, stdout: '' });
  expect(run.stderr).toContain(`(Did you mean ${meant}?)`);
});

test('the CLI prints all output without colours', async () => {
  const table = await cli.makeTable();
  const { record } = await cli.putKey(table);
  const commands = [
    ['--help'],
    ['list'],
    ['stats'],
    ['show', record.id],
    ['update', record.id, '--label', 'x'],
    ['lits'],
  ];
  for (const args of commands) {
    const isKnown = args[0] !== '--help' && args[0] !== 'lits';
    const { stdout, stderr } = await cli.run(args, isKnown ? { table, isTerminal: true } : { isTerminal: true });
    expect(`${stdout}${stderr}`).not.toMatch(SET_COLOUR);
  }
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
    ['a missing table', ['list'], /no table given: pass --table NAME or --stack NAME, or set LATCHKEY_TABLE\n$/],
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

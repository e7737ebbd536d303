import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { useCli } from '../../support/useCli.ts';

const { cli } = useCli();
let bash = '';
beforeAll(async () => {
  bash = await cli.write('completion.bash', (await cli.run(['completion', 'bash'])).stdout);
  await cli.write('keys one.json', '');
});

/** What bash offers where the last of the words is being typed. */
function offered(...words: readonly string[]): readonly string[] {
  const script = `source "$1"; shift; COMP_WORDS=(latchkey "$@"); COMP_CWORD=$#; _latchkey; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', bash, ...words], {
    cwd: cli.directory,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

describe('bash completes', () => {
  test.each<[string, string[], string[]]>([
    ['a command', ['ro'], ['rotate']],
    ['commands of one start', ['re'], ['revoke']],
    ['an option', ['rotate', '--gr'], ['--grace']],
    ['an option after others', ['create', '--label', 'x', '--sc'], ['--scope']],
    ['the option for a plan', ['create', '--pl'], ['--plan']],
    ['the option against one', ['update', '0f8c', '--no-p'], ['--no-plan']],
    ['a table option', ['update', '0f8c', '--st'], ['--stack']],
    ['the words that an option takes', ['list', '--state', 'd'], ['disabled']],
    ['the words that an argument takes', ['completion', ''], ['bash', 'zsh', 'fish']],
    ['a command to be told of', ['help', 'dis'], ['disable']],
    ['a file as a value, with its spaces', ['create', '--out', 'keys'], ['keys one.json']],
    ['a file as an argument', ['seed', 'keys'], ['keys one.json']],
    ['no text that only its author knows', ['create', '--label', ''], []],
    ['nothing of an unknown command', ['crate', '--'], []],
  ])('%s', (_, words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });

  test('every command that the help names', async () => {
    const { stdout } = await cli.run(['--help']);
    const named = [...stdout.matchAll(/^ {2}([a-z]+) .* {2}/gm)].map(([, name]) => name);
    expect(named).toEqual(expect.arrayContaining(['create', 'rotate', 'stats', 'completion', 'help']));
    expect(offered('')).toEqual(expect.arrayContaining(named));
  });

  test('every option that the help of a command names', async () => {
    const { stdout } = await cli.run(['rotate', '--help']);
    const named = [...stdout.matchAll(/^ {2}(?:-h, )?(--[a-z-]+)/gm)].map(([, flag]) => flag);
    expect(named).toContain('--no-expiry');
    expect(offered('rotate', '-').toSorted()).toEqual(named.toSorted());
  });
});

test.each(['zsh', 'fish'])('%s gets every command and every option of it', async (shell) => {
  const { stdout } = await cli.run(['completion', shell]);
  for (const command of offered('').filter((name) => !name.startsWith('-'))) {
    expect(stdout).toContain(command);
    for (const option of offered(command, '-')) expect(stdout).toContain(option.slice(2));
  }
});

test.each([[[]], [['powershell']]])('a shell that is not known is bad usage: %j', async (args) => {
  const run = await cli.run(['completion', ...args]);
  expect(run).toMatchObject({ exitCode: 2, stdout: '' });
});

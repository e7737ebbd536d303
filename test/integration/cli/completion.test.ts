import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { useCli } from '../../support/useCli.ts';

const { cli } = useCli();
let bash = '';
beforeAll(async () => {
  bash = await cli.write('completion.bash', (await cli.run(['completion', 'bash'])).stdout);
  await cli.write('keys one.json', '');
});

/** Returns the completions of bash for the last word. */
function offered(...words: readonly string[]): readonly string[] {
  const script = `source "$1"; shift; COMP_WORDS=(latchkey "$@"); COMP_CWORD=$#; _latchkey; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', bash, ...words], {
    cwd: cli.directory,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

describe('bash', () => {
  test.each<[string, string[], string[]]>([
    ['a command', ['ro'], ['rotate']],
    ['commands by their start', ['re'], ['revoke']],
    ['an option', ['rotate', '--gr'], ['--grace']],
    ['an option after others', ['create', '--label', 'x', '--sc'], ['--scope']],
    ['the option for a plan', ['create', '--pl'], ['--plan']],
    ['an option that removes a field', ['update', '0f8c', '--no-p'], ['--no-plan']],
    ['a table option', ['update', '0f8c', '--st'], ['--stack']],
    ['the values of an option', ['list', '--state', 'd'], ['disabled']],
    ['the values of an argument', ['completion', ''], ['bash', 'zsh', 'fish']],
    ['a command after help', ['help', 'dis'], ['disable']],
    ['a file with spaces as a value', ['create', '--out', 'keys'], ['keys one.json']],
    ['a file as an argument', ['seed', 'keys'], ['keys one.json']],
    ['no free text', ['create', '--label', ''], []],
    ['no option of an unknown command', ['crate', '--'], []],
  ])('completes %s', (_, words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });

  test('completes every command of the help', async () => {
    const { stdout } = await cli.run(['--help']);
    const named = [...stdout.matchAll(/^ {2}([a-z]+) .* {2}/gm)].map(([, name]) => name);
    expect(named).toEqual(expect.arrayContaining(['create', 'rotate', 'stats', 'completion', 'help']));
    expect(offered('')).toEqual(expect.arrayContaining(named));
  });

  test('completes every option in the help of a command', async () => {
    const { stdout } = await cli.run(['rotate', '--help']);
    const named = [...stdout.matchAll(/^ {2}(?:-h, )?(--[a-z-]+)/gm)].map(([, flag]) => flag);
    expect(named).toContain('--no-expiry');
    expect(offered('rotate', '-').toSorted()).toEqual(named.toSorted());
  });
});

test.each(['zsh', 'fish'])('the completion for %s contains every command and every option', async (shell) => {
  const { stdout } = await cli.run(['completion', shell]);
  for (const command of offered('').filter((name) => !name.startsWith('-'))) {
    expect(stdout).toContain(command);
    for (const option of offered(command, '-')) expect(stdout).toContain(option.slice(2));
  }
});

test.each([[[]], [['powershell']]])('latchkey completion %j is bad usage', async (args) => {
  const run = await cli.run(['completion', ...args]);
  expect(run).toMatchObject({ exitCode: 2, stdout: '' });
});

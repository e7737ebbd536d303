import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { useCli } from '../../support/useCli.ts';

const { cli } = useCli();
let bash = '';
beforeAll(async () => {
  bash = await cli.write('completion.bash', (await cli.run(['completion', 'bash'])).stdout);
  await cli.write('keys one.json', '');
});

/** Returns bash's completions for the last word. */
function offered(...words: readonly string[]): readonly string[] {
  const script = `source "$1"; shift; COMP_WORDS=(latchkey "$@"); COMP_CWORD=$#; _latchkey; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', bash, ...words], {
    cwd: cli.directory,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

describe('the bash completion', () => {
  test.each<[string, string[], string[]]>([
    ['a command name', ['ro'], ['rotate']],
    ['a command from a prefix', ['re'], ['revoke', 'reset-quota']],
    ['an option name', ['rotate', '--gr'], ['--grace']],
    ['an option after other options', ['create', '--label', 'x', '--sc'], ['--scope']],
    ['the --plan option', ['create', '--pl'], ['--plan']],
    ['an option that removes a field', ['update', '0f8c', '--no-p'], ['--no-plan']],
    ['the --stack option', ['update', '0f8c', '--st'], ['--stack']],
    ['the values of an option', ['list', '--state', 'd'], ['disabled']],
    ['the values of an argument', ['completion', ''], ['bash', 'zsh', 'fish']],
    ['a command after help', ['help', 'dis'], ['disable']],
    ['a file with spaces as a value', ['create', '--out', 'keys'], ['keys one.json']],
    ['a file as an argument', ['seed', 'keys'], ['keys one.json']],
    ['free text with an empty list', ['create', '--label', ''], []],
    ['options of an unknown command with an empty list', ['crate', '--'], []],
  ])('completes %s', (_, words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });

  test('completes every command that --help lists', async () => {
    const { stdout } = await cli.run(['--help']);
    const named = [...stdout.matchAll(/^ {2}([a-z]+) .* {2}/gm)].map(([, name]) => name);
    expect(named).toEqual(expect.arrayContaining(['create', 'rotate', 'stats', 'completion', 'help']));
    expect(offered('')).toEqual(expect.arrayContaining(named));
  });

  test('completes every option that rotate --help lists', async () => {
    const { stdout } = await cli.run(['rotate', '--help']);
    const named = [...stdout.matchAll(/^ {2}(?:-h, )?(--[a-z-]+)/gm)].map(([, flag]) => flag);
    expect(named).toContain('--no-expiry');
    expect(offered('rotate', '-').toSorted()).toEqual(named.toSorted());
  });
});

test.each(['zsh', 'fish'])('the %s completion contains every command and option', async (shell) => {
  const { stdout } = await cli.run(['completion', shell]);
  for (const command of offered('').filter((name) => !name.startsWith('-'))) {
    expect(stdout).toContain(command);
    for (const option of offered(command, '-')) expect(stdout).toContain(option.slice(2));
  }
});

test.each([[[]], [['powershell']]])('latchkey completion exits 2 with the arguments %j', async (args) => {
  const run = await cli.run(['completion', ...args]);
  expect(run).toMatchObject({ exitCode: 2, stdout: '' });
});

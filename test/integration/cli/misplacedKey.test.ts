import { expect, test } from '@jest/globals';
import { makeKey } from '../../support/keys.ts';
import { useCli } from '../../support/useCli.ts';
import { tracesOf } from '../../support/traces.ts';

const { cli, table } = useCli();

/** Options that this test skips. Table options conflict with `--local`, and messages may repeat a path. */
const LEFT_OUT = new Set(['--table', '--stack', '--region', '--profile', '--out']);

/** Returns the command's options that take a value, from its help text. */
async function optionsOf(command: string): Promise<readonly string[]> {
  const { stdout } = await cli.run([command, '--help']);
  const flags = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+) </gm)].map(([, flag = '']) => flag);
  return flags.filter((flag) => !LEFT_OUT.has(flag));
}

test.each<[string, readonly string[], number]>([
  ['create', ['--label', 'x'], 8],
  ['seed', ['-'], 2],
  ['list', [], 6],
  ['stats', [], 2],
  ['scan', [], 1],
  ['update', ['ID'], 7],
  ['rotate', ['ID', '--yes'], 4],
  ['disable', ['ID', '--yes'], 1],
  ['enable', ['ID'], 1],
  ['revoke', ['ID', '--yes'], 2],
  ['import', ['-'], 2],
])("%s neither repeats nor stores a key that you pass as an option's value", async (command, args, count) => {
  const { secret } = makeKey();
  const { record } = await cli.putKey(table);
  const before = await cli.records(table);
  const flags = await optionsOf(command);
  expect(flags.length).toBeGreaterThanOrEqual(count);
  const given = args.map((arg) => arg.replace('ID', record.id));
  for (const flag of flags) {
    const { stdout, stderr } = await cli.run([command, ...given, flag, secret], { table });
    expect([flag, tracesOf([secret], stdout + stderr)]).toEqual([flag, []]);
  }
  expect(await cli.records(table)).toEqual(before);
});

test('the CLI never shows a key again after create', async () => {
  const created = await cli.run(['create', '--label', 'shown', '--json'], { table });
  const { key, record } = JSON.parse(created.stdout);
  for (const args of [
    ['show', record.id],
    ['show', record.id, '--json'],
    ['list'],
    ['list', '--json', '--all'],
    ['stats', '--json'],
    ['export'],
    ['export', '--csv'],
    ['update', record.id, '--label', 'seen', '--json'],
    ['disable', record.id, '--yes', '--json'],
    ['enable', record.id, '--json'],
    ['revoke', record.id, '--yes', '--json'],
  ]) {
    const { exitCode, stdout, stderr } = await cli.run(args, { table });
    expect([args, exitCode, tracesOf([key], stdout + stderr)]).toEqual([args, 0, []]);
  }
  const identified = await cli.run(['identify', '--json'], { table, input: key });
  expect(JSON.parse(identified.stdout)).toMatchObject({ record: { id: record.id } });
  expect(tracesOf([key], identified.stdout + identified.stderr)).toEqual([]);
});

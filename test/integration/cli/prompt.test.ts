import { describe, expect, test } from '@jest/globals';
import { keyState } from '../../../keys/state.ts';
import { NOW_MS } from '../../support/keys.ts';
import { useCli } from '../../support/useCli.ts';

const SHORT = '0230fe52';
const LONG = '0230fe52-5b8e-4c56-9d2f-7a1f6f0a3b11';

const { cli } = useCli();

/** Creates a table with two keys. The first id is a prefix of the second. */
async function makeTable(): Promise<string> {
  const table = await cli.makeTable();
  await cli.putKey(table, { id: SHORT });
  await cli.putKey(table, { id: LONG, owner: 'acme' });
  return table;
}

const statesIn = async (table: string) =>
  Object.fromEntries((await cli.records(table)).map((record) => [record.id, keyState(record, NOW_MS)]));

describe('an id that is a prefix of another id', () => {
  test.each([
    ['show', []],
    ['revoke', ['--yes']],
    ['rotate', ['--yes']],
    ['disable', ['--yes']],
    ['enable', []],
    ['update', ['--label', 'x']],
  ])('makes %s fail with the suggestion --exact-id', async (command, args) => {
    const table = await makeTable();
    const { exitCode, stdout, stderr } = await cli.run([command, SHORT, ...args], { table });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toBe(
      `error: several keys have an id that starts ${SHORT}: add --exact-id to choose the key with exactly the id ${SHORT}\n` +
        `  ${SHORT}, "ci"\n  ${LONG}, "ci" of acme\n`,
    );
    expect(await statesIn(table)).toEqual({ [SHORT]: 'active', [LONG]: 'active' });
  });

  test('show does not suggest --exact-id for an incomplete id', async () => {
    const { exitCode, stderr } = await cli.run(['show', SHORT.slice(0, 6)], { table: await makeTable() });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/several keys have an id that starts 0230fe:/);
    expect(stderr).not.toContain('--exact-id');
  });

  test('lists at most 5 of the keys', async () => {
    const table = await cli.makeTable();
    for (let index = 0; index < 8; index++) await cli.putKey(table, { id: `abcd-${index}`, label: `label ${index}` });
    const { exitCode, stderr } = await cli.run(['show', 'abcd'], { table });
    expect(exitCode).toBe(1);
    const [message, ...keys] = stderr.trimEnd().split('\n');
    expect(message).toMatch(/: pass more of the id$/);
    expect(keys).toHaveLength(6);
    for (const key of keys.slice(0, 5)) expect(key).toMatch(/^ {2}abcd-\d, "label \d"$/);
    expect(keys[5]).toBe('  and 3 more');
  });

  test('selects its own key with --exact-id', async () => {
    const table = await makeTable();
    const shown = await cli.run(['show', SHORT, '--exact-id', '--json'], { table });
    expect(JSON.parse(shown.stdout)).toMatchObject({ record: { id: SHORT } });
    expect((await cli.run(['revoke', SHORT, '--exact-id', '--yes'], { table })).exitCode).toBe(0);
    expect(await statesIn(table)).toEqual({ [SHORT]: 'revoked', [LONG]: 'active' });
  });

  test('does not prevent a command from selecting the longer id', async () => {
    const table = await makeTable();
    expect((await cli.run(['revoke', LONG, '--yes'], { table })).exitCode).toBe(0);
    expect(await statesIn(table)).toEqual({ [SHORT]: 'active', [LONG]: 'revoked' });
  });
});

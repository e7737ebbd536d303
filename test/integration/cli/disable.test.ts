import { describe, expect, test } from '@jest/globals';
import { type KeyRecord, publicRecord } from '../../../keys/record.ts';
import { at, NOW_MS, timeOfDay } from '../../support/keys.ts';
import { useCli } from '../../support/useCli.ts';

const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';
const DISABLED = { disabledAt: at(-1), disabledBy: 'bob' };
/** The fields that every change by the command line writes. */
const BY_ALICE = { changedAt: at(0), changedBy: 'alice' };

const { cli, table } = useCli();

const stored = (id: string): Promise<KeyRecord> => cli.record(table, id);

describe('disable', () => {
  test.each([
    [60, `Refused everywhere by ${timeOfDay(NOW_MS + 60_000)} (within 60 s).`],
    [0, 'Refused everywhere from now on.'],
  ])(
    'prints when the change takes effect for a revocation delay of %d seconds',
    async (revocationDelaySeconds, notice) => {
      const { record } = await cli.putKey(table);
      const run = await cli.run(['disable', record.id, '--yes'], { table, revocationDelaySeconds });
      expect(run).toEqual({ exitCode: 0, stdout: `✓ Disabled “ci”. ${notice}\n`, stderr: '' });
      expect(await stored(record.id)).toEqual({
        ...record,
        disabledAt: at(0),
        disabledBy: 'alice',
        ...BY_ALICE,
        version: 1,
      });
    },
  );

  test('prints only the record with --json', async () => {
    const { record } = await cli.putKey(table);
    const { exitCode, stdout, stderr } = await cli.run(['disable', record.id, '--yes', '--json'], { table });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({ record: publicRecord(await stored(record.id)) });
  });

  test('disables the key if you answer y at the prompt', async () => {
    const { record } = await cli.putKey(table);
    const run = await cli.run(['disable', record.id], { table, isTerminal: true, columns: 200, input: 'y\n' });
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toBe(`Disable key ${record.id}, "ci"? It will be rejected until you enable it again. [y/N] `);
  });

  test('leaves the key active if you press Enter at the prompt', async () => {
    const { record } = await cli.putKey(table);
    const run = await cli.run(['disable', record.id], { table, isTerminal: true, columns: 200, input: '\n' });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toMatch(/\[y\/N\] Cancelled, nothing changed\.\n$/);
    expect(await stored(record.id)).toEqual(record);
  });

  test('requires --yes without a terminal', async () => {
    const { record } = await cli.putKey(table);
    const run = await cli.run(['disable', record.id], { table, input: 'y\n' });
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/^error: .*--yes.*\n$/);
    expect(await stored(record.id)).toEqual(record);
  });
});

describe('enable', () => {
  test('prints when the change takes effect', async () => {
    const { record } = await cli.putKey(table, DISABLED);
    const run = await cli.run(['enable', record.id], { table, revocationDelaySeconds: 60 });
    const notice = `Accepted everywhere by ${timeOfDay(NOW_MS + 60_000)} (within 60 s).`;
    expect(run).toEqual({ exitCode: 0, stdout: `✓ Enabled “ci”. ${notice}\n`, stderr: '' });
    expect(await stored(record.id)).toEqual({
      ...record,
      disabledAt: undefined,
      disabledBy: undefined,
      ...BY_ALICE,
      version: 1,
    });
  });

  test('prints only the record with --json', async () => {
    const { record } = await cli.putKey(table, DISABLED);
    const { stdout } = await cli.run(['enable', record.id, '--json'], { table });
    expect(JSON.parse(stdout)).toEqual({ record: publicRecord(await stored(record.id)) });
  });
});

describe('disable and enable', () => {
  test.each<[string, string, Partial<KeyRecord>, RegExp]>([
    ['disable', 'a disabled key', DISABLED, /disabled already.*by bob/],
    ['disable', 'a revoked key', { revokedAt: at(-1) }, /revoked already/],
    ['enable', 'a key that is not disabled', {}, /not disabled/],
    ['enable', 'a revoked key', { ...DISABLED, revokedAt: at(-1) }, /revoked already/],
  ])('%s exits 1 for %s without a prompt', async (command, _, fields, expected) => {
    const { record } = await cli.putKey(table, fields);
    const run = await cli.run([command, record.id], { table, isTerminal: true, columns: 200, input: 'y\n' });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toMatch(/^error: .*\n$/);
    expect(run.stderr).toMatch(expected);
    expect(await stored(record.id)).toEqual(record);
  });

  test.each(['disable', 'enable'])('%s exits 1 if the id is unknown', async (command) => {
    const run = await cli.run([command, UNKNOWN_ID], { table, isTerminal: true, columns: 200 });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toContain(UNKNOWN_ID);
  });

  test.each(['disable', 'enable'])('%s exits 2 if the id is missing', async (command) => {
    expect(await cli.run([command], { table })).toMatchObject({ exitCode: 2, stdout: '' });
  });
});

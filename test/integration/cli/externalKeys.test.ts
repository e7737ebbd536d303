import { beforeAll, describe, expect, test } from '@jest/globals';
import { useCli } from '../../support/useCli.ts';

const { cli } = useCli();

const ENTRIES = [
  { label: 'own', keyPrefix: 'sk_AbCdEfGh', keyHash: 'a'.repeat(64) },
  { label: 'external', keyPrefix: 'live_abc', keyHash: 'b'.repeat(64) },
  { label: 'bare', keyHash: 'c'.repeat(64) },
  { label: 'ended', keyHash: 'd'.repeat(64), revokedAt: '2020-01-01T00:00:00Z' },
];
const JSONL = ENTRIES.map((entry) => JSON.stringify(entry)).join('\n');

describe('import', () => {
  test.each([
    ['the deployment refuses if it accepts only its own prefix', 'sk_', /^active but refused: 2; .*$/m],
    ['were issued elsewhere if the deployment is unknown', undefined, /^issued elsewhere: 2; .*$/m],
  ])('reports the number of active keys that %s', async (_, acceptedKeys, expected) => {
    const table = await cli.makeTable();
    const run = await cli.run(['import', '-'], {
      table,
      input: JSONL,
      ...(acceptedKeys === undefined ? {} : { acceptedKeys }),
    });
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toMatch(expected);
    expect(run.stderr).toContain('externalKeys');
  });

  test('counts a SoulSync key as issued elsewhere despite its prefix sk_', async () => {
    const input = JSON.stringify({
      api_keys: [
        { id: 'a', label: 'x', key_hash: 'a'.repeat(64), key_prefix: 'sk_AbCdEfGh', created_at: '2026-01-01' },
      ],
    });
    const { stderr } = await cli.run(['import', '-'], { table: await cli.makeTable(), input, acceptedKeys: 'sk_' });
    expect(stderr).toContain('active but refused: 1; ');
  });
});

test('import omits the advice on external keys if the deployment accepts any key', async () => {
  const { stderr } = await cli.run(['import', '-'], {
    table: await cli.makeTable(),
    input: JSONL,
    acceptedKeys: 'any',
  });
  expect(stderr).not.toContain('externalKeys');
});

describe('a table with keys issued elsewhere', () => {
  let table = '';
  let id = '';
  beforeAll(async () => {
    table = await cli.makeTable();
    await cli.putKey(table);
    await cli.putKey(table, { keyPrefix: 'live_old', disabledAt: '2026-01-01T00:00:00.000Z' as never });
    id = (await cli.putKey(table, { keyPrefix: 'live_abc' })).record.id;
  });

  test('list counts refused active keys if the deployment accepts only its own prefix', async () => {
    const run = await cli.run(['list'], { table, acceptedKeys: 'sk_' });
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toContain('active but refused: 1; ');
  });

  test.each(['any', undefined])(
    "list doesn't count refused active keys if acceptedKeys is %p",
    async (acceptedKeys) => {
      const run = await cli.run(['list'], { table, ...(acceptedKeys === undefined ? {} : { acceptedKeys }) });
      expect(run.exitCode).toBe(0);
      expect(run.stderr).not.toContain('active but refused: 1; ');
    },
  );

  test('list marks refused keys only on a terminal', async () => {
    const onTerminal = await cli.run(['list'], { table, acceptedKeys: 'sk_', isTerminal: true });
    expect(onTerminal.stdout.match(/active, refused/g)).toHaveLength(1);
    for (const args of [['list'], ['list', '--csv'], ['list', '--json']]) {
      expect((await cli.run(args, { table, acceptedKeys: 'sk_' })).stdout).not.toContain('refused');
    }
  });

  test('show reports that the deployment refuses the key', async () => {
    const { stdout } = await cli.run(['show', id], { table, acceptedKeys: 'sk_' });
    expect(stdout).toMatch(
      /^state: +active, but refused: the deployment's keyPrefixes and externalKeys don't include it$/m,
    );
    expect((await cli.run(['show', id], { table, acceptedKeys: 'any' })).stdout).toMatch(/^state: +active$/m);
  });
});

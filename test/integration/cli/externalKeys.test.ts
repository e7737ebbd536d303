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

describe('the prefix of a new key', () => {
  const KEY = /^(\w+_)[0-9A-Za-z]{49}$/;
  const prefixOf = (stdout: string) => KEY.exec(JSON.parse(stdout).key)?.[1];

  test.each<[string, readonly string[], object, string]>([
    ['is sk_ by default', [], {}, 'sk_'],
    ["is the deployment's first prefix", [], { acceptedKeys: 'sk_live_,sk_test_' }, 'sk_live_'],
    ['is the first in LATCHKEY_KEY_PREFIXES', [], { env: { LATCHKEY_KEY_PREFIXES: 'acme_prod_,sk_' } }, 'acme_prod_'],
    ['is the given one', ['--prefix', 'sk_test_'], { acceptedKeys: 'sk_live_,sk_test_' }, 'sk_test_'],
  ])('%s', async (_, args, options, prefix) => {
    const table = await cli.makeTable();
    const run = await cli.run(['create', '--label', 'ci', '--json', ...args], { table, ...options });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(prefixOf(run.stdout)).toBe(prefix);
  });

  test.each([
    ['sk_live_,sk_test_', /^warning: --prefix: the deployment refuses keys with acme_; it accepts sk_live_,sk_test_$/m],
    ['sk_,acme_*', /^$/],
    ['sk_,any', /^$/],
  ])('causes a warning if the deployment refuses it: %s', async (acceptedKeys, stderr) => {
    const args = ['create', '--label', 'ci', '--json', '--prefix', 'acme_'];
    const run = await cli.run(args, { table: await cli.makeTable(), acceptedKeys });
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toMatch(stderr);
  });

  test.each([
    ['sk_test_01234567', 'sk_live_,sk_test_', [], 'sk_test_'],
    ['sk_test_01234567', 'sk_live_', [], 'sk_live_'],
    ['sk_test_01234567', 'sk_live_,sk_test_', ['--prefix', 'sk_live_'], 'sk_live_'],
    ['acme_01234567', 'sk_,any', [], 'sk_'],
  ])('after a rotation of %s for %s with %j is %s', async (keyPrefix, acceptedKeys, args, prefix) => {
    const table = await cli.makeTable();
    const { id } = (await cli.putKey(table, { keyPrefix })).record;
    const run = await cli.run(['rotate', id, '--yes', '--json', ...args], { table, acceptedKeys });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(prefixOf(run.stdout)).toBe(prefix);
  });

  test("isn't read from the variable's old name", async () => {
    const env = { LATCHKEY_KEY_PREFIX: 'acme_' };
    const run = await cli.run(['create', '--label', 'ci'], { table: await cli.makeTable(), env });
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/LATCHKEY_KEY_PREFIX: was renamed, set LATCHKEY_KEY_PREFIXES instead/);
  });
});

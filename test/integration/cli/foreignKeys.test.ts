import { beforeAll, describe, expect, test } from '@jest/globals';
import { isForeign, isRefusedAsForeign } from '../../../keys/state.ts';
import { useCli } from '../../support/useCli.ts';

const { cli } = useCli();

describe('isForeign and isRefusedAsForeign', () => {
  test.each<[string, string | undefined, string | undefined, boolean, boolean]>([
    ['without a prefix', undefined, 'sk_', true, true],
    ['with a prefix that Latchkey never issues', 'live_abc', 'sk_', true, true],
    ['whose prefix has a character of base64url', 'sk_AbC-EfGh', 'sk_', true, true],
    ["with another deployment's prefix", 'acme_AbCdEfGh', 'sk_', true, true],
    ['with another prefix, in an unknown deployment', 'acme_AbCdEfGh', undefined, false, false],
    ["with the deployment's prefix", 'sk_AbCdEfGh', 'sk_', false, false],
    ['without a prefix, in a deployment that accepts any key', undefined, 'any', true, false],
    ['without a prefix, in an unknown deployment', undefined, undefined, true, false],
  ])('classify a record %s', (_, keyPrefix, acceptedKeys, foreign, refused) => {
    expect(isForeign({ keyPrefix }, acceptedKeys)).toBe(foreign);
    expect(isRefusedAsForeign({ keyPrefix }, acceptedKeys)).toBe(refused);
  });
});

const ENTRIES = [
  { label: 'own', keyPrefix: 'sk_AbCdEfGh', keyHash: 'a'.repeat(64) },
  { label: 'foreign', keyPrefix: 'live_abc', keyHash: 'b'.repeat(64) },
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
    expect(run.stderr).toContain('acceptForeignKeys');
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

test('import omits the advice on foreign keys if the deployment accepts any key', async () => {
  const { stderr } = await cli.run(['import', '-'], {
    table: await cli.makeTable(),
    input: JSONL,
    acceptedKeys: 'any',
  });
  expect(stderr).not.toContain('acceptForeignKeys');
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

  test.each([
    ['sk_', true],
    ['any', false],
    [undefined, false],
  ])(
    'list reports refused active keys only if the deployment accepts one prefix (%s: %p)',
    async (acceptedKeys, isReported) => {
      const run = await cli.run(['list'], { table, ...(acceptedKeys === undefined ? {} : { acceptedKeys }) });
      expect(run.exitCode).toBe(0);
      expect(run.stderr.includes('active but refused: 1; ')).toBe(isReported);
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
    expect(stdout).toMatch(/^state: +active, but refused, because it was issued elsewhere/m);
    expect((await cli.run(['show', id], { table, acceptedKeys: 'any' })).stdout).toMatch(/^state: +active$/m);
  });
});

import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { parse } from 'csv-parse/sync';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { type KeyRecord, publicRecord } from '../../../keys/record.ts';
import type { KeyHash } from '../../../keys/secret.ts';
import { at, makeKey, MINUTE_MS } from '../../support/keys.ts';
import { useCli } from '../../support/useCli.ts';

const DAY_MS = 86_400_000;
const KEYS: readonly Partial<KeyRecord>[] = [
  { label: 'used', owner: 'acme', plan: 'free', lastUsedAt: at(-DAY_MS), expiresAt: at(30 * DAY_MS) },
  { label: 'old', owner: 'acme', lastUsedAt: at(-90 * DAY_MS), scopes: ['orders:read', 'orders:write'] },
  { label: 'nearly old', owner: 'other', plan: 'free-2', lastUsedAt: at(-90 * DAY_MS + 1), scopes: ['orders:read'] },
  { label: 'never', owner: 'other', expiresAt: at(30 * DAY_MS + 1) },
  { label: 'expired', owner: 'acme', lastUsedAt: at(-100 * DAY_MS), expiresAt: at(0) },
  { label: 'disabled', disabledAt: at(-1), lastUsedAt: at(-1), expiresAt: at(DAY_MS) },
  {
    label: '=revoked',
    revokedAt: at(-1),
    disabledAt: at(-1),
    lastUsedAt: at(-1),
    scopes: [],
    plan: 'free',
    metadata: { plan: 'pro' },
  },
];

const { cli, table } = useCli();
let records: readonly KeyRecord[];
beforeAll(async () => {
  for (const key of KEYS) await cli.putKey(table, key);
  records = await cli.records(table);
});

const labelsIn = (stdout: string) =>
  JSON.parse(stdout)
    .records.map(({ label }: KeyRecord) => label)
    .toSorted();

describe('list', () => {
  test.each([
    ['an owner', ['--owner', 'acme'], ['expired', 'old', 'used']],
    ['an unknown owner', ['--owner', 'nobody'], []],
    ['the exact name of a plan', ['--plan', 'free'], ['=revoked', 'used']],
    ['the state active', ['--state', 'active'], ['nearly old', 'never', 'old', 'used']],
    ['the state expired', ['--state', 'expired'], ['expired']],
    ['the state disabled', ['--state', 'disabled'], ['disabled']],
    ['the state revoked including disabled keys', ['--state', 'revoked'], ['=revoked']],
    ['--stale including keys that were never used', ['--stale', '90d'], ['expired', 'never', 'old']],
    ['--stale, --owner and --state combined', ['--stale', '90d', '--owner', 'acme', '--state', 'active'], ['old']],
    ['--plan and --state combined', ['--plan', 'free', '--state', 'active'], ['used']],
    ['every word of --search in any case', ['--search', 'ACME old'], ['old']],
    ['a part of the scopes with --search', ['--search', 'orders:w'], ['old']],
    ['a scope without keys that may do everything', ['--scope', 'orders:read'], ['nearly old', 'old']],
    ['several scopes of one key', ['--scope', 'orders:read', '--scope', 'orders:write'], ['old']],
    ['--expiring without keys that are not active', ['--expiring', '30d'], ['used']],
    [
      '--search, --scope and --stale combined',
      ['--search', 'old', '--scope', 'orders:read', '--stale', '90d'],
      ['old'],
    ],
    ['--expiring and --plan combined', ['--expiring', '31d', '--plan', 'free'], ['used']],
  ])('filters by %s', async (_, args, labels) => {
    const { exitCode, stdout, stderr } = await cli.run(['list', '--json', ...args], { table });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(labelsIn(stdout)).toEqual(labels);
    expect(JSON.parse(stdout).cursor).toBeNull();
  });

  test('finds keys by a part of their id or prefix with --search', async () => {
    const { id, label, keyPrefix = '' } = records[0] ?? makeKey().record;
    for (const part of [id.slice(0, 13), keyPrefix]) {
      const { stdout } = await cli.run(['list', '--json', '--search', part], { table });
      expect(labelsIn(stdout)).toEqual([label]);
    }
  });

  test('finds a matching key even if all earlier pages lack matches', async () => {
    const { stdout } = await cli.run(['list', '--json', '--limit', '1', '--state', 'expired'], { table });
    expect(labelsIn(stdout)).toEqual(['expired']);
  });
});

describe('list --limit', () => {
  const DISABLED = 17;
  let many = '';
  beforeAll(async () => {
    many = await cli.makeTable();
    for (let index = 0; index < 60; index++) {
      const isDisabled = index % 3 === 0 && index < 3 * DISABLED;
      await cli.putKey(many, {
        label: `key ${index}`,
        owner: index % 2 === 0 ? 'acme' : 'other',
        createdAt: at(-index * DAY_MS),
        ...(isDisabled ? { disabledAt: at(-1) } : {}),
        ...(index % 5 === 0 ? { plan: 'free' } : {}),
        ...(index % 4 === 0 ? { lastUsedAt: at(-index * DAY_MS) } : {}),
      });
    }
  });

  /** Returns the labels on every page of a list. */
  async function pagesOf(args: readonly string[]): Promise<readonly (readonly string[])[]> {
    const pages: string[][] = [];
    let cursor: string | null = null;
    do {
      const next = cursor === null ? [] : ['--cursor', cursor];
      const { exitCode, stdout } = await cli.run(['list', '--json', ...args, ...next], { table: many });
      expect(exitCode).toBe(0);
      const page: { records: KeyRecord[]; cursor: string | null } = JSON.parse(stdout);
      pages.push(page.records.map(({ label }) => label));
      cursor = page.cursor;
    } while (cursor !== null);
    return pages;
  }

  test('limits only the number of printed keys', async () => {
    const { stdout } = await cli.run(['list', '--state', 'disabled', '--limit', '20', '--json'], { table: many });
    expect(labelsIn(stdout)).toHaveLength(DISABLED);
    expect(JSON.parse(stdout).cursor).toBeNull();
  });

  test.each([
    ['a state', ['--state', 'disabled']],
    ['an owner', ['--owner', 'acme']],
    ['a plan', ['--plan', 'free']],
    ['last use', ['--stale', '30d']],
    ['an owner and a state', ['--owner', 'acme', '--state', 'disabled']],
    ['nothing', []],
  ])('continues after the last key of each page if filtered by %s', async (_, filter) => {
    const [all] = await pagesOf(filter);
    const pages = await pagesOf([...filter, '--limit', '4']);
    expect(pages.flat().toSorted()).toEqual(all?.toSorted());
    expect(pages.slice(0, -1).every((page) => page.length === 4)).toBe(true);
  });
});

describe('the order of listed keys', () => {
  let sorted = '';
  beforeAll(async () => {
    sorted = await cli.makeTable();
    const days = (count: number) => at(count * DAY_MS);
    await cli.putKey(sorted, { label: 'key 10', owner: 'b', createdAt: days(-3), expiresAt: days(9) });
    await cli.putKey(sorted, { label: 'Key 9', owner: 'A', createdAt: days(-1), lastUsedAt: days(-1) });
    await cli.putKey(sorted, { label: 'alpha', createdAt: days(-4), lastUsedAt: days(-2), expiresAt: days(1) });
    await cli.putKey(sorted, { label: 'beta', createdAt: days(-2) });
  });

  const FORMATS: readonly (readonly [string, readonly string[], boolean])[] = [
    ['on a terminal', [], true],
    ['on a pipe', [], false],
    ['in CSV', ['--csv'], false],
    ['in JSON', ['--json'], false],
  ];

  /** Returns the labels in the order in which the text contains them. */
  function orderIn(text: string): readonly string[] {
    return ['key 10', 'Key 9', 'alpha', 'beta'].toSorted((a, b) => text.indexOf(a) - text.indexOf(b));
  }

  test.each(FORMATS)('begins with the oldest key of the page %s', async (_, args, isTerminal) => {
    const { stdout } = await cli.run(['list', ...args], { table: sorted, isTerminal });
    expect(orderIn(stdout)).toEqual(['alpha', 'key 10', 'beta', 'Key 9']);
  });

  test.each(FORMATS)('follows --sort label %s', async (_, args, isTerminal) => {
    const { stdout } = await cli.run(['list', '--sort', 'label', ...args], { table: sorted, isTerminal });
    expect(orderIn(stdout)).toEqual(['alpha', 'beta', 'Key 9', 'key 10']);
  });

  test.each([
    [
      ['--sort', 'created'],
      ['alpha', 'key 10', 'beta', 'Key 9'],
    ],
    [
      ['--sort', 'created', '--reverse'],
      ['Key 9', 'beta', 'key 10', 'alpha'],
    ],
    [
      ['--sort', 'label', '--reverse'],
      ['key 10', 'Key 9', 'beta', 'alpha'],
    ],
    [
      ['--sort', 'owner', '--limit', '2'],
      ['Key 9', 'key 10'],
    ],
    [
      ['--sort', 'last-used', '--limit', '2'],
      ['alpha', 'Key 9'],
    ],
    [
      ['--sort', 'expires', '--limit', '2'],
      ['alpha', 'key 10'],
    ],
    [
      ['--sort', 'expires', '--reverse', '--limit', '2'],
      ['key 10', 'alpha'],
    ],
    [
      ['--sort', 'label', '--limit', '1', '--all'],
      ['alpha', 'beta', 'Key 9', 'key 10'],
    ],
  ])('applies to all keys before --limit shortens the list: %j', async (args, expected) => {
    const { exitCode, stdout } = await cli.run(['list', '--json', ...args], { table: sorted });
    expect(exitCode).toBe(0);
    const { records: listed, cursor } = JSON.parse(stdout);
    expect(listed.map(({ label }: KeyRecord) => label)).toEqual(expected);
    expect(cursor).toBeNull();
  });

  test('list --sort reports the number of keys beyond --limit', async () => {
    const { stderr } = await cli.run(['list', '--sort', 'label', '--limit', '3'], { table: sorted });
    expect(stderr).toBe('1 more key is not shown: increase --limit, or pass --all\n');
    const { stderr: ofAll } = await cli.run(['list', '--sort', 'label', '--limit', '4'], { table: sorted });
    expect(ofAll).toBe('');
  });
});

describe('list of 60 keys', () => {
  let sixty = '';
  beforeAll(async () => {
    sixty = await cli.makeTable();
    for (let index = 0; index < 60; index++) await cli.putKey(sixty, { label: `key ${index}` });
  });

  const linesOf = (text: string) => text.trimEnd().split('\n');

  test('prints 50 keys on a terminal and how to see more', async () => {
    const { stdout, stderr } = await cli.run(['list'], { table: sixty, isTerminal: true });
    expect(linesOf(stdout)).toHaveLength(1 + 50);
    const [, cursor = ''] =
      /^50 keys shown; to see more, pass --limit, --all, or\s--cursor (\S+)\n$/.exec(stderr) ?? [];
    const rest = await cli.run(['list', '--cursor', cursor], { table: sixty, isTerminal: true });
    expect(linesOf(rest.stdout)).toHaveLength(1 + 10);
    expect(rest.stderr).toBe('');
  });

  test('prints the first 50 sorted keys on a terminal and the number of the others', async () => {
    const { stdout, stderr } = await cli.run(['list', '--sort', 'label'], { table: sixty, isTerminal: true });
    expect(linesOf(stdout)).toHaveLength(1 + 50);
    expect(stderr).toBe('10 more keys are not shown: increase --limit, or pass --all\n');
  });

  test.each([[['--all']], [['--limit', '60']]])('prints all keys on a terminal with %j', async (args) => {
    const { stdout, stderr } = await cli.run(['list', ...args], { table: sixty, isTerminal: true });
    expect(linesOf(stdout)).toHaveLength(1 + 60);
    expect(stderr).toBe('');
  });

  test('prints all keys on a pipe, and in JSON and CSV on a terminal', async () => {
    const csv = await cli.run(['list', '--csv'], { table: sixty, isTerminal: true });
    const json = await cli.run(['list', '--json'], { table: sixty, isTerminal: true });
    expect(linesOf((await cli.run(['list'], { table: sixty })).stdout)).toHaveLength(60);
    expect(linesOf(csv.stdout)).toHaveLength(1 + 60);
    expect(labelsIn(json.stdout)).toHaveLength(60);
  });
});

test('list --stale treats a key whose last use is in the future as never used', async () => {
  const other = await cli.makeTable();
  await cli.putKey(other, { label: 'ahead', lastUsedAt: at(DAY_MS) });
  await cli.putKey(other, { label: 'as clocks differ', lastUsedAt: at(MINUTE_MS / 2) });
  const { stdout } = await cli.run(['list', '--json', '--stale', '90d'], { table: other });
  expect(labelsIn(stdout)).toEqual(['ahead']);
});

describe('list --all', () => {
  test('prints all pages as one JSON document', async () => {
    const { stdout } = await cli.run(['list', '--json', '--all', '--limit', '2'], { table });
    const { records: listed, cursor } = JSON.parse(stdout);
    expect(listed.toSorted((a: KeyRecord, b: KeyRecord) => (a.id < b.id ? -1 : 1))).toEqual(records.map(publicRecord));
    expect(cursor).toBeNull();
  });

  test('prints an empty JSON document for an empty table', async () => {
    const empty = await cli.makeTable();
    expect(await cli.run(['list', '--json', '--all'], { table: empty })).toEqual({
      exitCode: 0,
      stdout: '{"records":[],"cursor":null}\n',
      stderr: '',
    });
    expect(await cli.run(['list', '--json', '--sort', 'label'], { table: empty })).toEqual({
      exitCode: 0,
      stdout: '{"records":[],"cursor":null}\n',
      stderr: '',
    });
    expect(await cli.run(['list'], { table: empty })).toMatchObject({ exitCode: 0, stdout: '', stderr: 'no keys\n' });
  });
});

test('list --sort exits 1 with a warning about an unreadable record', async () => {
  const broken = await cli.makeTable();
  for (const label of ['b', 'a']) await cli.putKey(broken, { label });
  const item = { ...makeKey({ id: 'bad' }).record, createdAt: 'yesterday' };
  await cli.database.client.send(new PutCommand({ TableName: broken, Item: item }));
  const args = ['list', '--json', '--sort', 'label', '--limit', '1', '--all'];
  const { exitCode, stdout, stderr } = await cli.run(args, { table: broken });
  expect(exitCode).toBe(1);
  expect(labelsIn(stdout)).toEqual(['a', 'b']);
  expect(stderr).toMatch(/^warning: .*bad.*\nerror: 1 of the records cannot be read\n$/);
});

test('list --csv prints every field except the hash', async () => {
  const { exitCode, stdout } = await cli.run(['list', '--csv', '--all', '--limit', '2'], { table });
  const rows: Record<string, string>[] = parse(stdout, { columns: true });
  expect(exitCode).toBe(0);
  expect(rows).toHaveLength(KEYS.length);
  expect(rows.find(({ label }) => label === "'=revoked")).toMatchObject({
    state: 'revoked',
    scopes: '[]',
    plan: 'free',
    metadata: '{"plan":"pro"}',
    lastUsedAt: at(-1),
    createdAt: at(-DAY_MS),
  });
  for (const { keyHash } of records) expect(stdout).not.toContain(keyHash);
});

describe('list on a terminal of 80 columns', () => {
  test('prints shortened ids that other commands accept', async () => {
    const wide = await cli.makeTable();
    const { record } = await cli.putKey(wide, {
      label: 'l'.repeat(60),
      owner: 'o'.repeat(60),
      plan: 'p'.repeat(60),
      lastUsedAt: at(-45 * 60_000),
    });
    await cli.putKey(wide, { label: 'x', createdAt: at(-400 * DAY_MS), expiresAt: at(300 * DAY_MS) });
    const { stdout } = await cli.run(['list'], { table: wide, isTerminal: true });
    const [head, ...lines] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^ID +LABEL +OWNER +STATE +LAST USED +EXPIRES$/);
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(Array.from(line).length).toBeLessThanOrEqual(80);
    const mine = lines.find((line) => line.startsWith(record.id.slice(0, 8)));
    expect(mine).toMatch(/ l{20,}…  o+…  active  45m        never$/);
    const shown = await cli.run(['show', record.id.slice(0, 8), '--json'], { table: wide });
    expect(JSON.parse(shown.stdout).record.id).toBe(record.id);
  });

  test('prints similar ids in full to distinguish them', async () => {
    const alike = await cli.makeTable();
    const id = (last: string) => `12345678-1234-4123-8123-12345678901${last}`;
    await cli.putKey(alike, { id: id('1'), label: 'l'.repeat(40) });
    await cli.putKey(alike, { id: id('2'), label: 'l'.repeat(40) });
    const { stdout } = await cli.run(['list'], { table: alike, isTerminal: true });
    expect(stdout).toContain(id('1'));
    expect(stdout).toContain(id('2'));
  });
});

test('list prints all records except an unreadable one', async () => {
  const spoilt = await cli.makeTable();
  await cli.putKey(spoilt, { label: 'good' });
  const item = { ...makeKey({ id: 'bad' }).record, createdAt: 'yesterday' };
  await cli.database.client.send(new PutCommand({ TableName: spoilt, Item: item }));
  const { exitCode, stdout, stderr } = await cli.run(['list', '--all', '--csv'], { table: spoilt });
  expect(exitCode).toBe(1);
  expect(stdout).toContain('good');
  expect(stderr).toMatch(/^warning: .*bad.*createdAt\nerror: 1 of the records cannot be read\n$/);
});

test.each([
  ['an unknown state', ['--state', 'gone']],
  ['a malformed duration', ['--stale', 'long']],
  ['a duration of 0', ['--stale', '0d']],
  ['an empty owner', ['--owner', '']],
  ['an empty plan', ['--plan', '']],
  ['two formats', ['--csv', '--json']],
  ['a malformed cursor', ['--owner', 'acme', '--cursor', 'x']],
  ['an unknown sort field', ['--sort', 'colour']],
  ['an empty search', ['--search', '']],
  ['an empty scope', ['--scope', ',']],
  ['--sort with a cursor', ['--sort', 'label', '--cursor', 'x']],
  ['--reverse without --sort', ['--reverse']],
])('list exits 2 for %s', async (_, args) => {
  const { exitCode, stdout, stderr } = await cli.run(['list', ...args], { table });
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).not.toBe('');
});

test('list prints a cursor unmasked even if it resembles a key', async () => {
  const own = await cli.makeTable();
  const cursors = ['ab_AAAAAAAA', 'ab_BBBBBBBB'].map((start) => start.padEnd(43, 'A'));
  for (const cursor of cursors) {
    await cli.putKey(own, { keyHash: Buffer.from(cursor, 'base64url').toString('hex') as KeyHash });
  }
  const { stderr } = await cli.run(['list', '--limit', '1'], { table: own });
  expect(cursors.map((cursor) => `more keys may follow: pass --cursor ${cursor}\n`)).toContain(stderr);
});

import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import picocolors from 'picocolors';
import { recordFields } from '../../../cli/records.ts';
import { getPurgeAfter, toTimestamp } from '../../../keys/timestamp.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';
import { useCli } from '../../support/useCli.ts';
import { publicRecord } from '../../../keys/record.ts';

const DAY_MS = 86_400_000;

const { cli, table } = useCli();

test('show prints every field of the key', async () => {
  const { record } = await cli.putKey(table, {
    label: 'build "server"',
    owner: 'acme',
    scopes: ['orders:read', 'orders:write'],
    plan: 'free',
    metadata: { plan: 'pro' },
    changedAt: at(0),
    changedBy: 'bob',
    lastUsedAt: at(-60_000),
    expiresAt: at(90 * DAY_MS),
    disabledAt: at(0),
    disabledBy: 'bob',
    rotatedFrom: 'older',
    purgeAfter: 1_900_000_000,
  });
  const { exitCode, stdout, stderr } = await cli.run(['show', record.id], { table, isTerminal: true });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toBe(
    `id:           ${record.id}
label:        build "server"
prefix:       ${record.keyPrefix}
owner:        acme
state:        disabled
scopes:       orders:read orders:write
plan:         free
metadata:     {"plan":"pro"}
created:      1 day ago (${at(-DAY_MS)})
created by:   tests
changed:      just now (${at(0)})
changed by:   bob
last used:    1 minute ago (${at(-60_000)})
expires:      in 3 months (${at(90 * DAY_MS)})
disabled:     just now (${at(0)})
disabled by:  bob
rotated from: older
record kept:  until 2030-03-17
`,
  );
});

test('show prints a word such as "never" for each absent restriction', async () => {
  const { record } = await cli.putKey(table);
  const { stdout } = await cli.run(['show', record.id], { table });
  expect(stdout).toMatch(/^scopes: +everything$/m);
  expect(stdout).toMatch(/^last used: +never$/m);
  expect(stdout).toMatch(/^expires: +never$/m);
  expect(stdout).not.toMatch(/owner|plan|metadata|disabled|revoked|rotated|undefined/);
});

test('show prints the word "nothing" for an empty list of scopes', async () => {
  const { record } = await cli.putKey(table, { scopes: [] });
  expect((await cli.run(['show', record.id], { table })).stdout).toMatch(/^scopes: +nothing$/m);
});

test('show wraps a long label only on a terminal', async () => {
  const label = 'one word after the other '.repeat(9).trim();
  const { record } = await cli.putKey(table, { label });
  const onTerminal = await cli.run(['show', record.id], { table, isTerminal: true });
  for (const line of onTerminal.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  expect(onTerminal.stdout.replaceAll(/\n +/g, ' ')).toContain(label);
  expect((await cli.run(['show', record.id], { table })).stdout).toContain(label);
});

test('show --json prints the record without its hash', async () => {
  const { record } = await cli.putKey(table, { owner: 'acme' });
  const { exitCode, stdout, stderr } = await cli.run(['show', record.id, '--json'], { table });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({ record: publicRecord(record), plan: null });
});

describe('an id or its prefix', () => {
  const ID = 'abcd1234-0000-4000-8000-000000000000';
  const SIBLING = 'abcd1234-ffff-4000-8000-000000000000';
  let shared = '';
  beforeAll(async () => {
    shared = await cli.makeTable();
    await cli.putKey(shared, { id: ID });
    await cli.putKey(shared, { id: SIBLING });
    await cli.putKey(shared, { id: 'imported-1' });
  });

  test.each([
    ['a unique prefix', ID.slice(0, 10), ID],
    ['a whole id', SIBLING, SIBLING],
    ['a prefix of an imported id', 'impo', 'imported-1'],
  ])('selects its key: %s', async (_, start, id) => {
    const { exitCode, stdout } = await cli.run(['show', start, '--json'], { table: shared });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).record.id).toBe(id);
  });

  test('selects its key in every command', async () => {
    for (const args of [
      ['disable', '--yes'],
      ['enable'],
      ['update', '--label', 'x'],
      ['rotate', '--yes'],
      ['revoke', '--yes'],
    ]) {
      const [command = '', ...options] = args;
      const run = await cli.run([command, ID.slice(0, 10), ...options, '--json'], { table: shared });
      expect(run).toMatchObject({ exitCode: 0, stderr: '' });
      expect(JSON.parse(run.stdout)[command === 'rotate' ? 'previous' : 'record'].id).toBe(ID);
    }
  });

  test.each([
    ['show', []],
    ['disable', ['--yes']],
    ['enable', []],
    ['update', ['--label', 'x']],
    ['rotate', ['--yes']],
    ['revoke', ['--yes']],
  ])('makes %s list all matching ids if it is ambiguous', async (command, options) => {
    const before = await cli.records(shared);
    const { exitCode, stdout, stderr } = await cli.run([command, 'abcd1234', ...options], { table: shared });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    for (const id of [ID, SIBLING]) expect(stderr).toContain(id);
    expect(await cli.records(shared)).toEqual(before);
  });

  test.each([
    ['does not match any id', 'ffffffff', 1],
    ['has only 3 characters', 'abc', 2],
    ['is empty', '', 2],
  ])('causes an error if it %s', async (_, start, exitCode) => {
    const run = await cli.run(['show', start], { table: shared });
    expect(run).toMatchObject({ exitCode, stdout: '' });
    expect(run.stderr).toMatch(/^error: .*\n$/);
  });
});

test.each(['show', 'enable', 'disable', 'rotate'])(
  '%s does not repeat a key that you pass as an id',
  async (command) => {
    const { secret } = makeKey();
    const yes = command === 'disable' || command === 'rotate' ? ['--yes'] : [];
    const run = await cli.run([command, secret, ...yes], { table });
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).not.toContain(secret.slice(3, 20));
  },
);

test.each([
  ['hex', '4f9c0d1e2b3a4f9c0d1e2b3a4f9c0d1e'],
  ['letters and digits', 'Zk3vQ9xLw0Tb7RmY'],
])('the CLI does not repeat an external key of %s', async (_, secret) => {
  for (const args of [['show'], ['enable'], ['update', '--label', 'x'], ['revoke', '--yes']]) {
    const run = await cli.run([...args, secret], { table });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toMatch(/^error: there is no key with an id that starts like that\n$/);
  }
});

test.each([
  ['in base64url', 'sk_', 'Zk3-Q9x_w0Tb7RmY-3_9Lw0Tb7RmYQ9xZk3vQ9xLw0T'],
  ['with two prefixes', 'rk_', 'live_Zk3vQ9xLw0Tb7RmY39Lw0Zk3vQ9x'],
])('the CLI masks a key %s that you pass as a command', async (_, prefix, rest) => {
  const { exitCode, stderr } = await cli.run([prefix + rest]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(`'${prefix.slice(0, 4)}`);
  expect(stderr).toContain(`… (${(prefix + rest).length} characters)'`);
  expect(stderr).not.toContain((prefix + rest).slice(4, 10));
});

test('scan prints the long name of a missing file unmasked', async () => {
  const name = 'made_for-the-production-environment_2030-06-15';
  expect((await cli.run(['scan', name])).stderr).toContain(name);
});

test('show, update and identify print a key that expires at the end of 9999', async () => {
  const latest = '9999-12-31T23:59:59.999Z';
  const { stdout } = await cli.run(['create', '--label', 'x', '--expires', latest, '--json'], { table });
  const { key, record } = JSON.parse(stdout);
  for (const [args, input] of [
    [['show', record.id], ''],
    [['update', record.id, '--label', 'y'], ''],
    [['identify'], key],
  ]) {
    const run = await cli.run(args, { table, input });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toMatch(/^record kept: +until 9999-12-31$/m);
  }
});

test('recordFields formats any times between the years 0 and 9999', () => {
  const output = { isTerminal: true, columns: 80, colors: picocolors.createColors(false) };
  const time = fc
    .integer({ min: Date.parse('0000-01-01T00:00:00Z'), max: Date.parse('9999-12-31T23:59:59.999Z') })
    .map(toTimestamp);
  const ofExpiry = time.map((expiresAt) => ({ expiresAt, purgeAfter: getPurgeAfter(Date.parse(expiresAt)) }));
  const foreign = fc.record({ purgeAfter: fc.double({ noNaN: true, noDefaultInfinity: true }) });
  const others = fc.record({ createdAt: time, lastUsedAt: time, disabledAt: time, revokedAt: time });
  fc.assert(
    fc.property(fc.oneof(ofExpiry, foreign, others), (fields) => {
      const text = recordFields(makeKey(fields).record, { output, now: () => NOW_MS });
      if ('purgeAfter' in fields) expect(text).toMatch(/^record kept: +until \d{4}-\d{2}-\d{2}$/m);
      if ('lastUsedAt' in fields) expect(text).toContain(fields.lastUsedAt);
    }),
    { numRuns: 2000 },
  );
});

import { describe, expect, test } from '@jest/globals';
import { type KeyRecord, publicRecord } from '../../../keys/record.ts';
import { at } from '../../support/keys.ts';
import { useCli } from '../../support/useCli.ts';

const DAY_MS = 86_400_000;

const { cli, table } = useCli();

const FULL = {
  owner: 'acme',
  scopes: ['orders:read'],
  plan: 'free',
  allowedIps: ['203.0.113.7'],
  metadata: { plan: 'pro' },
  expiresAt: at(DAY_MS),
  purgeAfter: 1_900_000_000,
};

async function stored(id: string): Promise<KeyRecord | undefined> {
  return (await cli.records(table)).find((record) => record.id === id);
}

describe('update', () => {
  test.each<[string[], Partial<Record<keyof KeyRecord, unknown>>]>([
    [['--label', 'new'], { label: 'new' }],
    [['--owner', 'globex'], { owner: 'globex' }],
    [['--no-owner'], { owner: undefined }],
    [['--scope', 'a', '--scope', 'b'], { scopes: ['a', 'b'] }],
    [['--scope', 'a,b', '--scope', 'c'], { scopes: ['a', 'b', 'c'] }],
    [['--scope', 'orders:read, orders:write'], { scopes: ['orders:read', 'orders:write'] }],
    [['--scope={a,b}'], { scopes: ['a', 'b'] }],
    [['--no-scopes'], { scopes: undefined }],
    [['--plan', 'pro'], { plan: 'pro' }],
    [['--no-plan'], { plan: undefined }],
    [['--allow-ip', '10.0.0.0/8', '--allow-ip', '2001:DB8::1/128'], { allowedIps: ['10.0.0.0/8', '2001:db8::1'] }],
    [['--allow-ip', '10.0.0.0/8, ::1', '--allow-ip', '10.0.0.0/8'], { allowedIps: ['10.0.0.0/8', '::1'] }],
    [['--any-ip'], { allowedIps: undefined }],
    [['--metadata', '{"seats":3}'], { metadata: { seats: 3 } }],
    [['--no-metadata'], { metadata: undefined }],
    [['--expires', '2d'], { expiresAt: at(2 * DAY_MS), purgeAfter: expect.any(Number) }],
    [['--expires', '2031-01-01'], { expiresAt: '2031-01-01T23:59:59.999Z', purgeAfter: expect.any(Number) }],
    [['--expires', '2031-01-01 12:00+0100'], { expiresAt: '2031-01-01T11:00:00.000Z', purgeAfter: expect.any(Number) }],
    [['--no-expiry'], { expiresAt: undefined, purgeAfter: undefined }],
    [
      ['--label', 'new', '--no-owner', '--no-expiry'],
      { label: 'new', owner: undefined, expiresAt: undefined, purgeAfter: undefined },
    ],
  ])('changes only the fields of the options %j', async (args, changes) => {
    const { record } = await cli.putKey(table, FULL);
    const { exitCode, stdout, stderr } = await cli.run(['update', record.id, ...args, '--json'], { table });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const now = await stored(record.id);
    expect(now).toEqual({ ...record, ...changes, changedAt: at(0), changedBy: 'alice', version: 1 });
    expect(JSON.parse(stdout)).toEqual({ record: publicRecord(now as KeyRecord) });
  });
});

test('update prints the end of the day if you pass a date as the expiry', async () => {
  const { record } = await cli.putKey(table, FULL);
  const { stdout } = await cli.run(['update', record.id, '--expires', '2031-01-01'], { table });
  expect(stdout).toMatch(/^expires: +in 7 months \(2031-01-01T23:59:59\.999Z\)$/m);
});

test('update names the block without the host bits', async () => {
  const { record } = await cli.putKey(table, FULL);
  const { stderr } = await cli.run(['update', record.id, '--allow-ip', '10.0.0.1/8'], { table });
  expect(stderr).toContain('got "10.0.0.1/8", which is inside a block: write 10.0.0.0/8 or 10.0.0.1');
});

test('update prints the IP addresses of the record', async () => {
  const { record } = await cli.putKey(table, FULL);
  const { stdout } = await cli.run(['update', record.id, '--allow-ip', '10.0.0.0/8,::1'], { table });
  expect(stdout).toMatch(/^IP addresses: +10\.0\.0\.0\/8 ::1$/m);
  const { stdout: everywhere } = await cli.run(['update', record.id, '--any-ip'], { table });
  expect(everywhere).not.toContain('IP addresses');
});

test('update prints the updated record', async () => {
  const { record } = await cli.putKey(table, FULL);
  const run = await cli.run(['update', record.id, '--label', 'new'], { table, isTerminal: true });
  expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  expect(run.stdout).toMatch(new RegExp(`^✓ Updated “new”\\. [^]*?\n\nid: +${record.id}\nlabel: +new\n`));
  for (const line of run.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

describe('update', () => {
  test.each([
    ['missing options', []],
    ['an empty label', ['--label', '']],
    ['an empty owner', ['--owner', '']],
    ['an empty scope', ['--scope', '']],
    ['a comma instead of a scope', ['--scope', ',']],
    ['a scope with a quote', ['--scope', '"a"']],
    ['a scope with a brace', ['--scope', '{a']],
    ['a scope with a bracket', ['--scope', '[a,b]']],
    ['--scope and --no-scopes', ['--scope', 'a', '--no-scopes']],
    ['--no-scopes and --scope', ['--no-scopes', '--scope', 'a']],
    ['--owner and --no-owner', ['--owner', 'x', '--no-owner']],
    ['--no-owner and --owner', ['--no-owner', '--owner', 'x']],
    ['--plan and --no-plan', ['--plan', 'pro', '--no-plan']],
    ['--no-plan and --plan', ['--no-plan', '--plan=pro']],
    ['--allow-ip and --any-ip', ['--allow-ip', '::1', '--any-ip']],
    ['--any-ip and --allow-ip', ['--any-ip', '--allow-ip', '::1']],
    ['an empty IP address', ['--allow-ip', '']],
    ['a host name instead of an IP address', ['--allow-ip', 'example.com']],
    ['a block with host bits', ['--allow-ip', '10.0.0.1/8']],
    ['21 IP addresses', ['--allow-ip', Array.from({ length: 21 }, (_, at) => `10.0.0.${at}`).join()]],
    ['--metadata and --no-metadata', ['--metadata', '{"a":1}', '--no-metadata']],
    ['--no-metadata and --metadata', ['--no-metadata', '--metadata', '{"a":1}']],
    ['an empty plan', ['--plan', '']],
    ['a plan whose name has a space', ['--plan', 'free plan']],
    ['metadata that is a list', ['--metadata', '[]']],
    ['an expiry in the past', ['--expires', '2020-01-01T00:00:00Z']],
    ['an expiry without a time zone', ['--expires', '2031-01-01T12:00:00']],
    ['an expiry on a day that does not exist', ['--expires', '2031-02-30']],
    ['--expires and --no-expiry', ['--expires', '2d', '--no-expiry']],
    ['--no-expiry and --expires', ['--no-expiry', '--expires', '2d']],
  ])('exits 2 for %s', async (_, args) => {
    const { record } = await cli.putKey(table, FULL);
    const { exitCode, stdout, stderr } = await cli.run(['update', record.id, ...args], { table });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^error: /);
    expect(await stored(record.id)).toEqual(record);
  });
});

test.each(['owner', 'plan', 'metadata'])(
  'update reports both options if you pass --%s and its opposite',
  async (name) => {
    const { record } = await cli.putKey(table, FULL);
    const { stderr } = await cli.run(['update', record.id, `--${name}`, '{}', `--no-${name}`], { table });
    expect(stderr).toMatch(
      new RegExp(
        `^error: option '--no-${name}' cannot be used with option '--${name} <\\w+>'; see latchkey update --help\\n$`,
      ),
    );
  },
);

test.each([
  ['an unknown key', async () => '00000000-0000-4000-8000-000000000000', /no key/],
  ['a revoked key', async () => (await cli.putKey(table, { revokedAt: at(0) })).record.id, /revoked already/],
])('update explains why it rejects %s', async (_, idOf, expected) => {
  const { exitCode, stdout, stderr } = await cli.run(['update', await idOf(), '--label', 'x'], { table });
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr).toMatch(/^error: .*\n$/);
  expect(stderr).toMatch(expected);
});

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type KeyRecord, publicRecord } from '../../../keys/record.ts';
import { hashSecret, type KeySecret } from '../../../keys/secret.ts';
import { at } from '../../support/keys.ts';
import { useCli } from '../../support/useCli.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ISSUED_KEY = /sk_[0-9A-Za-z]{49}/;

const { cli, table } = useCli();

const stored = (id: string): Promise<KeyRecord> => cli.record(table, id);

describe('rotate', () => {
  test('issues a successor with the same fields', async () => {
    const { record } = await cli.putKey(table, { owner: 'acme', scopes: ['a'], plan: 'free', metadata: { seats: 3 } });
    const run = await cli.run(['rotate', record.id, '--grace', '2h', '--yes', '--json'], { table });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    const { key, record: successor, previous, ...rest } = JSON.parse(run.stdout);
    expect(rest).toEqual({});
    expect(key).toMatch(ISSUED_KEY);
    const stores = { successor: await stored(successor.id), previous: await stored(record.id) };
    expect({ successor, previous }).toEqual({
      successor: publicRecord(stores.successor),
      previous: publicRecord(stores.previous),
    });
    expect(stores.successor).toMatchObject({
      keyHash: hashSecret(key as KeySecret),
      label: 'ci',
      owner: 'acme',
      scopes: ['a'],
      plan: 'free',
      metadata: { seats: 3 },
      createdBy: 'alice',
      rotatedFrom: record.id,
    });
    expect(previous).toMatchObject({ rotatedTo: successor.id, expiresAt: at(2 * HOUR_MS) });
  });

  test('prints the new key with the remaining time of the old key', async () => {
    const { record } = await cli.putKey(table);
    const run = await cli.run(['rotate', record.id, '--grace', '24h', '--yes'], { table, revocationDelaySeconds: 60 });
    const [secret = ''] = ISSUED_KEY.exec(run.stdout) ?? [];
    const { rotatedTo } = await stored(record.id);
    expect(run).toEqual({
      exitCode: 0,
      stdout: `✓ Rotated “ci”.

key:   ${secret}
id:    ${rotatedTo}
label: ci

Store the key now: you cannot see it again.

The old key, ${record.id}, works until ${at(DAY_MS)} (in 1 day). Refused everywhere within 60 s after that.
`,
      stderr: '',
    });
  });

  test.each([
    [[], at(DAY_MS)],
    [['--grace', '7d'], at(7 * DAY_MS)],
    [['--grace', '0'], at(0)],
  ])('sets the expiry of the old key with the options %j to %s', async (args, expiresAt) => {
    const { record } = await cli.putKey(table);
    await cli.run(['rotate', record.id, '--yes', ...args], { table });
    expect((await stored(record.id)).expiresAt).toBe(expiresAt);
  });

  test('prints that the old key is rejected now if the grace period is 0', async () => {
    const { record } = await cli.putKey(table);
    const args = ['rotate', record.id, '--grace', '0', '--yes'];
    const { stdout } = await cli.run(args, { table, revocationDelaySeconds: 0 });
    expect(stdout).toContain(`\nThe old key, ${record.id}, has ended. Refused everywhere from now on.\n`);
  });

  test.each<[string[], string | undefined]>([
    [[], at(5 * DAY_MS)],
    [['--expires', '30d'], at(30 * DAY_MS)],
    [['--expires', '2031-01-01'], '2031-01-01T23:59:59.999Z'],
    [['--no-expiry'], undefined],
  ])('sets the expiry of the successor with the options %j to %s', async (args, expiresAt) => {
    const { record } = await cli.putKey(table, { createdAt: at(-DAY_MS), expiresAt: at(4 * DAY_MS) });
    await cli.run(['rotate', record.id, '--yes', ...args], { table });
    const { rotatedTo = '' } = await stored(record.id);
    expect((await stored(rotatedTo)).expiresAt).toBe(expiresAt);
  });

  test.each([
    [['--grace', '24h'], 'It will work for at most another 24h.'],
    [['--grace', '0'], 'It will be rejected at once.'],
  ])('includes the effect of %j in its prompt: %s', async (args, consequence) => {
    const { record } = await cli.putKey(table);
    const run = await cli.run(['rotate', record.id, ...args], { table, isTerminal: true, columns: 200, input: 'y\n' });
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toBe(`Rotate key ${record.id}, "ci"? ${consequence} [y/N] `);
    expect((await stored(record.id)).rotatedTo).toBeDefined();
  });

  test.each([
    ['if you answer n at the prompt', { isTerminal: true, columns: 200, input: 'n\n' }, 1],
    ['if --yes is missing without a terminal', { input: 'y\n' }, 2],
  ])('leaves the key unchanged %s', async (_, session, exitCode) => {
    const { record } = await cli.putKey(table);
    const run = await cli.run(['rotate', record.id], { table, ...session });
    expect(run).toMatchObject({ exitCode, stdout: '' });
    expect(await stored(record.id)).toEqual(record);
  });
});

describe('rotate --out', () => {
  test('writes the new key to a file with mode 0600 instead of showing it', async () => {
    const { record } = await cli.putKey(table);
    const out = join(cli.directory, 'rotated.json');
    const run = await cli.run(['rotate', record.id, '--out', out, '--yes', '--json'], { table });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    const kept = JSON.parse(await readFile(out, 'utf8'));
    expect(kept.key).toMatch(ISSUED_KEY);
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    expect(run.stdout).not.toContain(kept.key.slice(11));
    const { record: successor, previous, ...rest } = JSON.parse(run.stdout);
    expect(rest).toEqual({});
    expect(successor).toEqual(kept.record);
    expect(previous.id).toBe(record.id);
  });

  test('does not create the output file if the rotation is rejected', async () => {
    const { record } = await cli.putKey(table, { disabledAt: at(-1) });
    const before = await cli.records(table);
    const out = join(cli.directory, 'refused.json');
    const run = await cli.run(['rotate', record.id, '--out', out, '--yes'], { table });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    await expect(stat(out)).rejects.toThrow('ENOENT');
    expect(await cli.records(table)).toEqual(before);
  });
});

describe('rotate', () => {
  test.each<[string, Partial<KeyRecord>, RegExp]>([
    ['a revoked key', { revokedAt: at(-1) }, /revoked already/],
    ['an expired key', { expiresAt: at(-1) }, /expired/],
    ['a disabled key', { disabledAt: at(-1) }, /disabled/],
    ['a key that was rotated', { rotatedTo: 'newer', expiresAt: at(1) }, /rotated already, to newer/],
  ])('explains why it rejects %s', async (_, fields, expected) => {
    const { record } = await cli.putKey(table, fields);
    const run = await cli.run(['rotate', record.id, '--yes'], { table });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toMatch(/^error: .*\n$/);
    expect(run.stderr).toMatch(expected);
    expect(await stored(record.id)).toEqual(record);
  });

  test.each([
    ['a malformed grace period', ['--grace', 'soon']],
    ['a negative grace period', ['--grace', '-1h']],
    ['a grace period of a century', ['--grace', '100y']],
    ['an expiry in the past', ['--expires', '2020-01-01T00:00:00Z']],
    ['both --expires and --no-expiry', ['--expires', '1d', '--no-expiry']],
    ['two places for the key', ['--copy', '--out', 'x']],
  ])('exits 2 for %s', async (_, args) => {
    const { record } = await cli.putKey(table);
    const run = await cli.run(['rotate', record.id, '--yes', ...args], { table });
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await stored(record.id)).toEqual(record);
  });
});

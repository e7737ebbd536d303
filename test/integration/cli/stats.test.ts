import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import picocolors from 'picocolors';
import { barChart } from '../../../cli/barChart.ts';
import type { KeyRecord } from '../../../keys/record.ts';
import { at, makeKey } from '../../support/keys.ts';
import { useCli } from '../../support/useCli.ts';

const DAY_MS = 86_400_000;
const KEYS: readonly Partial<KeyRecord>[] = [
  { lastUsedAt: at(-DAY_MS) },
  { lastUsedAt: at(-90 * DAY_MS) },
  { lastUsedAt: at(-90 * DAY_MS + 1), expiresAt: at(30 * DAY_MS) },
  { expiresAt: at(30 * DAY_MS + 1) },
  { expiresAt: at(0) },
  { disabledAt: at(-1), expiresAt: at(1) },
  { revokedAt: at(-1) },
  { revokedAt: at(-1), expiresAt: at(-1) },
];

const { cli, table } = useCli();
beforeAll(async () => {
  for (const key of KEYS) await cli.putKey(table, key);
});

test('stats --json counts keys by state, use and expiry', async () => {
  const { exitCode, stdout, stderr } = await cli.run(['stats', '--json'], { table });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({
    total: 8,
    states: { active: 4, expired: 1, disabled: 1, revoked: 2 },
    neverUsed: 1,
    unused: { for: '90d', keys: 1 },
    expiring: { within: '30d', keys: 1 },
  });
});

test('stats counts a key whose last use is in the future as never used', async () => {
  const other = await cli.makeTable();
  await cli.putKey(other, { lastUsedAt: at(DAY_MS) });
  const { stdout } = await cli.run(['stats', '--json'], { table: other });
  expect(JSON.parse(stdout)).toMatchObject({ neverUsed: 1, unused: { keys: 0 } });
});

test('stats uses the durations in --stale and --expiring', async () => {
  const { stdout } = await cli.run(['stats', '--json', '--stale', '12h', '--expiring', '1y'], { table });
  expect(JSON.parse(stdout)).toMatchObject({ unused: { for: '12h', keys: 3 }, expiring: { within: '1y', keys: 2 } });
});

test('stats prints a name and a count per line to a pipe', async () => {
  expect((await cli.run(['stats'], { table })).stdout).toBe(
    'total\t8\nactive\t4\nexpired\t1\ndisabled\t1\nrevoked\t2\nnever used\t1\nnot used for 90d\t1\nexpiring within 30d\t1\n',
  );
});

test('stats prints a bar chart in 80 columns on a terminal', async () => {
  const { exitCode, stdout } = await cli.run(['stats'], { table, isTerminal: true });
  expect(exitCode).toBe(0);
  const bar = (length: number) => '█'.repeat(length);
  expect(stdout).toBe(
    `8 keys

active               4  ${bar(28)}
expired              1  ${bar(7)}
disabled             1  ${bar(7)}
revoked              2  ${bar(14)}

Active keys:

never used           1  ${bar(7)}
not used for 90d     1  ${bar(7)}
expiring within 30d  1  ${bar(7)}
`,
  );
});

describe('barChart', () => {
  const counts = fc.array(fc.nat({ max: 2_000_000 }), { minLength: 1, maxLength: 5 });

  test('fits its lines in the width', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 40, max: 120 }), (counts, width) => {
        const bars = counts.map((count, at) => ({ name: `name ${at}`, count }));
        const scale = Math.max(
          1,
          counts.reduce((sum, count) => sum + count, 0),
        );
        const lines = barChart(bars, { width, nameWidth: 6, scale }).split('\n');
        expect(lines).toHaveLength(counts.length);
        for (const [at, line] of lines.entries()) {
          expect(line.length).toBeLessThanOrEqual(width);
          expect(/[█▏▎▍▌▋▊▉]$/.test(line)).toBe((counts[at] ?? 0) > 0);
        }
      }),
    );
  });
});

test('barChart draws a bar to an eighth of a column', () => {
  const bar = (count: number) => barChart([{ name: 'x', count }], { width: 16, nameWidth: 1, scale: 80 }).slice(7);
  expect([80, 41, 40, 8, 3, 0].map(bar)).toEqual(['█████████', '████▋', '████▌', '▉', '▍', '']);
});

test('stats colours its bars on a terminal', async () => {
  const { stdout } = await cli.run(['stats'], { table, isTerminal: true, hasColors: true });
  const { green, yellow, red } = picocolors.createColors(true);
  expect(stdout).toContain(`active               4  ${green('█'.repeat(28))}\n`);
  expect(stdout).toContain(`disabled             1  ${yellow('█'.repeat(7))}\n`);
  expect(stdout).toContain(`revoked              2  ${red('█'.repeat(14))}\n`);
});

test('stats prints zeros for an empty table', async () => {
  const empty = await cli.makeTable();
  const { exitCode, stdout } = await cli.run(['stats'], { table: empty, isTerminal: true });
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^0 keys\n\nactive +0\n/);
});

test('stats exits 1 with a warning about an unreadable record', async () => {
  const spoilt = await cli.makeTable();
  await cli.putKey(spoilt);
  const item = { ...makeKey({ id: 'bad' }).record, createdAt: 'yesterday' };
  await cli.database.client.send(new PutCommand({ TableName: spoilt, Item: item }));
  const { exitCode, stdout, stderr } = await cli.run(['stats', '--json'], { table: spoilt });
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout).total).toBe(1);
  expect(stderr).toMatch(/^warning: .*bad.*\nerror: .*not counted\n$/);
  expect(await cli.run(['stats'], { table: spoilt, readWrites: 0 })).toMatchObject({ exitCode: 1, stderr });
});

test.each([
  ['--stale', 'x'],
  ['--expiring', '-1d'],
  ['--stale', '9999999y'],
])('stats exits 2 for %s %s', async (...args) => {
  expect(await cli.run(['stats', ...args], { table })).toMatchObject({ exitCode: 2, stdout: '' });
});

import { beforeAll, describe, expect, test } from '@jest/globals';
import picocolors from 'picocolors';
import type { KeyRecord } from '../../../keys/record.ts';
import { type ApiUsage, createUsageTableInput, toUsageHour } from '../../../keys/usage.ts';
import { UsageStore } from '../../../keys/usageStore.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';
import { useCli } from '../../support/useCli.ts';

const HOUR_MS = 3_600_000;
const USAGE_TABLE = 'usage';

function logged(allowed: number, limited = 0, refused = 0): ApiUsage {
  const statuses = { 200: allowed, 429: limited, 403: refused };
  return { source: 'access-log', allowed, limited, refused, statuses, latency: { 30: allowed } };
}

const { cli, table } = useCli();
let busy: KeyRecord;
let calm: KeyRecord;
const PURGED = '5ed1f1a0-0000-4000-8000-000000000000';
beforeAll(async () => {
  busy = (await cli.putKey(table, { id: 'b0000000-0000-4000-8000-000000000001', label: 'ci', owner: 'acme' })).record;
  calm = (await cli.putKey(table, { id: 'c0000000-0000-4000-8000-000000000001', label: '日本', owner: 'acme' })).record;
  await cli.database.ensureTable(USAGE_TABLE, createUsageTableInput);
  const store = new UsageStore({ client: cli.database.client, tableName: USAGE_TABLE });
  const hour = (hoursAgo: number) => toUsageHour(NOW_MS - hoursAgo * HOUR_MS);
  const counts = (keyId: string, allowed: number) => ({ keyId, allowed, limited: 0, refused: 0 });
  const busiest = [counts(busy.id, 80), counts(PURGED, 9), counts(calm.id, 2)];
  await store.put(
    [
      { keyId: busy.id, hour: hour(2), apis: { rest: logged(60, 15, 5) } },
      { keyId: busy.id, hour: hour(30), apis: { rest: logged(20) } },
      { keyId: calm.id, hour: hour(2), apis: { http: { ...logged(2), source: 'minute-lines' } } },
      { keyId: PURGED, hour: hour(2), apis: { rest: logged(9) } },
      { keyId: '*', hour: hour(2), apis: { rest: logged(71, 15, 5) }, busiest },
    ],
    400,
  );
});

const run = (args: readonly string[], options = {}) =>
  cli.run(['usage', ...args, '--usage-table', USAGE_TABLE], { table, ...options });

test('usage prints tab-separated rows to a pipe, with zeros for hours without requests', async () => {
  const { exitCode, stdout, stderr } = await run(['b0000000', '--by', 'hour', '--since', '3h', '--until', at(0)]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout.split('\n')).toEqual([
    '2030-06-15T09:00:00.000Z\t0\t0\t0\t0\t\t\t\t\t',
    '2030-06-15T10:00:00.000Z\t60\t15\t5\t80\t19\t19\t19\t{"200":60,"403":5,"429":15}\taccess-log',
    '2030-06-15T11:00:00.000Z\t0\t0\t0\t0\t\t\t\t\t',
    '',
  ]);
});

test('usage prints CSV with a header', async () => {
  const { stdout } = await run(['b0000000', '--csv', '--since', '2030-06-14']);
  expect(stdout).toBe(`start,allowed,limited,refused,total,p50,p90,p99,statuses,sources
2030-06-14T00:00:00.000Z,20,0,0,20,19,19,19,"{""200"":20,""403"":0,""429"":0}",access-log
2030-06-15T00:00:00.000Z,60,15,5,80,19,19,19,"{""200"":60,""403"":5,""429"":15}",access-log
`);
});

test("usage --owner sums the owner's keys, and names the sources of the counts", async () => {
  const { stdout } = await run(['--owner', 'acme', '--json', '--by', 'month']);
  const { owner, rows, total } = JSON.parse(stdout);
  expect(owner).toBe('acme');
  expect(rows).toHaveLength(12);
  expect(total).toMatchObject({ total: 102, limited: 15, refused: 5, sources: ['access-log', 'minute-lines'] });
});

test('usage --all --json lists the busiest keys with their records', async () => {
  const { busiest } = JSON.parse((await run(['--all', '--json'])).stdout);
  expect(busiest).toMatchObject([
    { keyId: busy.id, total: 100, record: { label: 'ci', owner: 'acme' } },
    { keyId: PURGED, total: 9, record: null },
    { keyId: calm.id, total: 2, record: { label: '日本' } },
  ]);
  expect(JSON.stringify(busiest)).not.toContain(busy.keyHash);
});

test('usage --all prints a chart and the busiest keys on a terminal', async () => {
  const { exitCode, stdout } = await run(['--all', '--by', 'hour', '--since', '2h'], { isTerminal: true });
  expect(exitCode).toBe(0);
  const bar = (length: number) => '█'.repeat(length);
  expect(stdout).toBe(
    `Requests of all keys by hour in UTC

HOUR              ALLOWED  LIMITED  REFUSED  TOTAL
2030-06-15 10:00       71       15        5     91  ${bar(28)}
2030-06-15 11:00        0        0        0      0
2030-06-15 12:00        0        0        0      0

total:        91 (71 allowed, 15 limited, 5 refused)
status codes: 200: 71, 403: 5, 429: 15
latency:      50 % within 19 ms, 90 % within 19 ms, 99 % within 19 ms
counted from: access logs

Busiest keys:

b0000000  ci         80  ${bar(55)}
5ed1f1a0  (deleted)   9  ${bar(6)}▎
c0000000  日本        2  ${bar(1)}▍
`,
  );
});

test('usage colours the shares of limited and refused requests', async () => {
  const { stdout } = await run(['--all', '--by', 'hour', '--since', '2h'], { isTerminal: true, hasColors: true });
  const { green, yellow, red } = picocolors.createColors(true);
  const bar = (length: number) => '█'.repeat(length);
  expect(stdout).toContain(`91  ${green(bar(21))}${yellow(bar(5))}${red(bar(2))}`);
});

test.each([40, 60, 80, 200])('usage fits its lines into a terminal of %d columns', async (columns) => {
  const { stdout } = await run(['--all', '--by', 'hour', '--since', '2h'], { isTerminal: true, columns });
  const lines = stdout.split('\n').filter((line) => /^(\d{4}-|[0-9a-f]{8} )/.test(line));
  expect(lines).toHaveLength(6);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
});

test('usage says that a key made no requests', async () => {
  const { stdout } = await run([busy.id, '--since', '2029-01-01', '--until', '2029-01-02'], { isTerminal: true });
  expect(stdout).toBe(`Requests of ${busy.id}, "ci" by day in UTC\n\nNo requests from 2029-01-01 to 2029-01-02.\n`);
});

test('usage reports a deleted key by its complete id, and rejects an id without requests', async () => {
  expect((await run([PURGED], { isTerminal: true })).stdout).toContain(`Requests of the deleted key ${PURGED} by day`);
  const unknown = '00000000-0000-4000-8000-000000000000';
  expect(await run([unknown])).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining(unknown) });
});

test('usage exits 1 with a warning about an unreadable item', async () => {
  const { record } = await cli.putKey(table);
  const store = new UsageStore({ client: cli.database.client, tableName: USAGE_TABLE });
  await store.put([{ keyId: record.id, hour: toUsageHour(NOW_MS), apis: { rest: logged(-1) } }], 400);
  const { exitCode, stdout, stderr } = await run([record.id, '--json']);
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout).total.total).toBe(0);
  expect(stderr).toMatch(/^warning: .* has an unreadable apis\nerror: .* not counted\n$/);
});

describe('usage exits 2', () => {
  test.each([
    [[], 'expected the id of a key, --owner OWNER or --all, got none of them'],
    [['b0000000', '--all'], 'expected the id of a key, --owner OWNER or --all, got an id and --all'],
    [['--all', '--by', 'week'], "option '--by <period>' argument 'week' is invalid"],
    [['--all', '--since', 'monday'], "option '--since <time>' argument 'monday' is invalid"],
    [['--all', '--since', '2030-06-20'], '--since: expected a time in the past, got "2030-06-20"'],
    [['--all', '--since', '1d', '--until', '2d'], '--since: expected a time before the end'],
    [['--all', '--csv', '--json'], "option '--json' cannot be used with option '--csv'"],
    [['--all', '--since', '9y', '--by', 'hour'], '--since: expected at most 10000 rows of one hour'],
  ])('for %j', async (args, message) => {
    expect(await run(args)).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining(message) });
  });

  test('without a table of usage, and says how to choose one', async () => {
    const { exitCode, stderr } = await cli.run(['usage', '--all', '--table', 'keys']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('pass --usage-table NAME or --stack NAME, or set LATCHKEY_USAGE_TABLE');
  });
});

test('usage says that a local gateway without a table of usage must be restarted', async () => {
  const { exitCode, stderr } = await cli.run(['usage', '--all'], { table });
  expect({ exitCode, stderr }).toEqual({
    exitCode: 1,
    stderr: 'error: --local: the gateway counts no usage: restart it with npm start\n',
  });
});

test('usage names the table of usage if it does not exist', async () => {
  const { exitCode, stderr } = await cli.run(['usage', '--all', '--usage-table', 'mistyped'], { table });
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^error: there is no table "mistyped" here/);
});

test('usage rejects a raw key without repeating it', async () => {
  const { secret } = makeKey();
  const { exitCode, stdout, stderr } = await run([secret]);
  expect(exitCode).toBe(2);
  expect(stdout + stderr).not.toContain(secret);
});

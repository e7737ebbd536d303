import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import type { KeyRecord } from '../../../keys/record.ts';
import { DynamoDbProxy } from '../../support/dynamoDbProxy.ts';
import { at, makeKey } from '../../support/keys.ts';
import { useCli } from '../../support/useCli.ts';

const { cli } = useCli();

describe.each([
  ['JSON Lines', []],
  ['CSV', ['--csv']],
])('an export as %s', (_, format) => {
  test('can be imported even if the exported table is empty', async () => {
    const table = await cli.makeTable();
    const { exitCode, stdout } = await cli.run(['export', ...format], { table });
    expect(exitCode).toBe(0);
    expect(await cli.run(['import', '-'], { table, input: stdout })).toMatchObject({ exitCode: 0 });
  });
});

describe('export --out', () => {
  let table = '';
  let directory = '';
  beforeAll(async () => {
    table = await cli.makeTable();
    for (let at = 0; at < 3; at++) await cli.putKey(table);
    directory = await mkdtemp(join(cli.directory, 'out-'));
  });

  test('writes a file that only its owner can read despite a umask of 0', async () => {
    const out = join(directory, 'keys.jsonl');
    const before = process.umask(0);
    const { exitCode, stdout, stderr } = await cli.run(['export', '--out', out], { table });
    process.umask(before);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
    expect(stderr).toBe(`keys exported: 3; they are in ${out}\n`);
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    expect((await readFile(out, 'utf8')).split('\n')).toHaveLength(4);
  });

  test('leaves an existing file unchanged', async () => {
    const out = join(directory, 'kept');
    await writeFile(out, 'precious');
    const { exitCode, stderr } = await cli.run(['export', '--out', out], { table });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/exists/);
    expect(await readFile(out, 'utf8')).toBe('precious');
  });

  test('removes the partial file after a signal', async () => {
    const out = join(directory, 'half');
    const run = await cli.run(['export', '--out', out], {
      table,
      onStart: (interruption) => interruption.receive('SIGINT'),
    });
    expect(run.exitCode).toBe(130);
    await expect(stat(out)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('removes the partial file if the table is missing', async () => {
    const out = join(directory, 'failed');
    expect(await cli.run(['export', '--out', out], { table: 'missing' })).toMatchObject({ exitCode: 1, stdout: '' });
    await expect(stat(out)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

test('export --csv escapes cells that a spreadsheet would run as formulas', async () => {
  const table = await cli.makeTable();
  for (const label of ['=1+1', '+1', '-1', '@x', '\tx', '\rx', "'=1", 'plain'])
    await cli.putKey(table, { label, owner: label });
  const { stdout } = await cli.run(['export', '--csv'], { table });
  const cells = parse(stdout).flat();
  expect(cells).toContain("'=1+1");
  expect(cells).toContain("''=1");
  for (const cell of cells) expect(cell).not.toMatch(/^[=+\-@\t\r]/);
});

test('export exits 1 if it skips an unreadable record', async () => {
  const table = await cli.makeTable();
  await cli.putKey(table);
  const item = { ...makeKey({ id: 'bad' }).record, createdAt: 'yesterday' };
  await cli.database.client.send(new PutCommand({ TableName: table, Item: item }));
  const { exitCode, stdout, stderr } = await cli.run(['export'], { table });
  expect(exitCode).toBe(1);
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  expect(stderr).toMatch(/^warning: .*bad.*\nkeys exported: 1\nerror: unreadable records, not in the export: 1\n$/);
});

test.each([
  ['JSON Lines', []],
  ['CSV', ['--csv']],
])('export as %s warns about each key that import would reject', async (_, format) => {
  const [from, to] = [await cli.makeTable(), await cli.makeTable()];
  const wrong: readonly Partial<KeyRecord>[] = [
    { label: 'a\u0007b' },
    { owner: 'a\u202eb' },
    { scopes: ['a,b'] },
    { allowedIps: ['10.0.0.1/8'] },
    { createdBy: 'a\nb' },
    { disabledAt: at(-1), disabledBy: 'a\u0007' },
    { revokedAt: at(-1), revokedReason: 'a\u0007' },
  ];
  for (const [index, fields] of wrong.entries()) await cli.putKey(from, { id: `wrong-${index}`, ...fields });
  const allowedIps = ['10.0.0.0/8', '2001:db8::1'];
  await cli.putKey(from, { id: 'right', owner: 'acme', allowedIps });
  const { exitCode, stdout, stderr } = await cli.run(['export', ...format], { table: from });
  expect(exitCode).toBe(0);
  const warnings = stderr.split('\n').filter((line) => line.startsWith('warning: import would reject the key '));
  const { stdout: imported } = await cli.run(['import', '-', '--json'], { table: to, input: stdout });
  expect(JSON.parse(imported)).toMatchObject({ imported: ['right'] });
  expect(JSON.parse(imported).rejected).toHaveLength(wrong.length);
  expect(await cli.records(to)).toMatchObject([{ id: 'right', allowedIps }]);
  expect(warnings).toHaveLength(wrong.length);
  const names = ['label', 'owner', 'scopes', 'allowedIps', 'createdBy', 'disabledBy', 'revokedReason'];
  for (const [index, name] of names.entries()) {
    expect(stderr).toMatch(new RegExp(`warning: import would reject the key wrong-${index}: ${name}: expected `));
  }
  expect(stderr).toContain(`keys that import would reject: ${wrong.length}; `);
  for (const character of ['\u0007', '\u202e']) expect(stderr).not.toContain(character);
});

test('export shows the number of exported keys on a terminal', async () => {
  const table = await cli.makeTable();
  for (let index = 0; index < 3; index++) await cli.putKey(table, { createdAt: at(index) });
  const { stderr } = await cli.run(['export'], { table, isTerminal: true });
  expect(stderr).toContain('3 keys');
});

test('export --help describes the export as confidential', async () => {
  const { exitCode, stdout } = await cli.run(['export', '--help']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/confidential/i);
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
});

test.each([
  ['two formats', ['--csv', '--jsonl']],
  ['an argument', ['keys.csv']],
])('export exits 2 if you pass %s', async (_, args) => {
  expect(await cli.run(['export', ...args])).toMatchObject({ exitCode: 2, stdout: '' });
});

test('export uses strongly consistent reads', async () => {
  const table = await cli.makeTable();
  await cli.putKey(table);
  const bodies: string[] = [];
  const intercept = (operation: string, _: unknown, body: string) => {
    if (operation === 'Scan') bodies.push(body);
    return false;
  };
  const proxy = await DynamoDbProxy.start({ endpoint: cli.database.endpoint, intercept });
  const { exitCode } = await cli.run(['export'], { table, env: { AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint } });
  await proxy.stop();
  expect(exitCode).toBe(0);
  expect(bodies.map((body) => JSON.parse(body).ConsistentRead)).toEqual([true]);
});

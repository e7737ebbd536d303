import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { exportedFields } from '../../../cli/importExport/csv.ts';
import type { KeyRecord } from '../../../keys/record.ts';
import { makeKey } from '../../support/keys.ts';
import { useCli } from '../../support/useCli.ts';

const { cli } = useCli();

const digest = (key: string) => createHash('sha256').update(key).digest();
const key = () => `acme_${randomBytes(24).toString('base64url')}`;

/** Imports a file into a new table. */
async function importFile(file: string, args: readonly string[] = []) {
  const table = await cli.makeTable();
  return { table, ...(await cli.run(['import', file, ...args], { table })) };
}

const importText = async (text: string | Uint8Array, args: readonly string[] = []) =>
  importFile(await cli.write('keys', text), args);

const item = (record: KeyRecord) =>
  JSON.stringify({
    Item: Object.fromEntries(
      Object.entries(record).map(([name, value]) => [
        name,
        typeof value === 'number' ? { N: String(value) } : { S: value },
      ]),
    ),
  });

interface ExportParts {
  readonly files: Readonly<Record<string, string>>;
  readonly listed?: readonly string[];
  readonly summary?: object;
}

/** Writes an export as `aws s3 cp --recursive` copies it. Returns its folder. */
async function writeExport({ files, listed = Object.keys(files), summary = {} }: ExportParts): Promise<string> {
  const folder = await mkdtemp(join(cli.directory, 'export-'));
  await mkdir(join(folder, 'data'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'data', name), gzipSync(text));
  const manifest = listed.map((name) =>
    JSON.stringify({ itemCount: 1, md5Checksum: 'x', etag: 'x', dataFileS3Key: `AWSDynamoDB/0169-ab/data/${name}` }),
  );
  await writeFile(join(folder, 'manifest-files.json'), `${manifest.join('\n')}\n`);
  await writeFile(
    join(folder, 'manifest-summary.json'),
    JSON.stringify({ version: '2020-06-30', outputFormat: 'DYNAMODB_JSON', exportType: 'FULL_EXPORT', ...summary }),
  );
  return folder;
}

describe("DynamoDB's export to S3", () => {
  const [first, second] = [makeKey({ id: 'a', owner: 'acme' }).record, makeKey({ id: 'b', version: 3 }).record];

  test('import stores the records of all data files of a folder unchanged', async () => {
    const folder = await writeExport({ files: { 'x.json.gz': item(first), 'y.json.gz': `${item(second)}\n` } });
    const { table, exitCode, stdout, stderr } = await importFile(folder);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'Imported 2 keys.\n' });
    expect(stderr).toMatch(/^reading .* as dynamodb \(DynamoDB's export to S3, .*\)\n$/);
    const records = (await cli.records(table)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    expect(records).toEqual([first, second].map(exportedFields));
  });

  test('import reports a rejected item by its file and line', async () => {
    const folder = await writeExport({
      files: { 'x.json.gz': `${item(first)}\n`, 'y.json.gz': `${item(second)}\n{"Item":{"keyHash":{"S":"x"}}}\n` },
    });
    const { exitCode, stderr } = await importFile(folder);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /\nline 2 of y\.json\.gz: label is missing; keyHash: expected|\nline 2 of y\.json\.gz: keyHash: expected/,
    );
    const { stdout } = await importFile(folder, ['--json']);
    expect(JSON.parse(stdout).rejected).toMatchObject([{ place: 'line 2 of y.json.gz' }]);
  });

  test('import reads a single data file that is compressed with gzip', async () => {
    expect(await importText(gzipSync(`${item(first)}\n`))).toMatchObject({ exitCode: 0, stdout: 'Imported 1 key.\n' });
  });

  test.each<[string, ExportParts, RegExp]>([
    [
      'without one of its data files',
      { files: {}, listed: ['z.json.gz'] },
      /data\/z\.json\.gz is missing; copy the whole export/,
    ],
    [
      'in the format Ion',
      { files: {}, summary: { outputFormat: 'ION' } },
      /Amazon Ion; export the table in the format DYNAMODB_JSON/,
    ],
    [
      'of increments',
      { files: {}, summary: { exportType: 'INCREMENTAL_EXPORT' } },
      /incremental export; export the whole table/,
    ],
  ])('import rejects a folder of an export %s', async (_, parts, message) => {
    const { exitCode, stderr } = await importFile(await writeExport(parts));
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(message) });
  });

  test('import rejects a truncated gzip file', async () => {
    const { exitCode, stderr } = await importText(gzipSync(`${item(first)}\n`.repeat(100)).subarray(0, 60));
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(/isn't a complete gzip file/) });
  });
});

describe('--map', () => {
  test('import stores raw keys by their hashes, and a second run skips them', async () => {
    const [first, second] = [key(), key()];
    const file = await cli.write('keys.csv', `secret,client,notes\n${first},acme,x\n${second},globex,y\n`);
    const args = ['--map', 'key=secret,label=client', '--map', 'owner=client'];
    const { table, exitCode, stdout, stderr } = await importFile(file, args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'Imported 2 keys.\n' });
    expect(stderr).toContain('ignored unknown columns: "notes"\n');
    const records = await cli.records(table);
    expect(new Map(records.map(({ owner, keyHash }) => [owner, keyHash]))).toEqual(
      new Map([
        ['acme', digest(first).toString('hex')],
        ['globex', digest(second).toString('hex')],
      ]),
    );
    const again = await cli.run(['import', file, ...args], { table });
    expect(again.stdout).toBe('Imported no keys. Skipped 2 that are in the table.\n');
    expect(await cli.records(table)).toEqual(records);
    const printed = stdout + stderr + again.stdout + again.stderr + JSON.stringify(records);
    expect([first, second].filter((secret) => printed.includes(secret.slice(14)))).toEqual([]);
  });

  test.each([
    ['an unknown field', ['--map', 'colour=red'], 2, /--map: unknown field "colour"; expected one of keyHash/],
    ['a column that the file lacks', ['--map', 'keyHash=nothing'], 1, /the file lacks these columns: "nothing"/],
    [
      'a column that the file lacks, in a given format',
      ['--map', 'owner=nothing', '--format', 'csv'],
      1,
      /lacks these columns: "nothing"/,
    ],
    ['a misspelt column for the hash', ['--map', 'keyHash=hsh'], 1, /lacks these columns: "hsh"/],
    ['another format', ['--map', 'owner=client', '--format', 'env'], 2, /--map: expected the format .*csv.*, got env/],
  ])('import rejects %s', async (_, args, exitCode, message) => {
    const run = await importText(`keyHash,label,client\n${digest('x').toString('hex')},a,b\n`, args);
    expect(run).toMatchObject({ exitCode, stderr: expect.stringMatching(message) });
    expect(await cli.records(run.table)).toEqual([]);
  });
});

test('import counts the keys of Unkey and better-auth as issued elsewhere', async () => {
  const unkey = { keys: [{ hash: digest(key()).toString('base64'), name: 'x', prefix: 'sk_' }] };
  const betterAuth = [
    { key: digest(key()).toString('base64url'), referenceId: 'u', start: 'sk_abc', rateLimitEnabled: false },
  ];
  for (const [format, value] of Object.entries({ unkey, 'better-auth': betterAuth })) {
    const { stdout } = await importText(JSON.stringify(value), ['--json']);
    expect(JSON.parse(stdout)).toMatchObject({ format, imported: [expect.any(String)], external: 1, rejected: [] });
  }
});

test('import reports both formats of a file that fits two formats', async () => {
  const row = {
    hash: 'x',
    externalId: 'u',
    keyHash: digest('x').toString('hex'),
    key: 'x',
    userId: 'u',
    rateLimitEnabled: 1,
  };
  const { exitCode, stderr } = await importText(`${JSON.stringify(row)}\n`);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: expect.stringMatching(
      /cannot detect the file format: it fits jsonl and better-auth; pass --format json\|csv/,
    ),
  });
});

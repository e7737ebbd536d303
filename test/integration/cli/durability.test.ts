import { fstatSync } from 'node:fs';
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { PrivateFile } from '../../../cli/privateFile.ts';
import { startWriteProxy, type WriteProxy } from '../../support/cli.ts';
import { useCli } from '../../support/useCli.ts';

/** The completed writes to the disk and to the table, in order. */
const steps: string[] = [];

const { cli, table } = useCli();
let proxy: WriteProxy;
let fileHandle: FileHandle;
beforeAll(async () => {
  proxy = await startWriteProxy(cli.database.endpoint, { before: () => void steps.push('stored') });
  const opened = await open(await cli.write('any', ''));
  fileHandle = Object.getPrototypeOf(opened);
  await opened.close();
});
afterAll(async () => {
  await proxy.stop();
});

beforeEach(() => {
  steps.length = 0;
  const { sync, appendFile } = fileHandle;
  jest.spyOn(fileHandle, 'sync').mockImplementation(async function (this: FileHandle) {
    const what = fstatSync(this.fd).isDirectory() ? 'directory synced' : 'synced';
    await sync.call(this);
    steps.push(what);
  });
  jest.spyOn(fileHandle, 'appendFile').mockImplementation(async function (this: FileHandle, ...args) {
    await appendFile.apply(this, args);
    steps.push('written');
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

const KEPT = ['written', 'synced', 'stored'];

/** Runs a command against the table through a proxy that records its writes. */
async function run(args: readonly string[], input = ''): Promise<void> {
  const env = { AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint };
  expect(await cli.run(args, { table, env, input })).toMatchObject({ exitCode: 0 });
}

describe('the order of writes', () => {
  test('create --out syncs the secret to the disk before it stores the key', async () => {
    await run(['create', '--label', 'ci', '--out', join(cli.directory, 'created.json')]);
    expect(steps).toEqual(['directory synced', ...KEPT]);
  });

  test('rotate --out syncs the secret to the disk before it stores the successor', async () => {
    const { record } = await cli.putKey(table);
    await run(['rotate', record.id, '--yes', '--out', join(cli.directory, 'rotated.json')]);
    expect(steps).toEqual(['directory synced', ...KEPT]);
  });

  test('seed --out syncs each secret to the disk before it stores its key', async () => {
    const out = join(cli.directory, 'seeded.jsonl');
    await run(['seed', '-', '--out', out], '{"label":"a"}\n{"label":"b"}');
    expect(steps).toEqual(['directory synced', ...KEPT, ...KEPT]);
    steps.length = 0;
    await run(['seed', '-', '--out', out, '--skip-existing'], '{"label":"a"}\n{"label":"c"}');
    expect(steps).toEqual(KEPT);
  });
});

test('PrivateFile.append resolves only after it syncs the line to the disk', async () => {
  const file = await PrivateFile.openForKeys(join(cli.directory, 'appended.jsonl'), { resume: false });
  await file.append('{"key":"sk_a","record":{"id":"1"}}').then(() => steps.push('resolved'));
  await file.close();
  expect(steps).toEqual(['directory synced', 'written', 'synced', 'resolved']);
});

test('PrivateFile.keep resolves only after it syncs the export to the disk', async () => {
  const path = join(cli.directory, 'exported.jsonl');
  const file = await PrivateFile.create(path);
  await file.write('a line\n');
  await file.keep().then(() => steps.push('resolved'));
  expect(steps).toEqual(['written', 'synced', 'resolved']);
  expect(await readFile(path, 'utf8')).toBe('a line\n');
});

test.each([
  [
    'a key',
    async (path: string) => {
      const file = await PrivateFile.openForKeys(path, { resume: false });
      await file.append('{"key":"sk_a"}').finally(() => file.close());
    },
  ],
  [
    'an export',
    async (path: string) => {
      const file = await PrivateFile.create(path);
      await file.keep().finally(() => file.discard());
    },
  ],
])('the write of %s fails with FILE_UNUSABLE if the sync to the disk fails', async (what, write) => {
  jest.spyOn(fileHandle, 'sync').mockImplementation(async function (this: FileHandle) {
    if (!fstatSync(this.fd).isDirectory()) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
  });
  await expect(write(join(cli.directory, `unsynced-${what.length}`))).rejects.toMatchObject({
    code: 'FILE_UNUSABLE',
    message: expect.stringContaining('the disk is full'),
  });
});

test.each<[string, (path: string) => Promise<unknown>]>([
  [
    'a key',
    async (path) => {
      const file = await PrivateFile.openForKeys(path, { resume: false });
      await file.append('{"key":"sk_a"}').finally(() => file.close());
    },
  ],
  [
    'an export',
    async (path) => {
      const file = await PrivateFile.create(path);
      await file.write('a line').finally(() => file.discard());
    },
  ],
])('the write of %s fails with FILE_UNUSABLE if the disk is full', async (what, write) => {
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
  jest.spyOn(fileHandle, 'appendFile').mockRejectedValue(full);
  await expect(write(join(cli.directory, `full-${what.length}`))).rejects.toMatchObject({
    code: 'FILE_UNUSABLE',
    message: expect.stringMatching(/^--out: cannot write .*: the disk is full; free some space/),
    cause: full,
  });
});

test('PrivateFile.create leaves an existing file unchanged', async () => {
  const path = await cli.write('precious', 'precious');
  await expect(PrivateFile.create(path)).rejects.toMatchObject({
    code: 'FILE_UNUSABLE',
    message: `--out: ${path} already exists; pass another path`,
    cause: { code: 'EEXIST' },
  });
  expect(await readFile(path, 'utf8')).toBe('precious');
  const other = join(cli.directory, 'discarded');
  await (await PrivateFile.create(other)).discard();
  await expect(readFile(other)).rejects.toMatchObject({ code: 'ENOENT' });
});

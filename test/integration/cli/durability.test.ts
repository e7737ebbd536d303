import { fstatSync } from 'node:fs';
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { PrivateFile, SecretsFile } from '../../../cli/secretSink.ts';
import { startWriteProxy, type WriteProxy } from '../../support/cli.ts';
import { LocalCli } from '../../support/localCli.ts';

/** The completed steps, in order: writes to the disk and to the table. */
const steps: string[] = [];

let cli: LocalCli;
let table = '';
let proxy: WriteProxy;
let fileHandle: FileHandle;
beforeAll(async () => {
  cli = await LocalCli.start();
  table = await cli.makeTable();
  proxy = await startWriteProxy(cli.database.endpoint, { before: () => void steps.push('stored') });
  const opened = await open(await cli.write('any', ''));
  fileHandle = Object.getPrototypeOf(opened);
  await opened.close();
});
afterAll(async () => {
  await proxy.stop();
  await cli.stop();
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

/** Runs a command on the table, through a proxy that records its writes. */
async function run(args: readonly string[], input = ''): Promise<void> {
  const env = { AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint };
  expect(await cli.run(args, { table, env, input })).toMatchObject({ exitCode: 0 });
}

describe('a secret survives a crash of the machine once its key is in the table:', () => {
  test('create --out syncs the directory and the line before it stores the key', async () => {
    await run(['create', '--label', 'ci', '--out', join(cli.directory, 'created.json')]);
    expect(steps).toEqual(['directory synced', ...KEPT]);
  });

  test('rotate --out syncs the directory and the line before it stores the successor', async () => {
    const { record } = await cli.putKey(table);
    await run(['rotate', record.id, '--yes', '--out', join(cli.directory, 'rotated.json')]);
    expect(steps).toEqual(['directory synced', ...KEPT]);
  });

  test('seed --out syncs each line before it stores its key, even in a file that it resumes', async () => {
    const out = join(cli.directory, 'seeded.jsonl');
    await run(['seed', '-', '--out', out], '{"label":"a"}\n{"label":"b"}');
    expect(steps).toEqual(['directory synced', ...KEPT, ...KEPT]);
    steps.length = 0;
    await run(['seed', '-', '--out', out, '--skip-existing'], '{"label":"a"}\n{"label":"c"}');
    expect(steps).toEqual(KEPT);
  });
});

test('SecretsFile.append resolves only after the line is on the disk', async () => {
  const file = await SecretsFile.open(join(cli.directory, 'appended.jsonl'), { resume: false });
  await file.append('{"key":"sk_a","record":{"id":"1"}}').then(() => steps.push('resolved'));
  await file.close();
  expect(steps).toEqual(['directory synced', 'written', 'synced', 'resolved']);
});

test('PrivateFile.keep resolves only after the export is on the disk', async () => {
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
      const file = await SecretsFile.open(path, { resume: false });
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
])('%s fails with FILE_UNUSABLE if the disk cannot sync it', async (what, write) => {
  jest.spyOn(fileHandle, 'sync').mockImplementation(async function (this: FileHandle) {
    if (!fstatSync(this.fd).isDirectory()) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
  });
  await expect(write(join(cli.directory, `unsynced-${what.length}`))).rejects.toMatchObject({
    code: 'FILE_UNUSABLE',
    message: expect.stringContaining('ENOSPC'),
  });
});

test.each<[string, (path: string) => Promise<unknown>]>([
  [
    'a key',
    async (path) => {
      const file = await SecretsFile.open(path, { resume: false });
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
])('%s fails with FILE_UNUSABLE if the disk is full', async (what, write) => {
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
  jest.spyOn(fileHandle, 'appendFile').mockRejectedValue(full);
  await expect(write(join(cli.directory, `full-${what.length}`))).rejects.toMatchObject({
    code: 'FILE_UNUSABLE',
    message: expect.stringMatching(/^--out: .*: cannot be written: ENOSPC$/),
    cause: full,
  });
});

test('PrivateFile rejects an existing file and leaves it unchanged, and leaves nothing after a discard', async () => {
  const path = await cli.write('precious', 'precious');
  await expect(PrivateFile.create(path)).rejects.toMatchObject({
    code: 'FILE_UNUSABLE',
    message: `--out: ${path}: it exists: give another`,
    cause: { code: 'EEXIST' },
  });
  expect(await readFile(path, 'utf8')).toBe('precious');
  const other = join(cli.directory, 'discarded');
  await (await PrivateFile.create(other)).discard();
  await expect(readFile(other)).rejects.toMatchObject({ code: 'ENOENT' });
});

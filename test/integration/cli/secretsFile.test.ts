import { execFileSync } from 'node:child_process';
import {
  chmod,
  chown,
  mkdtemp,
  open as openFile,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { PrivateFile } from '../../../cli/privateFile.ts';
import { unprivileged, unprivilegedUser } from '../../support/unprivileged.ts';

const ROOT = process.cwd();
const A = '{"key":"sk_a","record":{"id":"1","label":"é"}}';
const B = '{"key":"sk_b","record":{"id":"2","label":"b"}}';

let directory = '';
let path = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'latchkey-secrets-'));
  path = join(directory, 'keys.jsonl');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function append(line: string, resume: boolean): Promise<PrivateFile> {
  const file = await PrivateFile.openForKeys(path, { resume });
  await file.append(line);
  await file.close();
  return file;
}

async function modeOf(file: string): Promise<number> {
  return (await stat(file)).mode & 0o777;
}

describe('a new file', () => {
  test.each([true, false])('is for its owner alone, whatever the umask is; resuming: %s', async (resume) => {
    const umask = process.umask(0);
    try {
      await append(A, resume);
    } finally {
      process.umask(umask);
    }
    expect(await modeOf(path)).toBe(0o600);
    expect(await readFile(path, 'utf8')).toBe(`${A}\n`);
  });

  test('that nothing was written to is taken away', async () => {
    const file = await PrivateFile.openForKeys(path, { resume: false });
    await file.close();
    expect(await readdir(directory)).toEqual([]);
  });
});

describe('a file that is there', () => {
  test('is left alone unless it is to be gone on with', async () => {
    await writeFile(path, `${A}\n`);
    await expect(PrivateFile.openForKeys(path, { resume: false })).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
    expect(await readFile(path, 'utf8')).toBe(`${A}\n`);
  });

  test('is added to, and closed to others', async () => {
    await writeFile(path, `${A}\n`);
    await chmod(path, 0o644);
    const { kept } = await append(B, true);
    expect(kept).toMatchObject([{ key: 'sk_a', record: { id: '1' } }]);
    expect(await readFile(path, 'utf8')).toBe(`${A}\n${B}\n`);
    expect(await modeOf(path)).toBe(0o600);
  });

  test.each([1, 5, 9, 20, B.length - 1])('loses a last line that was cut short after %i characters', async (length) => {
    await writeFile(path, `${A}\n${B.slice(0, length)}`);
    const { kept } = await append(B, true);
    expect(kept).toHaveLength(1);
    expect(await readFile(path, 'utf8')).toBe(`${A}\n${B}\n`);
  });

  test('keeps a last line that lacks nothing but its end', async () => {
    await writeFile(path, A);
    const { kept } = await append(B, true);
    expect(kept).toHaveLength(1);
    expect(await readFile(path, 'utf8')).toBe(`${A}\n${B}\n`);
  });

  test('keeps what earlier runs wrote if a resumed run adds nothing', async () => {
    await writeFile(path, `${A}\n`);
    const file = await PrivateFile.openForKeys(path, { resume: true });
    await file.close();
    expect(await readFile(path, 'utf8')).toBe(`${A}\n`);
  });

  test.each([
    '{"key":7,"record":{"id":"1"}}',
    '{"key":"sk_a"}',
    '{"key":"sk_a","record":"1"}',
    '{"key":"sk_a","record":null}',
    '{"key":"sk_a","record":{"id":1}}',
    '{"key":"sk_a","record":{"label":"a"}}',
  ])('is refused and left as it is if a line lacks a key or the id of its record: %s', async (line) => {
    await writeFile(path, `${A}\n${line}\n`);
    await expect(PrivateFile.openForKeys(path, { resume: true })).rejects.toMatchObject({
      code: 'FILE_UNUSABLE',
      message: expect.stringContaining(path),
    });
    expect(await readFile(path, 'utf8')).toBe(`${A}\n${line}\n`);
  });

  test('is refused at once if it is a pipe, whose other end nobody may ever open', async () => {
    execFileSync('mkfifo', [path]);
    await expect(PrivateFile.openForKeys(path, { resume: true })).rejects.toMatchObject({
      code: 'FILE_UNUSABLE',
      message: expect.stringContaining('was not written by seed --out'),
    });
  });

  test.each([
    [{ resume: false }, 'already exists: pass another path'],
    [{ resume: false, remedy: 'add --skip-existing' }, 'already exists: add --skip-existing'],
  ])('opened with %j says what to do', async (options, message) => {
    await writeFile(path, `${A}\n`);
    await expect(PrivateFile.openForKeys(path, options)).rejects.toMatchObject({
      message: `--out: ${path}: ${message}`,
      cause: { code: 'EEXIST' },
    });
  });

  test.each(['notes of mine', 'notes of mine\n', `${A}\nnotes\n${B}\n`, '{"label":"ci"}\n', '\n', 'null\n'])(
    'is refused and left as it is where seed did not write it: %j',
    async (text) => {
      await writeFile(path, text);
      await chmod(path, 0o644);
      await expect(PrivateFile.openForKeys(path, { resume: true })).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
      expect(await readFile(path, 'utf8')).toBe(text);
      expect(await modeOf(path)).toBe(0o644);
    },
  );

  test.each([true, false])('is not followed where it is a link; resuming: %s', async (resume) => {
    const other = join(directory, 'other');
    await writeFile(other, `${A}\n`);
    await symlink(other, path);
    await expect(PrivateFile.openForKeys(path, { resume })).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
  });

  test('is refused where it is a directory, or lies in none', async () => {
    path = directory;
    await expect(PrivateFile.openForKeys(path, { resume: true })).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
    path = join(directory, 'none', 'keys.jsonl');
    for (const resume of [true, false]) {
      await expect(PrivateFile.openForKeys(path, { resume })).rejects.toMatchObject({
        code: 'FILE_UNUSABLE',
        message: `--out: ${path}: cannot be written: ENOENT`,
        cause: { code: 'ENOENT' },
      });
    }
  });
});

describe('a directory that can be written to but not read', () => {
  beforeEach(async () => {
    await chown(directory, unprivilegedUser(), -1);
    await chmod(directory, 0o300);
    // A relative path: the directories above may be closed to other users.
    process.chdir(directory);
  });
  afterEach(async () => {
    process.chdir(ROOT);
    await chmod(directory, 0o700);
  });

  test.each([true, false])(
    'gets no file of keys, so that the next try is not blocked; resuming: %s',
    async (resume) => {
      const open = () => unprivileged(() => PrivateFile.openForKeys('keys.jsonl', { resume }));
      await expect(open()).rejects.toMatchObject({ code: 'FILE_UNUSABLE', message: expect.stringMatching(/EACCES/) });
      await chmod(directory, 0o700);
      expect(await readdir(directory)).toEqual([]);
      await (await open()).close();
    },
  );

  test('takes an export, which needs no read', async () => {
    await unprivileged(async () => {
      const file = await PrivateFile.create('keys.jsonl');
      await file.write('x');
      await file.keep();
    });
    expect(await readFile(path, 'utf8')).toBe('x');
  });
});

describe('a call that fails leaves nothing behind', () => {
  /** Has the next call of a file handle's method fail, as a full disk does. */
  async function failNext(method: 'appendFile' | 'chmod' | 'sync') {
    const handle = await openFile(ROOT);
    jest
      .spyOn(Object.getPrototypeOf(handle) as typeof handle, method)
      .mockRejectedValueOnce(Object.assign(new Error('full'), { code: 'ENOSPC' }));
    await handle.close();
  }
  afterEach(() => {
    jest.restoreAllMocks();
  });

  test.each(['chmod', 'sync'] as const)('of a new file of keys whose %s fails', async (method) => {
    await failNext(method);
    await expect(PrivateFile.openForKeys(path, { resume: true })).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
    expect(await readdir(directory)).toEqual([]);
  });

  test.each(['appendFile', 'sync'] as const)('of a first key whose %s fails', async (method) => {
    const file = await PrivateFile.openForKeys(path, { resume: false });
    await failNext(method);
    await expect(file.append(A)).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
    await file.close();
    expect(await readdir(directory)).toEqual([]);
  });

  test('of a second key, and the first one stays', async () => {
    const file = await PrivateFile.openForKeys(path, { resume: false });
    await file.append(A);
    await failNext('sync');
    await expect(file.append(B)).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
    await file.close();
    expect(await readFile(path, 'utf8')).toBe(`${A}\n`);
  });

  test('of an export that cannot be brought to the disk', async () => {
    const file = await PrivateFile.create(path);
    await file.write('x');
    await failNext('sync');
    await expect(file.keep()).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
    expect(await readdir(directory)).toEqual([]);
  });
});

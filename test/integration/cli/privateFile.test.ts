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
import { dirname, join } from 'node:path';
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
  test.each([true, false])('has mode 0600 despite a umask of 0 if resume is %s', async (resume) => {
    const umask = process.umask(0);
    try {
      await append(A, resume);
    } finally {
      process.umask(umask);
    }
    expect(await modeOf(path)).toBe(0o600);
    expect(await readFile(path, 'utf8')).toBe(`${A}\n`);
  });

  test('disappears on close if it is empty', async () => {
    const file = await PrivateFile.openForKeys(path, { resume: false });
    await file.close();
    expect(await readdir(directory)).toEqual([]);
  });
});

describe('an existing file', () => {
  test('stays unchanged if resume is false', async () => {
    await writeFile(path, `${A}\n`);
    await expect(PrivateFile.openForKeys(path, { resume: false })).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
    expect(await readFile(path, 'utf8')).toBe(`${A}\n`);
  });

  test('has mode 0600 after a resumed run appends a line', async () => {
    await writeFile(path, `${A}\n`);
    await chmod(path, 0o644);
    const { kept } = await append(B, true);
    expect(kept).toMatchObject([{ key: 'sk_a', record: { id: '1' } }]);
    expect(await readFile(path, 'utf8')).toBe(`${A}\n${B}\n`);
    expect(await modeOf(path)).toBe(0o600);
  });

  test.each([1, 5, 9, 20, B.length - 1])(
    'loses an incomplete last line of %i characters if resume is true',
    async (length) => {
      await writeFile(path, `${A}\n${B.slice(0, length)}`);
      const { kept } = await append(B, true);
      expect(kept).toHaveLength(1);
      expect(await readFile(path, 'utf8')).toBe(`${A}\n${B}\n`);
    },
  );

  test('keeps a complete last line that lacks only its newline', async () => {
    await writeFile(path, A);
    const { kept } = await append(B, true);
    expect(kept).toHaveLength(1);
    expect(await readFile(path, 'utf8')).toBe(`${A}\n${B}\n`);
  });

  test('keeps its lines if a resumed run does not add any', async () => {
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
  ])('stays unchanged if a line lacks a key or the id of its record: %s', async (line) => {
    await writeFile(path, `${A}\n${line}\n`);
    await expect(PrivateFile.openForKeys(path, { resume: true })).rejects.toMatchObject({
      code: 'FILE_UNUSABLE',
      message: expect.stringContaining(path),
    });
    expect(await readFile(path, 'utf8')).toBe(`${A}\n${line}\n`);
  });

  test('causes FILE_UNUSABLE without delay if it is a FIFO', async () => {
    execFileSync('mkfifo', [path]);
    await expect(PrivateFile.openForKeys(path, { resume: true })).rejects.toMatchObject({
      code: 'FILE_UNUSABLE',
      message: expect.stringContaining('was not written by seed --out'),
    });
  });

  test.each([
    [{ resume: false }, 'already exists; pass another path'],
    [{ resume: false, remedy: 'add --skip-existing' }, 'already exists; add --skip-existing'],
  ])('causes an error with a remedy if the options are %j', async (options, message) => {
    await writeFile(path, `${A}\n`);
    await expect(PrivateFile.openForKeys(path, options)).rejects.toMatchObject({
      message: `--out: ${path} ${message}`,
      cause: { code: 'EEXIST' },
    });
  });

  test.each(['notes of mine', 'notes of mine\n', `${A}\nnotes\n${B}\n`, '{"label":"ci"}\n', '\n', 'null\n'])(
    'stays unchanged if seed did not write it: %j',
    async (text) => {
      await writeFile(path, text);
      await chmod(path, 0o644);
      await expect(PrivateFile.openForKeys(path, { resume: true })).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
      expect(await readFile(path, 'utf8')).toBe(text);
      expect(await modeOf(path)).toBe(0o644);
    },
  );

  test.each([true, false])('causes FILE_UNUSABLE if it is a symbolic link and resume is %s', async (resume) => {
    const other = join(directory, 'other');
    await writeFile(other, `${A}\n`);
    await symlink(other, path);
    await expect(PrivateFile.openForKeys(path, { resume })).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
  });

  test('PrivateFile.openForKeys rejects a directory or a missing parent directory with FILE_UNUSABLE', async () => {
    path = directory;
    await expect(PrivateFile.openForKeys(path, { resume: true })).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
    path = join(directory, 'none', 'keys.jsonl');
    for (const resume of [true, false]) {
      await expect(PrivateFile.openForKeys(path, { resume })).rejects.toMatchObject({
        code: 'FILE_UNUSABLE',
        message: `--out: cannot write ${path}: there is no directory ${dirname(path)}; create it, or pass another path`,
        cause: { code: 'ENOENT' },
      });
    }
  });
});

describe('a write-only directory', () => {
  beforeEach(async () => {
    await chown(directory, unprivilegedUser(), -1);
    await chmod(directory, 0o300);
    // The tests use relative paths, because other users may lack access to the parent directories.
    process.chdir(directory);
  });
  afterEach(async () => {
    process.chdir(ROOT);
    await chmod(directory, 0o700);
  });

  test.each([true, false])('stays empty if PrivateFile.openForKeys rejects with resume set to %s', async (resume) => {
    const open = () => unprivileged(() => PrivateFile.openForKeys('keys.jsonl', { resume }));
    await expect(open()).rejects.toMatchObject({
      code: 'FILE_UNUSABLE',
      message: expect.stringMatching(/permission denied/),
    });
    await chmod(directory, 0o700);
    expect(await readdir(directory)).toEqual([]);
    await (await open()).close();
  });

  test('accepts an export', async () => {
    await unprivileged(async () => {
      const file = await PrivateFile.create('keys.jsonl');
      await file.write('x');
      await file.keep();
    });
    expect(await readFile(path, 'utf8')).toBe('x');
  });
});

describe('PrivateFile', () => {
  /** Makes the next call of a file handle's method fail with ENOSPC. */
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

  test.each(['chmod', 'sync'] as const)('removes the new key file if %s fails', async (method) => {
    await failNext(method);
    await expect(PrivateFile.openForKeys(path, { resume: true })).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
    expect(await readdir(directory)).toEqual([]);
  });

  test.each(['appendFile', 'sync'] as const)(
    'removes the key file if the %s of the first key fails',
    async (method) => {
      const file = await PrivateFile.openForKeys(path, { resume: false });
      await failNext(method);
      await expect(file.append(A)).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
      await file.close();
      expect(await readdir(directory)).toEqual([]);
    },
  );

  test('removes only the second key from the file if its sync fails', async () => {
    const file = await PrivateFile.openForKeys(path, { resume: false });
    await file.append(A);
    await failNext('sync');
    await expect(file.append(B)).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
    await file.close();
    expect(await readFile(path, 'utf8')).toBe(`${A}\n`);
  });

  test('removes the export if its sync fails', async () => {
    const file = await PrivateFile.create(path);
    await file.write('x');
    await failNext('sync');
    await expect(file.keep()).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
    expect(await readdir(directory)).toEqual([]);
  });
});

import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError } from '../operator/errors.ts';
import { fileProblem } from './fileProblem.ts';
import { parseJson } from './options.ts';

/** One line of a file with keys. */
export interface KeptKey {
  readonly key: string;
  /** The key's record, with at least its id. */
  readonly record: { readonly id: string } & Readonly<Record<string, unknown>>;
}

export interface OpenOptions {
  /** Appends to an existing file. */
  readonly resume: boolean;
  /** The advice in the error message about an existing file. */
  readonly remedy?: string;
}

const OWNER_ONLY = 0o600;
const OTHER_PATH = 'pass another path';
const LINE_START = '{"key":"';

/**
 * A file that only its owner can read (mode 0600). It contains only complete lines after a failure, or it's deleted.
 */
export class PrivateFile {
  /** The path from the user. */
  readonly path: string;
  /** The keys that earlier runs wrote, in order. The list is empty for a new file. */
  readonly kept: readonly KeptKey[];
  readonly #handle: FileHandle;
  /** The number of bytes that were written successfully. */
  #bytes: number;

  private constructor(path: string, handle: FileHandle, { kept, bytes }: Kept = { kept: [], bytes: 0 }) {
    this.path = path;
    this.#handle = handle;
    this.kept = kept;
    this.#bytes = bytes;
  }

  /**
   * Creates a new file.
   *
   * @throws CliError `FILE_UNUSABLE`, also if a file, a link or a directory already has the name
   */
  static async create(path: string, remedy = OTHER_PATH): Promise<PrivateFile> {
    const handle = await open(path, 'ax', OWNER_ONLY).catch((cause: NodeJS.ErrnoException) => {
      throw cause.code === 'EEXIST' ? exists(path, remedy, cause) : unusable(path, cause);
    });
    const file = new PrivateFile(path, handle);
    await file.#orDiscard(() => handle.chmod(OWNER_ONLY));
    return file;
  }

  /**
   * Creates a file for lines with keys. The file's name survives a crash of the machine. With `resume`, opens an
   * existing file, sets its mode, and removes an incomplete last line. The key of that line was never stored.
   *
   * @throws CliError `FILE_UNUSABLE`. An existing file then stays unchanged
   */
  static async openForKeys(path: string, { resume, remedy }: OpenOptions): Promise<PrivateFile> {
    const file = await PrivateFile.create(path, remedy).catch((error: CliError) => {
      if (resume && (error.cause as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
      throw error;
    });
    if (file === undefined) return PrivateFile.#resume(path);
    await file.#orDiscard(async () => {
      const directory = await open(dirname(path));
      await directory.sync().finally(() => directory.close());
    });
    return file;
  }

  static async #resume(path: string): Promise<PrivateFile> {
    // Opening a FIFO would block until its other end opens, and a link could point anywhere.
    const flags = constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const handle = await open(path, flags).catch((cause: NodeJS.ErrnoException) => {
      throw unusable(path, cause);
    });
    try {
      return new PrivateFile(path, handle, await takeOver(path, handle));
    } catch (error) {
      await handle.close();
      throw error instanceof CliError ? error : unusable(path, error as NodeJS.ErrnoException);
    }
  }

  /**
   * Appends text. A crash of the machine can still lose it.
   *
   * @throws CliError `FILE_UNUSABLE`
   */
  async write(text: string): Promise<void> {
    await this.#handle.appendFile(text).catch((cause: NodeJS.ErrnoException) => {
      throw unusable(this.path, cause);
    });
    this.#bytes += Buffer.byteLength(text);
  }

  /**
   * Appends a line. The line survives a crash of the machine once the promise resolves. The file is unchanged after a
   * failure.
   *
   * @throws CliError `FILE_UNUSABLE`
   */
  async append(line: string): Promise<void> {
    const bytes = this.#bytes;
    try {
      await this.write(`${line}\n`);
      await this.#handle.sync();
    } catch (error) {
      this.#bytes = bytes;
      await this.#handle.truncate(bytes).catch(() => {});
      throw error instanceof CliError ? error : unusable(this.path, error as NodeJS.ErrnoException);
    }
  }

  /** Closes the file. It deletes an empty file, because an empty file would block the next run. */
  async close(): Promise<void> {
    if (this.#bytes === 0) return this.discard();
    await this.#handle.close();
  }

  /**
   * Closes the file once its content survives a crash of the machine. It keeps even an empty file.
   *
   * @throws CliError `FILE_UNUSABLE`. The file is then deleted
   */
  async keep(): Promise<void> {
    await this.#orDiscard(async () => {
      await this.#handle.sync();
      await this.#handle.close();
    });
  }

  /**
   * Closes and deletes the file, if the system permits it. It doesn't throw, because an earlier error is the one to
   * report.
   */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => {});
    await rm(this.path, { force: true }).catch(() => {});
  }

  async #orDiscard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      await this.discard();
      throw unusable(this.path, cause as NodeJS.ErrnoException);
    }
  }
}

/** The content of a file that a run resumes. */
interface Kept {
  readonly kept: readonly KeptKey[];
  readonly bytes: number;
}

async function takeOver(path: string, handle: FileHandle): Promise<Kept> {
  if (!(await handle.stat()).isFile()) throw notOurs(path);
  const bytes = await handle.readFile();
  const wholeBytes = bytes.lastIndexOf('\n') + 1;
  const lines = bytes.toString('utf8', 0, wholeBytes).split('\n').slice(0, -1);
  const kept = lines.flatMap((line) => parseLine(line) ?? []);
  const rest = bytes.toString('utf8', wholeBytes);
  // An editor may have removed the newline at the end of the file.
  const last = parseLine(rest);
  const isOurs = kept.length === lines.length && (rest.startsWith(LINE_START) || LINE_START.startsWith(rest));
  if (!isOurs) throw notOurs(path);
  await handle.chmod(OWNER_ONLY);
  if (last === undefined) {
    await handle.truncate(wholeBytes);
    return { kept, bytes: wholeBytes };
  }
  await handle.appendFile('\n');
  return { kept: [...kept, last], bytes: bytes.length + 1 };
}

function parseLine(line: string): KeptKey | undefined {
  const value = parseJson(line);
  const { key, record } = isObject(value) ? value : {};
  return typeof key === 'string' && hasId(record) ? { key, record } : undefined;
}

function hasId(record: unknown): record is KeptKey['record'] {
  return isObject(record) && typeof record['id'] === 'string';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function notOurs(path: string): CliError {
  return new CliError('FILE_UNUSABLE', `--out: ${path} was not written by seed --out; ${OTHER_PATH}`);
}

function exists(path: string, remedy: string, cause: Error): CliError {
  return new CliError('FILE_UNUSABLE', `--out: ${path} already exists; ${remedy}`, { cause });
}

function unusable(path: string, cause: NodeJS.ErrnoException): CliError {
  return new CliError('FILE_UNUSABLE', `--out: ${fileProblem(path, cause, 'write')}`, { cause });
}

import { constants } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError } from './cliError.ts';
import { parseJson } from './parseJson.ts';

/** One line of the file, as far as this file needs to know it. */
export interface KeptKey {
  readonly key: string;
  /** Of the key's record, with whatever else the line says of it. */
  readonly record: { readonly id: string } & Readonly<Record<string, unknown>>;
}

export interface OpenOptions {
  /** Whether to go on with a file that is there. */
  readonly resume: boolean;
  /** What to do about one that is there, for the message. */
  readonly remedy?: string;
}

const OWNER_ONLY = 0o600;
const LINE_START = '{"key":"';

/** Where secrets are kept as they are drawn: JSON Lines, for the owner's eyes alone, each on the disk before the next step. */
export class SecretsFile {
  /** As it was given. */
  readonly path: string;
  /** What earlier runs kept, in their order. */
  readonly kept: readonly KeptKey[];
  readonly #handle: FileHandle;
  /** Of what is on the disk as whole lines. */
  #bytes: number;

  private constructor(path: string, { handle, kept, bytes }: OpenedFile) {
    this.path = path;
    this.#handle = handle;
    this.kept = kept;
    this.#bytes = bytes;
  }

  /**
   * Makes the file; with `resume` goes on with one that is there, whose mode is put right and whose last line is taken
   * off if it was cut short: such a line's key was never stored.
   *
   * @throws CliError `FILE_UNUSABLE`, having changed nothing
   */
  static async open(path: string, { resume, remedy = 'give another' }: OpenOptions): Promise<SecretsFile> {
    const made = await make(path).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EEXIST' && resume) return undefined;
      throw cause.code === 'EEXIST' ? exists(path, remedy, cause) : unusable(path, cause);
    });
    if (made !== undefined) return new SecretsFile(path, { handle: made, kept: [], bytes: 0 });
    // Opening a FIFO would wait for its other end, and a link could lead anywhere.
    const flags = constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const handle = await open(path, flags).catch((cause: NodeJS.ErrnoException) => {
      throw unusable(path, cause);
    });
    try {
      const kept = await takeOver(path, handle);
      return new SecretsFile(path, { handle, kept, bytes: (await handle.stat()).size });
    } catch (error) {
      await handle.close();
      throw error instanceof CliError ? error : unusable(path, error as NodeJS.ErrnoException);
    }
  }

  /**
   * Adds a line. Once it resolves, the line outlives a crash of the machine. After a failure the file is as it was before.
   *
   * @throws CliError `FILE_UNUSABLE`
   */
  async append(line: string): Promise<void> {
    const added = `${line}\n`;
    try {
      await this.#handle.appendFile(added);
      await this.#handle.sync();
      this.#bytes += Buffer.byteLength(added);
    } catch (cause) {
      await this.#handle.truncate(this.#bytes).catch(() => {});
      throw unusable(this.path, cause as NodeJS.ErrnoException);
    }
  }

  /** Closes the file. Removes it if it holds nothing, so that it does not block the next run. */
  async close(): Promise<void> {
    if (this.#bytes === 0) return discard(this.path, this.#handle);
    await this.#handle.close();
  }
}

interface OpenedFile {
  readonly handle: FileHandle;
  readonly kept: readonly KeptKey[];
  readonly bytes: number;
}

/** Fails where anything, also a link, has the name already, and leaves nothing behind then. */
async function make(path: string): Promise<FileHandle> {
  const handle = await open(path, 'ax', OWNER_ONLY);
  try {
    await handle.chmod(OWNER_ONLY);
    const directory = await open(dirname(path));
    await directory.sync().finally(() => directory.close());
    return handle;
  } catch (error) {
    await discard(path, handle);
    throw error;
  }
}

/** Closes and removes a file, as far as the system lets it. The error that led here is the one to report. */
export async function discard(path: string, handle: FileHandle): Promise<void> {
  await handle.close().catch(() => {});
  await rm(path, { force: true }).catch(() => {});
}

async function takeOver(path: string, handle: FileHandle): Promise<readonly KeptKey[]> {
  if (!(await handle.stat()).isFile()) throw notOurs(path);
  const bytes = await handle.readFile();
  const wholeBytes = bytes.lastIndexOf('\n') + 1;
  const lines = bytes.toString('utf8', 0, wholeBytes).split('\n').slice(0, -1);
  const kept = lines.flatMap((line) => parseLine(line) ?? []);
  const rest = bytes.toString('utf8', wholeBytes);
  // An editor may have taken the last line's end away.
  const last = parseLine(rest);
  const isOurs = kept.length === lines.length && (rest.startsWith(LINE_START) || LINE_START.startsWith(rest));
  if (!isOurs) throw notOurs(path);
  await handle.chmod(OWNER_ONLY);
  if (last === undefined) await handle.truncate(wholeBytes);
  else await handle.appendFile('\n');
  return last === undefined ? kept : [...kept, last];
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
  return new CliError('FILE_UNUSABLE', `--out: ${path} is not a file that seed --out wrote: give another`);
}

function exists(path: string, remedy: string, cause: Error): CliError {
  return new CliError('FILE_UNUSABLE', `--out: ${path}: it exists: ${remedy}`, { cause });
}

function unusable(path: string, cause: NodeJS.ErrnoException): CliError {
  const why = `cannot be written: ${cause.code ?? cause.name}`;
  return new CliError('FILE_UNUSABLE', `--out: ${path}: ${why}`, { cause });
}

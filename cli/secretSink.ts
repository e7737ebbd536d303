import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { type Command, Option } from 'commander';
import type { IssuedKey } from '../keys/registry.ts';
import { CliError } from '../operator/errors.ts';
import { type Environment, setting } from '../operator/findTable.ts';
import { parseJson } from './options.ts';
import { issuedKeyJson } from './output.ts';

export interface SecretSinkOptions {
  readonly copy?: boolean;
  readonly out?: string;
}

/** Where the secret of a key that is to be issued goes without being shown. */
export interface SecretSink {
  /** For people, such as `on the clipboard`. */
  readonly name: string;
  /** Once it resolves, the secret is there. */
  readonly keep: (issued: IssuedKey) => Promise<void>;
}

/** Adds the options that say where a new key goes instead of being shown. */
export function addSecretSinkOptions(command: Command): Command {
  return command
    .option('--copy', 'put the key on the clipboard, and do not show it')
    .addOption(
      new Option(
        '--out <file>',
        'write the key to this new file, as {"key","record"} with mode 0600, and do not show it',
      ).conflicts('copy'),
    );
}

/**
 * Runs the work with the place that the options name, or with `undefined` where the key is to be shown. The place is
 * made sure of first, so that no key is issued that has nowhere to go; a file that nothing was written to is taken away.
 *
 * @throws CliError `CLIPBOARD_UNUSABLE`; `FILE_UNUSABLE`; and whatever else the work throws
 */
export async function withSecretSink<T>(
  { copy, out }: SecretSinkOptions,
  env: Environment,
  work: (place: SecretSink | undefined) => Promise<T>,
): Promise<T> {
  if (copy === true) {
    const putOnClipboard = findClipboard(env);
    return work({ name: 'on the clipboard', keep: ({ secret }) => putOnClipboard(secret) });
  }
  if (out === undefined) return work(undefined);
  const file = await SecretsFile.open(out, { resume: false });
  try {
    return await work({
      name: `in ${file.path}`,
      keep: ({ secret, record }) => file.append(issuedKeyJson({ secret, record })),
    });
  } finally {
    await file.close();
  }
}

/** What is told where a key that was kept may not have come into the table. */
export function unconfirmedNotice({ record }: IssuedKey, { name }: SecretSink): string {
  return `the key ${name} is good only if the list has the id ${record.id}`;
}

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

interface ClipboardTool {
  readonly name: string;
  readonly args: readonly string[];
  /** A variable without which the tool finds no clipboard. */
  readonly needs?: string;
}

/** The first that is there is used. */
const TOOLS: readonly ClipboardTool[] = [
  { name: 'pbcopy', args: [] },
  { name: 'wl-copy', args: [], needs: 'WAYLAND_DISPLAY' },
  { name: 'xclip', args: ['-selection', 'clipboard'], needs: 'DISPLAY' },
  { name: 'xsel', args: ['--clipboard', '--input'], needs: 'DISPLAY' },
  { name: 'clip.exe', args: [] },
];
const TIMEOUT_MS = 5000;

/**
 * Finds the machine's clipboard, and returns what puts a text on it.
 *
 * @throws CliError `CLIPBOARD_UNUSABLE` where there is none, and from what it returns where the copying fails
 */
export function findClipboard(env: Environment): (text: string) => Promise<void> {
  const paths = (setting(env, 'PATH') ?? '').split(delimiter).filter((path) => path !== '');
  for (const { name, args, needs } of TOOLS) {
    if (needs !== undefined && setting(env, needs) === undefined) continue;
    const file = paths.map((path) => join(path, name)).find(isProgram);
    if (file !== undefined) return (text) => feed(text, { name, file, args, env });
  }
  const names = TOOLS.map(({ name }) => name).join(', ');
  throw clipboardUnusable(`there is no clipboard here, by ${names}: give --out FILE in its place`);
}

/** The text goes by standard input: arguments are seen by every user of the machine. */
async function feed(
  text: string,
  { name, file, args, env }: ClipboardTool & { readonly file: string; readonly env: Environment },
): Promise<void> {
  // xclip and wl-copy leave a process behind that holds the text, and would hold pipes as well.
  const child = spawn(file, args, { stdio: ['pipe', 'ignore', 'ignore'], env: { ...env }, timeout: TIMEOUT_MS });
  child.stdin.on('error', () => {}).end(text);
  const exitCode = await new Promise<number | string | null>((resolve) => {
    child.on('error', ({ message }) => resolve(message));
    child.on('exit', resolve);
  });
  if (exitCode !== 0) throw clipboardUnusable(`${name} failed (${exitCode ?? 'no end in time'})`);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function clipboardUnusable(why: string): CliError {
  return new CliError('CLIPBOARD_UNUSABLE', `--copy: ${why}`);
}

/** A new file for the owner's eyes alone. It is there as a whole or, after a failure, not at all. */
export class PrivateFile {
  readonly #path: string;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  /** @throws CliError `FILE_UNUSABLE`, also where anything has the name already */
  static async create(path: string): Promise<PrivateFile> {
    try {
      return new PrivateFile(path, await open(path, 'wx', OWNER_ONLY));
    } catch (cause) {
      throw exportUnusable(path, cause as NodeJS.ErrnoException);
    }
  }

  /** @throws CliError `FILE_UNUSABLE` */
  async write(text: string): Promise<void> {
    await this.#handle.appendFile(text).catch((cause: NodeJS.ErrnoException) => {
      throw exportUnusable(this.#path, cause);
    });
  }

  /** @throws CliError `FILE_UNUSABLE`, and the file is gone */
  async keep(): Promise<void> {
    try {
      await this.#handle.sync();
      await this.#handle.close();
    } catch (cause) {
      await this.discard();
      throw exportUnusable(this.#path, cause as NodeJS.ErrnoException);
    }
  }

  async discard(): Promise<void> {
    await discard(this.#path, this.#handle);
  }
}

function exportUnusable(path: string, cause: NodeJS.ErrnoException): CliError {
  const why = cause.code === 'EEXIST' ? 'it exists: give another' : `cannot be written: ${cause.code ?? cause.name}`;
  return new CliError('FILE_UNUSABLE', `--out: ${path}: ${why}`, { cause });
}

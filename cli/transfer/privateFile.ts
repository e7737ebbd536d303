import { open, type FileHandle } from 'node:fs/promises';
import { CliError } from '../cliError.ts';
import { discard } from '../secretsFile.ts';

const OWNER_ONLY = 0o600;

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
      throw unusable(path, cause as NodeJS.ErrnoException);
    }
  }

  /** @throws CliError `FILE_UNUSABLE` */
  async write(text: string): Promise<void> {
    await this.#handle.appendFile(text).catch((cause: NodeJS.ErrnoException) => {
      throw unusable(this.#path, cause);
    });
  }

  /** @throws CliError `FILE_UNUSABLE`, and the file is gone */
  async keep(): Promise<void> {
    try {
      await this.#handle.sync();
      await this.#handle.close();
    } catch (cause) {
      await this.discard();
      throw unusable(this.#path, cause as NodeJS.ErrnoException);
    }
  }

  async discard(): Promise<void> {
    await discard(this.#path, this.#handle);
  }
}

function unusable(path: string, cause: NodeJS.ErrnoException): CliError {
  const why = cause.code === 'EEXIST' ? 'it exists: give another' : `cannot be written: ${cause.code ?? cause.name}`;
  return new CliError('FILE_UNUSABLE', `--out: ${path}: ${why}`, { cause });
}

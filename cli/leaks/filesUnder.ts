import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What is never looked into: git's own store, whose packed objects are no text, and what npm installed. */
const SKIPPED = new Set(['.git', 'node_modules']);

export interface WalkDeps {
  /** Takes what could not be read, and goes on. */
  readonly onError: (path: string, error: NodeJS.ErrnoException) => void;
}

/**
 * The files that a path names: itself, or all beneath it in the order of their names. Links beneath it are not followed,
 * nor are devices and pipes read. What git ignores is looked at: a key that lies about is one all the same.
 */
export async function* filesUnder(path: string, deps: WalkDeps): AsyncGenerator<string> {
  try {
    if ((await stat(path)).isDirectory()) yield* beneath(path, deps);
    else yield path;
  } catch (error) {
    deps.onError(path, error as NodeJS.ErrnoException);
  }
}

async function* beneath(directory: string, deps: WalkDeps): AsyncGenerator<string> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    deps.onError(directory, error);
    return [];
  });
  for (const name of names.toSorted()) {
    if (SKIPPED.has(name)) continue;
    const path = join(directory, name);
    const entry = await lstat(path).catch((error: NodeJS.ErrnoException) => deps.onError(path, error));
    if (entry?.isDirectory()) yield* beneath(path, deps);
    else if (entry?.isFile()) yield path;
  }
}

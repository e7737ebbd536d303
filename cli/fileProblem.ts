import { dirname } from 'node:path';
import { maskKeys } from '../keys/findKeys.ts';

/** What a command does with a file. */
type Use = 'read' | 'write';

/** System error code → why the file cannot be used, and what to do. */
const PROBLEMS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied; check its owner and mode',
  EPERM: 'permission denied; check its owner and mode',
  EISDIR: "it's a directory; pass a file",
  ENOTDIR: "a part of its path isn't a directory; check the path",
  ELOOP: "it's a symbolic link; pass the path of the file itself",
  EMLINK: "it's a symbolic link; pass the path of the file itself",
  EROFS: 'the file system is read-only; pass another path',
  ENOSPC: 'the disk is full; free some space, or pass another path',
  ENAMETOOLONG: 'the path is too long; pass a shorter one',
  EMFILE: 'too many files are open; increase the limit with ulimit -n',
};

/** Returns why a file cannot be read or written, in one line with a remedy. */
export function fileProblem(path: string, { code, name }: NodeJS.ErrnoException, use: Use): string {
  return `cannot ${use} ${path}: ${explain(path, code, use) ?? code ?? name}`;
}

function explain(path: string, code: string | undefined, use: Use): string | undefined {
  if (code !== 'ENOENT') return PROBLEMS[code ?? ''];
  // The path may be a key that was passed by mistake, and a part of it isn't masked with it.
  const directory = maskKeys(dirname(path));
  if (use === 'write') return `there is no directory ${directory}; create it, or pass another path`;
  return `there is no such file in ${directory === '.' ? 'this directory' : directory}; check the path`;
}

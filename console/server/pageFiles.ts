import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CliError } from '../../operator/errors.ts';

/** A file of the page, with its `Content-Type`. */
export interface PageFile {
  readonly contentType: string;
  readonly content: string;
}

/** The directory of the built page. */
const DIRECTORY = join(dirname(fileURLToPath(import.meta.resolve('#root/package.json'))), 'dist', 'console');

const FILES: readonly (readonly [path: string, file: string, contentType: string])[] = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/console.js', 'console.js', 'text/javascript; charset=utf-8'],
  ['/console.css', 'console.css', 'text/css; charset=utf-8'],
  ['/icon.svg', 'icon.svg', 'image/svg+xml'],
];

/**
 * Reads the page's files once, and returns them by their URL paths. A request therefore can't access other files.
 *
 * @throws CliError `FILE_UNUSABLE` if the page isn't built
 */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  try {
    return new Map(
      FILES.map(([path, file, contentType]) => [
        path,
        { contentType, content: readFileSync(join(DIRECTORY, file), 'utf8') },
      ]),
    );
  } catch (cause) {
    throw new CliError(
      'FILE_UNUSABLE',
      "the files of the console's page are missing: reinstall the package, or build it if this is its repository",
      { cause },
    );
  }
}

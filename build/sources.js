// The sources of the build and of the template. A stamp shows whether their output is current.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The sources of the sample stack's template and its bundles. */
export const TEMPLATE_SOURCES = [
  'build',
  'cdk.json',
  'components',
  'console',
  'infra',
  'keys',
  'lambda',
  'management',
  'operator',
  'package-lock.json',
  'package.json',
  'tsconfig.build.json',
  'tsconfig.json',
];

/** The sources of `dist`. */
export const BUILD_SOURCES = [...TEMPLATE_SOURCES, 'cli', 'elements', 'index.ts', 'middleware', 'testing'];

/** Returns whether the stamp belongs to the current contents of the sources. */
export function isCurrent(root, stamp, sources) {
  return readIfExists(join(root, stamp)) === hashSources(root, sources);
}

/** Writes the stamp. Write it last, because without a stamp the output counts as outdated. */
export function writeStamp(root, stamp, sources) {
  writeFileSync(join(root, stamp), hashSources(root, sources));
}

/** Removes the stamp. Remove it before you change the first output file. */
export function removeStamp(root, stamp) {
  rmSync(join(root, stamp), { force: true });
}

/**
 * Returns the SHA-256 of all names and contents, in hex. It doesn't use modification times, because they change with
 * every checkout.
 */
function hashSources(root, sources) {
  const hash = createHash('sha256').update(process.version);
  for (const path of sources.flatMap((source) => listFiles(root, source)).toSorted()) {
    hash.update(`\0${path}\0`).update(readFileSync(join(root, path)));
  }
  return hash.digest('hex');
}

function listFiles(root, path) {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path)).flatMap((name) => listFiles(root, join(path, name)));
}

function readIfExists(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

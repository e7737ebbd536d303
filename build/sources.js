// Which files the build and the template are made of, and whether what was made of them is still current.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Everything that the sample stack's template and the bundles in it are made of. */
export const TEMPLATE_SOURCES = [
  'build',
  'cdk.json',
  'console',
  'infra',
  'keys',
  'lambda',
  'operator',
  'package-lock.json',
  'package.json',
  'tsconfig.build.json',
  'tsconfig.json',
];

/** Everything that `dist` is made of. */
export const BUILD_SOURCES = [...TEMPLATE_SOURCES, 'cli', 'index.ts', 'testing'];

/** Whether the stamp says that its neighbours were made of these very sources. */
export function isCurrent(root, stamp, sources) {
  return readIfThere(join(root, stamp)) === hashOf(root, sources);
}

/** Writes the stamp. Write it last: without one nothing counts as current. */
export function writeStamp(root, stamp, sources) {
  writeFileSync(join(root, stamp), hashOf(root, sources));
}

/** Removes the stamp. Remove it before the first of its neighbours changes. */
export function removeStamp(root, stamp) {
  rmSync(join(root, stamp), { force: true });
}

/** SHA-256 of the names and contents of all files, in hex. The modification time would change with every checkout. */
function hashOf(root, sources) {
  const hash = createHash('sha256').update(process.version);
  for (const path of sources.flatMap((source) => filesOf(root, source)).toSorted()) {
    hash.update(`\0${path}\0`).update(readFileSync(join(root, path)));
  }
  return hash.digest('hex');
}

function filesOf(root, path) {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path)).flatMap((name) => filesOf(root, join(path, name)));
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

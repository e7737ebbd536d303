import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What installs the peers, in `bench/` alone. */
export const INSTALL_PEERS = 'npm ci --ignore-scripts --prefix bench';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The version of a peer in `bench/node_modules`; absent where it is not installed. */
export function peerVersion(name: string): string | undefined {
  return versionIn(`${HERE}node_modules/${name}/package.json`);
}

/** The version of a package of the project's own. */
export function packageVersion(name: string): string {
  const version = versionIn(`${ROOT}node_modules/${name}/package.json`);
  if (version === undefined) throw new Error(`${name} is not installed; run npm ci`);
  return version;
}

/** The peers that `bench/package.json` names and that are not installed. */
export function missingPeers(): readonly string[] {
  const { dependencies } = JSON.parse(readFileSync(`${HERE}package.json`, 'utf8'));
  return Object.keys(dependencies).filter((name) => peerVersion(name) === undefined);
}

function versionIn(path: string): string | undefined {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).version : undefined;
}

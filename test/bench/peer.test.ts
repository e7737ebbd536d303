import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { packageVersion, peerVersion } from '../../bench/peer.ts';

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const peers: readonly string[] = Object.keys(JSON.parse(read('bench/package.json')).dependencies);

describe('the peers', () => {
  test('are no dependency of the package', () => {
    const { dependencies, devDependencies, peerDependencies } = JSON.parse(read('package.json'));
    const own = Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies });
    expect(own.filter((name) => peers.includes(name))).toEqual([]);
  });

  test('are pinned, by a lock that names no registry', () => {
    const { packages } = JSON.parse(read('bench/package-lock.json'));
    expect(Object.keys(packages)).toEqual(expect.arrayContaining(peers.map((name) => `node_modules/${name}`)));
    expect(packages[''].dependencies).toEqual(JSON.parse(read('bench/package.json')).dependencies);
    expect(read('bench/package-lock.json')).not.toContain('"resolved"');
  });
});

test('a package that is not installed for the bench has no version there', () => {
  expect(peerVersion('dependency-cruiser')).toBeUndefined();
  expect(packageVersion('dependency-cruiser')).toMatch(/^\d+\.\d+\.\d+/);
});

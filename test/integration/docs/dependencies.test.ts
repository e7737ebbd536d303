import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const LICENCES = ['Apache-2.0', 'MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause'];

const read = (path: string) => readFileSync(ROOT + path, 'utf8');
const { dependencies, devDependencies } = JSON.parse(read('package.json'));
const { packages } = JSON.parse(read('package-lock.json'));

/** The cells of each row of the page's table, by the package that it is of. */
function rows(): ReadonlyMap<string, readonly string[]> {
  const [, table = ''] = read('docs/dependencies.md').split('<!-- dependencies:');
  const cells = [...table.matchAll(/^\| `([^`]+)` *\|(.*)\|$/gm)];
  return new Map(cells.map(([, name = '', rest = '']) => [name, rest.split('|').map((cell) => cell.trim())]));
}

test('every dependency has a row in docs/dependencies.md, and no row is of what is none', () => {
  expect([...rows().keys()]).toEqual(Object.keys(dependencies));
});

test.each(Object.entries(dependencies))('the row of %s is of the version %s, which is exact', (name, version) => {
  const [stated, purpose, licence, keptBy, size] = rows().get(name) ?? [];
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  expect({ stated, licence }).toEqual({ stated: version, licence: packages[`node_modules/${name}`].license });
  expect(LICENCES).toContain(licence);
  expect(purpose).toMatch(/\w{3}/);
  expect(keptBy).toMatch(/ of \d{4}-\d\d-\d\d| on \d{4}-\d\d-\d\d/);
  expect(size).toMatch(/^\d+ KB$/);
});

test.each(Object.entries(devDependencies))(
  'the tool %s is of the version %s, which is exact and locked',
  (name, version) => {
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(packages[''].devDependencies[name]).toBe(version);
    expect(packages[`node_modules/${name}`].version).toBe(version);
  },
);

test.each(['bench/', 'mutation/', 'docs/reference/', 'test/e2e/runtimeClient/', 'test/e2e/serverlessOffline/'])(
  'what %s needs is of exact versions',
  (folder) => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read(`${folder}package.json`));
    const versions = Object.values({ ...dependencies, ...devDependencies, ...optionalDependencies });
    expect(versions).not.toHaveLength(0);
    for (const version of versions) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  },
);

test('no package that is installed with Latchkey runs a script at its installation', () => {
  const reached = new Set<string>();
  const visit = (name: string): void => {
    if (reached.has(name)) return;
    reached.add(name);
    const { dependencies = {}, optionalDependencies = {} } = packages[`node_modules/${name}`] ?? {};
    Object.keys({ ...dependencies, ...optionalDependencies }).forEach(visit);
  };
  Object.keys(dependencies).forEach(visit);
  expect(reached.size).toBeGreaterThan(Object.keys(dependencies).length);
  const scripted = [...reached].filter((name) => packages[`node_modules/${name}`]?.hasInstallScript);
  expect(scripted).toEqual([]);
});

test('every package that runs a script at its installation is told', () => {
  const scripted = Object.entries<{ hasInstallScript?: boolean }>(packages).filter(([, one]) => one.hasInstallScript);
  const names = scripted.map(([path]) => `\`${path.replace(/^.*node_modules\//, '')}\``).toSorted();
  expect(read('docs/dependencies.md').replaceAll(/\s+/g, ' ')).toContain(
    `have an install script (${names.join(', ')}), which`,
  );
});

const LOCKS = ['', 'bench/', 'mutation/', 'test/e2e/runtimeClient/', 'test/e2e/serverlessOffline/'].map(
  (folder) => `${folder}package-lock.json`,
);

test.each(LOCKS)('%s has the hash of all that it installs', (file) => {
  const locked = Object.entries<{ link?: boolean; inBundle?: boolean; integrity?: string }>(
    JSON.parse(read(file)).packages,
  );
  // What is bundled in a package comes under the hash of that package.
  const installed = locked.filter(([path, { link, inBundle }]) => /node_modules\//.test(path) && !link && !inBundle);
  expect(installed).not.toHaveLength(0);
  expect(installed.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))).toEqual([]);
});

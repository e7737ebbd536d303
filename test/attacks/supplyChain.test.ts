import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LICENCES = new Set(['Apache-2.0', 'MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD']);
const PACKAGES = [
  '',
  'bench/',
  'mutation/',
  'test/e2e/jsii/',
  'test/e2e/runtimeClient/',
  'test/e2e/serverlessOffline/',
];

interface Locked {
  readonly license?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly inBundle?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: object;
  readonly optionalDependencies?: object;
}

const read = (path: string) => readFileSync(ROOT + path, 'utf8');
const lockedIn = (folder: string): Record<string, Locked> => JSON.parse(read(`${folder}package-lock.json`)).packages;

/** Returns all packages that npm installs with Latchkey, by name. */
function shippedPackages(): ReadonlyMap<string, Locked> {
  const locked = lockedIn('');
  const found = new Map<string, Locked>();
  const visit = (name: string): void => {
    if (found.has(name)) return;
    const { dependencies, optionalDependencies, ...one } = locked[`node_modules/${name}`] ?? {};
    found.set(name, one);
    Object.keys({ ...dependencies, ...optionalDependencies }).forEach(visit);
  };
  Object.keys(locked['']?.dependencies ?? {}).forEach(visit);
  return found;
}

test('npm installs only packages with a permissive licence and without an install script', () => {
  const shipped = [...shippedPackages()];
  expect(shipped.length).toBeGreaterThan(11);
  expect(shipped.filter(([, { license = 'none' }]) => !LICENCES.has(license))).toEqual([]);
  expect(shipped.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([]);
});

test('the package contains the text of a permissive licence for every package in the CLI bundle', () => {
  const parts = read('dist/cli/licenses.txt').split(`\n${'-'.repeat(80)}\n\n`);
  const licences = parts.flatMap((part) => part.split('\n\n')[0]?.match(/(?<=\().+(?=\)$)/gm) ?? []);
  expect(licences.length).toBeGreaterThan(20);
  expect(licences.filter((licence) => !LICENCES.has(licence))).toEqual([]);
  expect(parts.filter((part) => !/permission|licensed under/i.test(part))).toEqual([]);
});

test.each([...PACKAGES, 'docs/reference/'])('%spackage.json pins exact versions', (folder) => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read(`${folder}package.json`));
  const versions = Object.values({ ...dependencies, ...devDependencies, ...optionalDependencies });
  expect(versions).not.toHaveLength(0);
  for (const version of versions) expect(version).toMatch(/^(npm:[\w@/-]+@)?\d+\.\d+\.\d+$/);
});

test.each(PACKAGES)('%spackage-lock.json contains the SHA-512 hash of every package that it installs', (folder) => {
  const installed = Object.entries(lockedIn(folder)).filter(
    // The hash of a package covers the packages bundled in it.
    ([path, { link, inBundle }]) => path.includes('node_modules/') && link !== true && inBundle !== true,
  );
  expect(installed).not.toHaveLength(0);
  expect(installed.filter(([, { integrity }]) => integrity?.startsWith('sha512-') !== true)).toEqual([]);
});

const WORKFLOWS = readdirSync(`${ROOT}.github/workflows`).map((file) => {
  return [file, read(`.github/workflows/${file}`)] as const;
});

/** Returns the scripts of a workflow: each `run` or `script` with the lines indented below it. */
function getScripts(text: string): readonly string[] {
  const lines = text.split('\n');
  return lines.flatMap((line, at) => {
    const [, before] = /^( *(?:- )?)(?:run|script):/.exec(line) ?? [];
    if (before === undefined) return [];
    const below = lines.slice(at + 1);
    const end = below.findIndex((next) => next.trim() !== '' && !next.startsWith(' '.repeat(before.length + 1)));
    return [[line.trim(), ...below.slice(0, end === -1 ? undefined : end)].join('\n').trimEnd()];
  });
}

test.each(WORKFLOWS)('%s uses only actions that are pinned by commit', (_, text) => {
  const actions = [...text.matchAll(/uses: *(.*)/g)].map(([, action = '']) => action);
  expect(actions).not.toHaveLength(0);
  for (const action of actions) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

test.each(WORKFLOWS)("%s doesn't give its jobs default permissions", (_, text) => {
  expect(text).toMatch(/^permissions: \{\}$/m);
  expect(text).not.toMatch(/pull_request_target|workflow_run/);
});

test.each(WORKFLOWS)("%s doesn't leave a token in a checkout", (_, text) => {
  const checkouts = text.split(/^ {6}- /m).filter((step) => step.includes('actions/checkout@'));
  expect(checkouts.filter((step) => !step.includes('persist-credentials: false'))).toEqual([]);
});

test.each(WORKFLOWS)("%s doesn't put an expression into a script", (_, text) => {
  expect(getScripts(text).filter((script) => script.includes('${{'))).toEqual([]);
});

test('only the jobs that publish the package and its release have write permissions', () => {
  const rights = WORKFLOWS.flatMap(([file, text]) =>
    [...text.matchAll(/^ +([a-z-]+: *['"]?write\S*)/gm)].map(([, right]) => `${file} ${right}`),
  );
  expect(rights).toEqual(['release.yml id-token: write', 'release.yml contents: write']);
});

test("the job that publishes the package doesn't run code of the repository", () => {
  const release = read('.github/workflows/release.yml').split(/^ {2}(?=[\w-]+:$)/m);
  const findJob = (name: string) => release.find((job) => job.startsWith(`${name}:`)) ?? '';
  expect(getScripts(findJob('publish'))).toEqual(['- run: npm publish ./latchkey-*.tgz --provenance --ignore-scripts']);
  expect(findJob('publish')).not.toContain('actions/checkout');
  expect(findJob('build')).toContain('needs: verify');
  expect(getScripts(findJob('build')).filter((script) => /npm (?:ci|install)/.test(script))).toEqual([
    '- run: npm ci --ignore-scripts',
  ]);
});

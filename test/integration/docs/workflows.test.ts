import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const FOLDER = `${ROOT}.github/workflows/`;
const FILES = readdirSync(FOLDER);

const textOf = (file: string) => readFileSync(FOLDER + file, 'utf8');

/** The jobs of a workflow that is indented as Prettier does it, each as its name and its lines. */
function jobsOf(text: string): readonly (readonly [string, string])[] {
  const [, jobs = ''] = text.split(/^jobs:\n/m);
  return jobs
    .split(/^ {2}(?=[\w-]+:$)/m)
    .slice(1)
    .map((job) => [job.slice(0, job.indexOf(':')), job] as const);
}

/** What a workflow runs: each `run` or `script` with all below it that is indented deeper, however the text is written. */
function scriptsOf(text: string): readonly string[] {
  const lines = text.split('\n');
  return lines.flatMap((line, at) => {
    const [, before] = /^( *(?:- )?)(?:run|script):/.exec(line) ?? [];
    if (before === undefined) return [];
    const below = lines.slice(at + 1);
    const end = below.findIndex((next) => next.trim() !== '' && !next.startsWith(' '.repeat(before.length + 1)));
    return [[line, ...below.slice(0, end === -1 ? undefined : end)].join('\n').trimEnd()];
  });
}

/** What a workflow does that it should not. */
function problemsOf(text: string): readonly string[] {
  const uses = [...text.matchAll(/uses: *(.*)/g)].map(([, action = '']) => action);
  const steps = text.split(/^ {6}- /m).slice(1);
  return [
    ...uses.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action)),
    ...(/^permissions: \{\}$/m.test(text) ? [] : ['rights for all jobs']),
    ...(/^concurrency:\n {2}group: /m.test(text) ? [] : ['no concurrency']),
    ...(/pull_request_target|workflow_run/.test(text) ? ['rights for what comes from outside'] : []),
    ...steps
      .filter((step) => step.includes('actions/checkout@') && !step.includes('persist-credentials: false'))
      .map(() => 'a token left in the checkout'),
    ...scriptsOf(text)
      .filter((script) => script.includes('${{'))
      .map(() => 'a text of the event in a script'),
    // What is looked for here is looked for at the begin of a line.
    ...(/^ *(?:- )?["'?]|(?:^|[\s[,])\{(?!\})/m.test(text) ? ['keys in quotes or braces'] : []),
    ...jobsOf(text).flatMap(([name, job]) => [
      ...(/^ {4}permissions:\n {6}/m.test(job) ? [] : [`no rights stated for ${name}`]),
      ...(/^ {4}timeout-minutes: \d+$/m.test(job) ? [] : [`no end of time for ${name}`]),
    ]),
  ];
}

/** Every right of a workflow's jobs beyond reading, with the job that has it. */
function rightsOf(file: string, text: string): readonly string[] {
  return jobsOf(text).flatMap(([name, job]) => {
    const [, block = ''] = /^ {4}permissions:.*\n((?: {6}.*\n|\s*\n)+)/m.exec(job) ?? [];
    const rights = block.split('\n').map((line) => line.replace(/(?:^|\s)#.*/, '').trim());
    return rights
      .filter((right) => right !== '' && !/^[a-z-]+: (?:read|none)$/.test(right))
      .map((right) => `${file} ${name} ${right}`);
  });
}

/** What a job of the release runs, line by line. */
function commandsOf(name: string): readonly string[] {
  const [, job = ''] = jobsOf(textOf('release.yml')).find(([job]) => job === name) ?? [];
  return scriptsOf(job).map((script) => script.replace(/^.*?run: /, ''));
}

test.each(FILES)('%s pins every action by its hash, states every right and ends in time', (file) => {
  expect(jobsOf(textOf(file))).not.toHaveLength(0);
  expect(problemsOf(textOf(file))).toEqual([]);
});

test('no job may write, but the two of a release, each what it is there for', () => {
  expect(FILES.flatMap((file) => rightsOf(file, textOf(file)))).toEqual([
    'release.yml publish id-token: write',
    'release.yml attach contents: write',
  ]);
});

test('the job that may publish runs nothing of the repository or of its dependencies', () => {
  const [, publish = ''] = jobsOf(textOf('release.yml')).find(([name]) => name === 'publish') ?? [];
  expect(publish).toContain('--provenance');
  expect(commandsOf('publish')).toEqual(['npm publish ./latchkey-*.tgz --provenance --ignore-scripts']);
  expect(publish).not.toContain('actions/checkout');
});

test('the package is made by a job that runs no script of an installation, and neither the checks nor what they install', () => {
  const [, build = ''] = jobsOf(textOf('release.yml')).find(([name]) => name === 'build') ?? [];
  expect(build).toMatch(/^ {4}needs: verify$/m);
  expect(commandsOf('build')).toEqual([
    `test "$GITHUB_REF_NAME" = "v$(node -p 'require("../../docs/package.json").version')"`,
    'npm ci --ignore-scripts',
    'npm pack',
    '.ci/sbom latchkey-*.tgz sbom.cdx.json',
  ]);
  expect(commandsOf('verify')).toContain('.ci/run');
});

test('dependencies are audited on every change, and before a release', () => {
  for (const file of ['ci.yml', 'release.yml']) {
    expect(textOf(file)).toContain('run: npm audit --omit=dev --audit-level=high');
  }
});

test('every script that a workflow runs is there', () => {
  const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
  const named = FILES.flatMap((file) => [...textOf(file).matchAll(/npm run ([\w:-]+)/g)].map(([, script]) => script));
  expect(named).not.toHaveLength(0);
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
  const files = FILES.flatMap((file) => [...textOf(file).matchAll(/(?<![\w/.])\.ci\/[\w./-]+/g)].map(([path]) => path));
  expect(new Set(files)).toEqual(new Set(['.ci/run', '.ci/sbom']));
  for (const file of files) expect([file, statSync(ROOT + file).mode & 0o111]).toEqual([file, 0o111]);
});

test('.ci/run looks for serverless-offline in the cache of the locked version', () => {
  const { dependencies } = JSON.parse(readFileSync(`${ROOT}test/e2e/serverlessOffline/package.json`, 'utf8'));
  const args = [`${ROOT}test/e2e/serverlessOffline.sh`, '--print-cache'];
  const cache = execFileSync('bash', args, { env: { ...process.env, XDG_CACHE_HOME: '/none' }, encoding: 'utf8' });
  const version = `serverless@${dependencies.serverless}+serverless-offline@${dependencies['serverless-offline']}`;
  expect(cache).toBe(`/none/latchkey-serverless-offline/${version}\n`);
  const run = readFileSync(`${ROOT}.ci/run`, 'utf8');
  expect(run).toContain('[[ -d $(bash test/e2e/serverlessOffline.sh --print-cache) ]]');
  expect(run).not.toContain('latchkey-serverless-offline');
});

describe('a workflow is refused', () => {
  const good = textOf('ci.yml');

  test.each([
    ['with an action by its tag', / actions\/setup-node@\w+ # .*/, ' actions/setup-node@v4', 'actions/setup-node@v4'],
    ['with an action by a short hash', /@[0-9a-f]{40}/, '@34e1148', 'actions/checkout@34e1148 # v4.3.1'],
    ['with rights for all its jobs', 'permissions: {}', 'permissions: write-all', 'rights for all jobs'],
    ['with rights for what comes from outside', 'pull_request:', 'pull_request_target:', /outside/],
    ['with a token left in the checkout', 'persist-credentials: false', 'fetch-depth: 0', /checkout/],
    ['with a text of the event in a script', 'run: npm test', 'run: echo ${{ github.head_ref }}', /in a script/],
    [
      'with one in a text of lines',
      'run: npm test',
      'run: |-\n          true\n          echo ${{ github.head_ref }}',
      /in a script/,
    ],
    ['with one in a folded text', 'run: npm test', 'run: >\n          echo ${{ github.head_ref }}', /in a script/],
    [
      'with one behind an empty line',
      'run: npm test',
      'run: |\n          true\n\n          ${{ github.head_ref }}',
      /a script/,
    ],
    ['with one on the line below', 'run: npm test', 'run:\n          echo ${{ github.head_ref }}', /in a script/],
    [
      'with one in a script of an action',
      'run: npm test',
      'with:\n          script: ${{ github.head_ref }}',
      /in a script/,
    ],
    ['with a key in quotes', 'run: npm test', '"run": npm test', /quotes/],
    ['with a step in braces', '- run: npm test', '- { run: npm test }', /braces/],
    ['with a job that states no rights', /^ {4}permissions:\n.*\n/m, '', 'no rights stated for test'],
    ['with a job of no end', /^ {4}timeout-minutes: .*\n/m, '', 'no end of time for test'],
    ['that runs beside itself', /^concurrency:\n(?: {2}.*\n)+/m, '', 'no concurrency'],
  ])('%s', (_, found, planted, problem) => {
    expect(problemsOf(good.replace(found, planted))).toContainEqual(
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    );
  });
});

test.each([
  'contents: write',
  'contents: write # why',
  "contents: 'write'",
  'id-token: write\n\n      # why\n      packages: read',
])('a right that is stated as %j is seen', (right) => {
  const text = textOf('ci.yml').replace('contents: read', right);
  expect(rightsOf('ci.yml', text)).toEqual([expect.stringMatching(/^ci\.yml test [a-z-]+: '?write'?$/)]);
});

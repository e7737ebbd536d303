import { readdirSync } from 'node:fs';

/**
 * The mutated parts of the project, each with the tests that run it in one process. The environment variable
 * `MUTATION_PART` selects one: `authorizer`, the default, or `operator`.
 *
 * - `authorizer`: `keys/` and `lambda/`. Its tests don't need a bundle, a template or a child process.
 * - `operator`: the console's server, and some files of the CLI. Those files handle secrets, explain AWS errors and
 *   print. Commands, completion and tables are excluded, because most of their mutants change texts. The console's
 *   tests read `dist`, so build it first.
 */
const PARTS = {
  authorizer: {
    mutate: [
      'keys/**/*.ts',
      'lambda/**/*.ts',
      // Only the built functions load these files. Their tests start the functions as processes.
      '!lambda/{client,handler}.ts',
      '!lambda/usagePlanSync/handler.ts',
    ],
    // The last whole run, on 2026-11-25, scored 97.0 %: 4,149 of 4,278 mutants.
    breakAt: 95,
    sources: ['keys', 'lambda', 'middleware', 'testing'],
    ignored: ['dist'],
    testFiles: (root) => [
      ...['test/unit/keys', 'test/unit/lambda', 'test/unit/lambda/usagePlanSync', 'test/property'].flatMap((folder) =>
        testsIn(root, folder),
      ),
      ...named('test/integration/store', ['createKeyRegistry', 'keyVerifier', 'store']),
    ],
  },
  operator: {
    mutate: [
      'console/server/*.ts',
      'operator/*.ts',
      'cli/{options,output,prompt,scan,secretSink,seedFile,seedPlan,textSource}.ts',
      'cli/importExport/{readEntry,notAKey}.ts',
    ],
    breakAt: 80,
    sources: ['keys', 'operator', 'cli', 'console', 'testing'],
    ignored: [],
    testFiles: (root) => [
      ...testsIn(root, 'test/integration/cli').filter((file) => !STARTS_THE_CLI.includes(file)),
      ...['test/unit/cli', 'test/unit/cli/importExport'].flatMap((folder) => testsIn(root, folder)),
      ...named('test/integration/console', ['api', 'attacks', 'outcome']),
      ...named('test/unit/console', ['consoleApp', 'startConsole']),
      ...named('test/integration/local', ['loopback']),
      ...named('test/attacks', ['randomness']),
    ],
  },
};

/** Tests that start the built CLI as a process. The built CLI doesn't contain mutants. */
const STARTS_THE_CLI = named('test/integration/cli', ['actor', 'faults', 'program', 'seed', 'stack']);

const name = process.env['MUTATION_PART'] || 'authorizer';

/** The selected part. */
export const part = PARTS[name];
if (part === undefined) throw new Error(`MUTATION_PART: expected ${Object.keys(PARTS).join(' or ')}, got "${name}"`);

/**
 * Returns the paths of the part's test files that match the regular expression in `MUTATION_TESTS`. If it isn't set,
 * returns all of them.
 *
 * @param root The folder of the project, or of Stryker's copy of it.
 */
export function testFilesOf(root) {
  const pattern = new RegExp(process.env['MUTATION_TESTS'] ?? '');
  return part.testFiles(root).filter((file) => pattern.test(file));
}

export default {
  mutate: part.mutate,
  testRunner: 'file-by-file',
  plugins: ['./mutation/fileByFileRunner.js'],
  jest: { projectType: 'custom', configFile: 'mutation/jest.config.js', enableFindRelatedTests: false },
  testRunnerNodeArgs: ['--experimental-vm-modules', '--no-warnings'],
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // The dry run runs every test once, one file at a time.
  dryRunTimeoutMinutes: 60,
  // Stryker counts steps to detect an endless loop. The timeout is for a busy machine.
  timeoutMS: 30_000,
  timeoutFactor: 4,
  // Jest keeps the modules of every file that it has run: 150 mutants took 2.7 GB.
  maxTestRunnerReuse: 40,
  thresholds: { high: 95, low: part.breakAt, break: part.breakAt },
  reporters: ['progress-append-only', 'clear-text', 'html'],
  htmlReporter: { fileName: `mutation/report/${name}.html` },
  incrementalFile: `mutation/report/${name}.json`,
  tempDirName: 'mutation/sandbox',
  ignorePatterns: [
    ...part.ignored,
    'tsconfig*.json',
    'cdk.out',
    '.latchkey',
    'bench',
    'mutation/report',
    'mutation/sandbox',
  ],
  checkers: [],
  allowConsoleColors: false,
};

function testsIn(root, folder) {
  return readdirSync(`${root}/${folder}`)
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `${folder}/${file}`);
}

function named(folder, names) {
  return names.map((name) => `${folder}/${name}.test.ts`);
}

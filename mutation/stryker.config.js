/** Mutants of what decides on keys, run by the tests of keys/ and lambda/; docs/mutation.md tells what they found. */
export default {
  mutate: [
    'keys/**/*.ts',
    'lambda/**/*.ts',
    // Loaded by the built functions alone, whose tests start them as processes.
    '!lambda/{functionClient,functionCredentials,functionSettings,handler,noEndpointCache,prime}.ts',
    '!lambda/planKeys/handler.ts',
    '!lambda/sample/*.ts',
  ],
  testRunner: 'file-by-file',
  plugins: ['./mutation/fileByFileRunner.js'],
  jest: { projectType: 'custom', configFile: 'mutation/jest.config.js', enableFindRelatedTests: false },
  testRunnerNodeArgs: ['--experimental-vm-modules', '--no-warnings'],
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // An endless loop is ended by the count of its steps; the time is for a busy machine.
  timeoutMS: 30_000,
  timeoutFactor: 4,
  // Jest keeps the modules of every file it ran: 150 mutants took 2.7 GB.
  maxTestRunnerReuse: 40,
  thresholds: { high: 95, low: 90, break: 90 },
  reporters: ['progress-append-only', 'clear-text', 'json', 'html'],
  jsonReporter: { fileName: 'mutation/report/mutation.json' },
  htmlReporter: { fileName: 'mutation/report/mutation.html' },
  incrementalFile: 'mutation/report/incremental.json',
  tempDirName: 'mutation/sandbox',
  ignorePatterns: ['tsconfig*.json', 'dist', 'cdk.out', '.latchkey', 'bench', 'mutation/report', 'mutation/sandbox'],
  checkers: [],
  allowConsoleColors: false,
};

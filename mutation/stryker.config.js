/** Mutants of what decides on keys, run by the tests of keys/ and lambda/; docs/mutation.md tells what they found. */
export default {
  mutate: ['keys/**/*.ts', 'lambda/**/*.ts'],
  testRunner: 'file-by-file',
  plugins: ['./mutation/fileByFileRunner.js'],
  jest: { projectType: 'custom', configFile: 'mutation/jest.config.js', enableFindRelatedTests: false },
  testRunnerNodeArgs: ['--experimental-vm-modules', '--no-warnings'],
  coverageAnalysis: 'perTest',
  concurrency: 2,
  thresholds: { high: 95, low: 90, break: 90 },
  reporters: ['clear-text', 'json', 'html'],
  jsonReporter: { fileName: 'mutation/report/mutation.json' },
  htmlReporter: { fileName: 'mutation/report/mutation.html' },
  incrementalFile: 'mutation/report/incremental.json',
  tempDirName: 'mutation/sandbox',
  ignorePatterns: ['tsconfig*.json', 'dist', 'cdk.out', '.latchkey', 'bench', 'mutation/report', 'mutation/sandbox'],
  checkers: [],
  allowConsoleColors: false,
};

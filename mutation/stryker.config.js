import { part } from './parts.js';

/** Mutates a part of the project, by the tests of that part; docs/mutation.md tells what they found in keys/ and lambda/. */
export default {
  mutate: part.mutate,
  testRunner: 'file-by-file',
  plugins: ['./mutation/fileByFileRunner.js'],
  jest: { projectType: 'custom', configFile: 'mutation/jest.config.js', enableFindRelatedTests: false },
  testRunnerNodeArgs: ['--experimental-vm-modules', '--no-warnings'],
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // Every test runs once first, one file at a time.
  dryRunTimeoutMinutes: 60,
  // An endless loop is ended by the count of its steps; the time is for a busy machine.
  timeoutMS: 30_000,
  timeoutFactor: 4,
  // Jest keeps the modules of every file it ran: 150 mutants took 2.7 GB.
  maxTestRunnerReuse: 40,
  thresholds: { high: 95, low: part.breakAt, break: part.breakAt },
  reporters: ['progress-append-only', 'clear-text', 'json', 'html'],
  jsonReporter: { fileName: `mutation/report/${part.report}.json` },
  htmlReporter: { fileName: `mutation/report/${part.report}.html` },
  incrementalFile: `mutation/report/${part.incremental}.json`,
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

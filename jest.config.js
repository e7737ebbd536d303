const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' }, sourceMaps: 'inline' },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/cdk.out', '<rootDir>/mutation/sandbox'],
  globalTeardown: '<rootDir>/test/support/globalTeardown.js',
};

/** What runs in this process alone, without a build: keys and decisions, and the readers of files. */
const UNIT = ['keys', 'lambda', 'testing', 'property', 'cli/transfer'].map(
  (folder) => `<rootDir>/test/${folder}/**/*.test.ts`,
);
/** What takes minutes: thousands of hostile events, a soak, whole property runs, files of many thousand keys. */
const LONG = ['attacks/fuzz', 'attacks/regularExpressions', 'integration/importScale', 'soak/soak'].map(
  (file) => `<rootDir>/test/${file}.test.ts`,
);
const PROPERTIES = '<rootDir>/test/property/**/*.test.ts';

export default {
  projects: [
    {
      ...shared,
      displayName: 'unit',
      globalSetup: '<rootDir>/test/support/unitSetup.js',
      testMatch: UNIT,
    },
    {
      ...shared,
      displayName: 'integration',
      globalSetup: '<rootDir>/test/support/globalSetup.js',
      testMatch: ['<rootDir>/test/**/*.test.ts', ...[...UNIT, ...LONG].map((pattern) => `!${pattern}`)],
    },
    {
      ...shared,
      displayName: 'long',
      globalSetup: '<rootDir>/test/support/globalSetup.js',
      testMatch: [...LONG, PROPERTIES],
    },
  ],
  // One more than the cores of a small machine: tests of faults wait most of their time.
  maxWorkers: 3,
  // Child processes start slowly on a busy machine.
  testTimeout: 30_000,
};

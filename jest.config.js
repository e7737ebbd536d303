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
const UNIT = ['keys/', 'lambda/', 'testing/', 'property/', 'cli/transfer/'];
/** What takes minutes: thousands of hostile events, a soak, whole property runs, files of many thousand keys. */
const LONG = ['attacks/fuzz', 'attacks/regularExpressions', 'integration/importScale', 'soak/soak'];

/** Patterns of `testMatch` for all tests whose paths begin so. */
const matching = (starts) =>
  starts.map((start) => `<rootDir>/test/${start}**${start.endsWith('/') ? '/*' : ''}.test.ts`);

export default {
  projects: [
    {
      ...shared,
      displayName: 'unit',
      globalSetup: '<rootDir>/test/support/unitSetup.js',
      testMatch: matching(UNIT),
    },
    {
      ...shared,
      displayName: 'integration',
      globalSetup: '<rootDir>/test/support/globalSetup.js',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: [...UNIT, ...LONG].map((start) => `<rootDir>/test/${start}`),
    },
    {
      ...shared,
      displayName: 'long',
      globalSetup: '<rootDir>/test/support/globalSetup.js',
      testMatch: matching([...LONG, 'property/']),
    },
  ],
  // One more than the cores of a small machine: tests of faults wait most of their time.
  maxWorkers: 3,
  // Child processes start slowly on a busy machine.
  testTimeout: 30_000,
};

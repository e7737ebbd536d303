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
/** What takes minutes: hostile events by the thousand, a soak, whole property runs, every fault of the store, large files. */
const LONG = [
  'attacks/floods',
  'attacks/fuzz',
  'attacks/regularExpressions',
  'cli/faults',
  'docs/recipes',
  'docs/reference',
  'integration/faults',
  'integration/importScale',
  'integration/registryFaults',
  'lambda/lastUsedFleet',
  'soak/soak',
];

/** Patterns of `testMatch` for all tests whose paths begin so. */
const matching = (starts) =>
  starts.map((start) => `<rootDir>/test/${start}**${start.endsWith('/') ? '/*' : ''}.test.ts`);

/** Patterns of `testPathIgnorePatterns` for the same. */
const ignoring = (starts) => starts.map((start) => `<rootDir>/test/${start}`);

export default {
  projects: [
    {
      ...shared,
      displayName: 'unit',
      globalSetup: '<rootDir>/test/support/unitSetup.js',
      testMatch: matching(UNIT),
      testPathIgnorePatterns: ignoring(LONG),
    },
    {
      ...shared,
      displayName: 'integration',
      globalSetup: '<rootDir>/test/support/globalSetup.js',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ignoring([...UNIT, ...LONG]),
    },
    {
      ...shared,
      displayName: 'long',
      globalSetup: '<rootDir>/test/support/globalSetup.js',
      testMatch: matching([...LONG, 'property/']),
    },
  ],
  coverageProvider: 'v8',
  coverageReporters: ['text-summary', 'lcovonly'],
  // Every source file counts, also one that no test loads.
  collectCoverageFrom: ['*.ts', '{keys,lambda,infra,testing,cli,local,console,bench,soak}/**/*.{ts,tsx}', '!**/*.d.ts'],
  // One more than the cores of a small machine: tests of faults wait most of their time.
  maxWorkers: 3,
  // Child processes start slowly on a busy machine.
  testTimeout: 30_000,
};

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

/**
 * Tests that take long: thousands of hostile events, a soak, full property runs, every fault of the store, large files,
 * the synthesis of twenty apps.
 */
const LONG = [
  'attacks/floods',
  'attacks/fuzz',
  'attacks/regularExpressions',
  'integration/cli/faults',
  'integration/cli/importSources',
  'integration/docs/recipes',
  'integration/docs/reference',
  'integration/gateway/twoOwners',
  'integration/gateway/usageCounts',
  'integration/infra/consumerApps',
  'integration/management/ownerKeys',
  'integration/management/owners',
  'integration/store/earlierRecords',
  'integration/store/faults',
  'integration/store/importScale',
  'integration/store/limitProcesses',
  'integration/store/registryFaults',
  'unit/lambda/lastUsedFleet',
  'soak/',
].map((start) => `<rootDir>/test/${start}`);

const unitSetup = '<rootDir>/test/support/unitSetup.js';
const globalSetup = '<rootDir>/test/support/globalSetup.js';

export default {
  projects: [
    {
      // These tests run in Jest's process and don't need a build.
      ...shared,
      displayName: 'unit',
      globalSetup: unitSetup,
      testMatch: ['<rootDir>/test/{unit,property}/**/*.test.ts'],
      testPathIgnorePatterns: LONG,
    },
    {
      ...shared,
      displayName: 'integration',
      globalSetup,
      testMatch: ['<rootDir>/test/{integration,attacks}/**/*.test.ts'],
      testPathIgnorePatterns: LONG,
    },
    {
      ...shared,
      displayName: 'long',
      globalSetup,
      testMatch: [
        ...LONG.map((start) => `${start}**${start.endsWith('/') ? '/*' : ''}.test.ts`),
        '<rootDir>/test/property/**/*.test.ts',
      ],
    },
    {
      // Each suite needs a tool that npm doesn't install, or uses the terminal.
      ...shared,
      displayName: 'e2e',
      // `.ci/run` runs several suites side by side.
      testTimeout: 120_000,
      globalSetup,
      testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
      testPathIgnorePatterns: ['<rootDir>/test/e2e/package/'],
    },
  ],
  coverageProvider: 'v8',
  coverageReporters: ['text-summary', 'lcovonly'],
  // Every source file counts, even if the tests don't load it.
  collectCoverageFrom: [
    '*.ts',
    '{build/sdk,keys,lambda,management,infra,middleware,testing,operator,cli,local,console,components,elements,bench,soak}/**/*.{ts,tsx}',
    '!**/*.d.ts',
  ],
  // One more than the cores of a small machine, because tests of faults mostly wait.
  maxWorkers: 3,
  // A worker keeps the modules of each test file, such as the CDK's. Long garbage collections then stall its servers.
  workerIdleMemoryLimit: '600MB',
  // Child processes start slowly on a busy machine.
  testTimeout: 30_000,
};

// The import table of docs/adr/0005: a room may import only from rooms below it.
const ROOMS = ['keys', 'lambda', 'infra', 'testing', 'cli', 'local', 'console', 'bench', 'soak'];
const MAY_IMPORT = {
  keys: [],
  lambda: ['keys'],
  infra: ['keys', 'lambda'],
  testing: ['keys', 'lambda'],
  cli: ['keys', 'console'],
  local: ['keys', 'cli', 'console'],
  console: ['keys', 'cli'],
};

const rooms = Object.entries(MAY_IMPORT).map(([room, below]) => ({
  name: `${room}-imports-only-below`,
  severity: 'error',
  from: { path: `^${room}/` },
  to: { path: `^(${[...ROOMS, 'test'].filter((other) => other !== room && !below.includes(other)).join('|')})/` },
}));

/** Only files of `only` may import what `packages` matches, within the rooms that ship. */
const packagesOnlyIn = (name, packages, only) => ({
  name,
  severity: 'error',
  from: { path: '^(keys|lambda|infra|testing|cli|local|console)/', pathNot: only },
  to: { path: packages },
});

module.exports = {
  forbidden: [
    ...rooms,
    {
      name: 'the-console-is-started-by-programs',
      comment: 'it stands above the rooms whose main.ts start it',
      severity: 'error',
      from: { path: '^(cli|local)/', pathNot: '^(cli|local)/main\\.ts$' },
      to: { path: '^console/' },
    },
    {
      name: 'the-server-does-not-know-the-page',
      severity: 'error',
      from: { path: '^console/server/' },
      to: { path: '^console/page/' },
    },
    {
      name: 'lambda-never-imports-the-registry',
      severity: 'error',
      from: { path: '^lambda/' },
      to: { path: '^keys/(registry|createKeyRegistry|importHashes|index|listing)' },
    },
    {
      name: 'the-library-is-registry-and-verifier',
      severity: 'error',
      from: { path: '^index\\.ts$' },
      to: { pathNot: '^(keys/index|lambda/(authorize|authorizerOptions|client|createKeyVerifier|keyVerifier))\\.ts$' },
    },
    {
      name: 'testing-has-no-store',
      severity: 'error',
      from: { path: '^testing/' },
      to: { path: '^(keys/(registry|createKeyRegistry|index)|lambda/(client|createKeyVerifier))' },
    },
    {
      name: 'infra-takes-names-and-settings-only',
      comment: 'docs/adr/0006: the function reads its settings and sizes its policies at synthesis too',
      severity: 'error',
      from: { path: '^infra/' },
      to: {
        path: '^(keys|lambda)/',
        pathNot:
          '^(keys/(acceptedKeys|table|errors)|lambda/(config|keySource|metricNames|plans|policy|route|usageIdentifier))\\.ts$',
      },
    },
    {
      name: 'plan-keys-stand-alone',
      comment: 'docs/adr/0010: a function of its own, whose client neither the authorizer nor the library carries',
      severity: 'error',
      from: { pathNot: '^lambda/planKeys/' },
      to: { path: '^lambda/planKeys/' },
    },
    packagesOnlyIn(
      'sdk-at-the-edges',
      'node_modules/@(aws-sdk|smithy)/',
      '^(keys/(createKeyRegistry|lookup|registryOptions|registryStore|requireJsonObject)|lambda/(client|functionClient|functionCredentials|prime|planKeys/(handler|planKeys))|cli/(client|stack|caller)|local/table)\\.ts$',
    ),
    packagesOnlyIn('api-gateway-client-in-plan-keys', 'node_modules/@aws-sdk/client-api-gateway/', '^lambda/planKeys/'),
    packagesOnlyIn('cdk-in-infra', 'node_modules/(aws-cdk-lib|constructs|cdk-nag)/', '^infra/'),
    packagesOnlyIn('hono-in-the-console', 'node_modules/(hono|@hono)/', '^console/server/'),
    packagesOnlyIn('preact-in-the-page', 'node_modules/preact/', '^console/page/'),
    packagesOnlyIn('dynalite-in-local', 'node_modules/dynalite/', '^local/table\\.ts$'),
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'nothing-unresolved',
      comment: 'the peers are installed in bench/ only, if at all',
      severity: 'error',
      from: { pathNot: '^bench/(peers|warm)/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'ships-no-dev-dependency',
      severity: 'error',
      from: {
        path: '^(index\\.ts$|(keys|lambda|testing|cli|console/server)/)',
        pathNot: '^lambda/(planKeys|functionCredentials)',
      },
      to: { dependencyTypes: ['npm-dev'], pathNot: 'node_modules/@types/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // No parser here reads JSX: test/console/pageBundle.test.ts holds what the page is made of.
    exclude: { path: '^(dist|cdk\\.out)/|\\.tsx$' },
    parser: 'swc',
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
};

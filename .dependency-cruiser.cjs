// The import table of docs/adr/0005: a layer may import only from layers below it.
const LAYERS = [
  'keys',
  'lambda',
  'management',
  'infra',
  'middleware',
  'testing',
  'operator',
  'cli',
  'local',
  'console',
  'components',
  'elements',
  'bench',
  'soak',
];
const MAY_IMPORT = {
  keys: [],
  lambda: ['keys'],
  management: ['keys', 'lambda', 'operator'],
  infra: ['keys', 'lambda', 'management'],
  middleware: ['keys', 'lambda'],
  testing: ['keys', 'lambda', 'middleware'],
  operator: ['keys'],
  cli: ['keys', 'operator', 'console'],
  local: ['keys', 'operator', 'console', 'management'],
  console: ['keys', 'operator', 'components', 'management'],
  components: ['keys', 'operator'],
  elements: ['keys', 'components', 'management'],
};

const layers = Object.entries(MAY_IMPORT).map(([layer, below]) => ({
  name: `${layer}-imports-only-below`,
  severity: 'error',
  from: { path: `^${layer}/` },
  to: {
    path: `^(${[...LAYERS, 'test'].filter((other) => other !== layer && !below.includes(other)).join('|')})/`,
    // The local gateway counts usage with the code of the deployed function.
    ...(layer === 'local' ? { pathNot: '^lambda/usageRollup/(rollUp|settings)\\.ts$' } : {}),
  },
}));

/** Forbids imports that match `packages` in every layer that ships, except in the files that match `only`. */
const packagesOnlyIn = (name, packages, only) => ({
  name,
  severity: 'error',
  from: {
    path: '^(keys|lambda|management|infra|middleware|testing|operator|cli|local|console|components|elements)/',
    pathNot: only,
  },
  to: { path: packages },
});

module.exports = {
  forbidden: [
    ...layers,
    {
      name: 'the-console-is-started-by-programs',
      comment: 'main.ts of each program starts it; the rest of cli and local does not know it',
      severity: 'error',
      from: { path: '^(cli|local)/', pathNot: '^(cli|local)/main\\.ts$' },
      to: { path: '^console/' },
    },
    {
      name: 'servers-do-not-know-the-pages',
      severity: 'error',
      from: { path: '^console/server/' },
      to: { path: '^(components|console/page)/' },
    },
    {
      name: 'lambda-never-imports-the-registry',
      severity: 'error',
      from: { path: '^lambda/' },
      to: { path: '^keys/(registry|createKeyRegistry|import|importedKey|index|list|rotation|changes)\\.ts$' },
    },
    {
      name: 'the-library-is-registry-and-verifier',
      severity: 'error',
      from: { path: '^index\\.ts$' },
      to: {
        pathNot:
          '^(keys/index|lambda/(authorize|cachedKey|client|createKeyVerifier|createLimiter|keySources|limiter|leases|verifier)|middleware/(authenticate|createAuthenticator|refusal|requestLimit|requestParts|requirements))\\.ts$',
      },
    },
    {
      name: 'testing-has-no-store',
      severity: 'error',
      from: { path: '^testing/' },
      to: {
        path: '^(keys/(registry|createKeyRegistry|limitStore|index)|lambda/(client|createKeyVerifier|createLimiter|stores)|middleware/(?!authenticate\\.ts$))',
      },
    },
    {
      name: 'infra-takes-names-and-settings-only',
      comment: 'docs/adr/0006: the function reads its settings and sizes its policies at synthesis too',
      severity: 'error',
      from: { path: '^infra/' },
      to: {
        path: '^(keys|lambda|management)/',
        pathNot:
          '^(management/(function/settings|stateTable)|keys/(acceptedKeys|keyPrefix|limits|secret|table|usage|errors|history|keyEvent)|lambda/(config|keySources|metrics|plans|policy|routes|usageRollup/settings|keyEvents/settings))\\.ts$',
      },
    },
    {
      name: 'local-takes-tables-of-management-only',
      comment: 'the local gateway runs the bundle of the function, as Lambda does',
      severity: 'error',
      from: { path: '^local/' },
      to: { path: '^management/', pathNot: '^management/stateTable\\.ts$' },
    },
    {
      name: 'usage-plan-sync-stands-alone',
      comment: 'docs/adr/0010: a function of its own, whose client neither the authorizer nor the library carries',
      severity: 'error',
      from: { pathNot: '^lambda/usagePlanSync/' },
      to: { path: '^lambda/usagePlanSync/' },
    },
    {
      name: 'usage-rollup-stands-alone',
      comment: 'docs/adr/0015: a function of its own; the local gateway runs its pure part, infra names its settings',
      severity: 'error',
      from: { pathNot: '^(lambda/usageRollup/|infra/apiKeyUsage\\.ts$|local/usage/|bench/cost/usageCost\\.ts$)' },
      to: { path: '^lambda/usageRollup/' },
    },
    {
      name: 'key-events-stand-alone',
      comment: 'docs/adr/0018: a function of its own, whose clients neither the authorizer nor the library carries',
      severity: 'error',
      from: { pathNot: '^(lambda/keyEvents/|infra/apiKeyEvents\\.ts$)' },
      to: { path: '^lambda/keyEvents/' },
    },
    packagesOnlyIn(
      'sdk-at-the-edges',
      'node_modules/@(aws-sdk|smithy)/',
      '^(keys/(createKeyRegistry|limitStore|reader|options|store|usageStore|tableCalls|limitsTable|dynamodb|historyStore)|lambda/(client|usagePlanSync/(handler|sync)|usageRollup/(handler|readLog)|keyEvents/(deadLetters|handler|quotaTable))|operator/(stackOutputs|aws|profiles)|management/(stateStore|function/handler)|cli/openRegistry|local/(iamAuthorizer|table)|local/table)\\.ts$',
    ),
    packagesOnlyIn(
      'api-gateway-client-in-usage-plan-sync',
      'node_modules/@aws-sdk/client-api-gateway/',
      '^lambda/usagePlanSync/',
    ),
    packagesOnlyIn(
      'cloudwatch-client-in-usage-rollup',
      'node_modules/@aws-sdk/client-cloudwatch-logs/',
      '^lambda/usageRollup/',
    ),
    packagesOnlyIn(
      'event-clients-in-key-events',
      'node_modules/@aws-sdk/client-(eventbridge|sqs)/',
      '^lambda/keyEvents/(deadLetters|handler)\\.ts$',
    ),
    packagesOnlyIn('cdk-in-infra', 'node_modules/(aws-cdk-lib|constructs|cdk-nag)/', '^infra/'),
    packagesOnlyIn(
      'hono-at-the-fronts',
      'node_modules/(hono|@hono)/',
      '^(console/server/|management/|middleware/hono\\.ts$)',
    ),
    {
      name: 'a-framework-stays-in-its-file',
      comment: 'and gives only types: test/integration/store/library.test.ts loads the entries without a framework',
      severity: 'error',
      from: { path: '^middleware/', pathNot: '^middleware/(fastify|hono)\\.ts$' },
      to: { path: 'node_modules/' },
    },
    packagesOnlyIn('preact-in-the-pages', 'node_modules/preact/', '^(components|console/page|elements)/'),
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
        // The build bundles the command line with its packages.
        path: '^(index\\.ts$|(keys|lambda|middleware|testing)/)',
        pathNot: '^lambda/(usage(PlanSync|Rollup)|keyEvents)/',
      },
      to: { dependencyTypes: ['npm-dev'], pathNot: 'node_modules/(@types|fastify|hono)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // dependency-cruiser's parser doesn't read JSX. test/integration/console/pageBundle.test.ts checks the page's
    // imports instead.
    exclude: { path: '^(dist|cdk\\.out)/|\\.tsx$' },
    parser: 'swc',
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
};

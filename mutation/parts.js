import { readdirSync } from 'node:fs';

/**
 * The parts of the project that are mutated, each with the tests that run it in one process:
 *
 * - `authorizer`: what decides on keys. Its tests need no bundle, no template and no child process.
 * - `operator`: the console's server, and the files of the command line that decide where a secret goes, what is refused, whether a
 *   write may have been made, and what is printed. Commands, completion and tables are left out: their mutants are mostly texts.
 *   Its tests read the console's page, and a few the command line, from `dist`: build first.
 */
const PARTS = {
  authorizer: {
    mutate: [
      'keys/**/*.ts',
      'lambda/**/*.ts',
      // Loaded by the built functions alone, whose tests start them as processes.
      '!lambda/{functionClient,functionCredentials,functionSettings,handler,noEndpointCache,prime}.ts',
      '!lambda/usagePlanSync/handler.ts',
      '!lambda/sample/*.ts',
    ],
    breakAt: 90,
    report: 'mutation',
    incremental: 'incremental',
    sources: ['keys', 'lambda', 'testing'],
    ignored: ['dist'],
    testFiles: (root) => [
      ...['test/keys', 'test/lambda', 'test/property'].flatMap((folder) => testsIn(root, folder)),
      ...named('test/integration', ['createKeyRegistry', 'keyVerifier', 'store']),
    ],
  },
  operator: {
    mutate: [
      'console/server/*.ts',
      'cli/{askHidden,awsAdvice,clipboard,confirm,explainFault,findTable,isOutcomeUnknown,output,pendingKey,printable,publicRecord}.ts',
      'cli/{readSecret,secretSink,secretsFile,tableOptions}.ts',
      'cli/transfer/{csvCell,importLine,keyStrength,privateFile}.ts',
      'cli/leaks/*.ts',
    ],
    breakAt: 80,
    report: 'operator',
    incremental: 'operatorIncremental',
    sources: ['keys', 'cli', 'console', 'testing'],
    ignored: [],
    testFiles: (root) => [
      ...testsIn(root, 'test/cli').filter((file) => !NEEDS_PACKAGE.includes(file)),
      ...testsIn(root, 'test/cli/transfer'),
      ...named('test/console', ['api', 'attacks', 'outcome', 'refusals', 'stopperOf']),
      ...named('test/local', ['loopback']),
      ...named('test/attacks', ['randomness']),
    ],
  },
};

/** Tests that run the built command line as a process, where no mutant is. */
const NEEDS_PACKAGE = named('test/cli', ['actor', 'faults', 'program', 'seed', 'stack']);

/** The part that the environment names; `authorizer` unless it does. */
export const part = PARTS[process.env['MUTATION_PART'] ?? 'authorizer'];

/**
 * Returns the paths of the part's test files. `MUTATION_TESTS`, a regular expression, leaves out the others, so that a few
 * source files take minutes.
 *
 * @param root The folder of the project, or of a copy of it.
 */
export function testFilesOf(root) {
  const wanted = new RegExp(process.env['MUTATION_TESTS'] ?? '');
  return part.testFiles(root).filter((file) => wanted.test(file));
}

function testsIn(root, folder) {
  return readdirSync(`${root}/${folder}`)
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `${folder}/${file}`);
}

function named(folder, names) {
  return names.map((name) => `${folder}/${name}.test.ts`);
}

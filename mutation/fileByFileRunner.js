import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { declareFactoryPlugin, PluginKind, tokens, commonTokens } from '@stryker-mutator/api/plugin';
import { strykerPlugins as jestPlugins, strykerValidationSchema } from '@stryker-mutator/jest-runner';
import { testFilesOf } from './stryker.config.js';

const [{ factory: makeJestRunner }] = jestPlugins;

/** Stryker's status code of a failed test. */
const TEST_FAILED = 1;

/**
 * The file with the first worker's notes. The workers share one copy of the project. The first one makes the dry run,
 * and the others read its notes.
 */
const NOTES = 'mutation/coverage.json';

/**
 * Runs one test file at a time with Stryker's Jest runner. Stops at the first file that kills the mutant. By itself,
 * Stryker's runner loads every test file for each mutant and never stops early, which takes far longer.
 */
class FileByFileRunner {
  #jest;
  #notes;

  constructor(jest) {
    this.#jest = jest;
  }

  capabilities() {
    return this.#jest.capabilities();
  }

  async init() {
    await this.#jest.init();
  }

  /**
   * Records which mutants each test file covers, in its tests and while it loads. Also records the duration of each
   * file.
   */
  async dryRun(options) {
    const notes = { fileOfTest: {}, filesOfMutant: {}, ms: {} };
    const whole = { status: 'complete', tests: [], mutantCoverage: { static: {}, perTest: {} } };
    for (const file of testFilesOf('.')) {
      const startedAt = Date.now();
      const result = await this.#dryRunOf(file, options);
      if (result.status !== 'complete') return result;
      notes.ms[file] = Date.now() - startedAt;
      for (const { id } of result.tests) (notes.fileOfTest[id] ??= []).push(file);
      addCoverage(notes, whole, file, result);
    }
    writeFileSync(NOTES, JSON.stringify(notes));
    return whole;
  }

  /** Retries a failed file twice, because a test of a timeout can fail on a busy machine. */
  async #dryRunOf(file, options, attempts = 3) {
    const result = await this.#only([file], () => this.#jest.dryRun({ ...options, files: undefined }));
    const hasFailed = result.tests?.some(({ status }) => status === TEST_FAILED) ?? true;
    return hasFailed && attempts > 1 ? this.#dryRunOf(file, options, attempts - 1) : result;
  }

  async mutantRun(options) {
    this.#notes ??= JSON.parse(readFileSync(NOTES, 'utf8'));
    let result = { status: 'survived', nrOfTests: 0 };
    for (const file of this.#filesFor(options)) {
      const { testFilter: tests } = options;
      const testFilter = tests?.filter((id) => this.#notes.fileOfTest[id]?.includes(file));
      const run = () => this.#only([file], () => this.#jest.mutantRun({ ...options, testFilter }));
      const first = await run();
      // A timeout of the engine can randomly fail such a test, so it must fail twice.
      const inFile = first.status === 'killed' && isOnEngine(file) ? await run() : first;
      const nrOfTests = result.nrOfTests + (inFile.nrOfTests ?? 0);
      result = { ...inFile, nrOfTests };
      if (result.status !== 'survived') return result;
    }
    return result;
  }

  /**
   * Returns the test files that cover the mutant: first the one named after the mutated file, then the fastest. Every
   * test that loads a module covers the code that runs while the module loads. For a mutant in such code, it skips the
   * tests on an engine. They would take longer than all other mutants together.
   */
  #filesFor({ activeMutant, sandboxFileName, testFilter }) {
    const covering =
      testFilter?.flatMap((id) => this.#notes.fileOfTest[id] ?? []) ??
      (this.#notes.filesOfMutant[activeMutant.id] ?? []).filter((file) => !isOnEngine(file));
    const files = new Set(covering);
    const own = `test/${relative(process.cwd(), sandboxFileName).replace(/\.ts$/, '.test.ts')}`;
    const rank = (file) => (file === own ? 0 : this.#notes.ms[file]);
    return [...files].toSorted((a, b) => rank(a) - rank(b));
  }

  async #only(files, work) {
    process.env['CHOSEN_TEST_FILES'] = files.join('\n');
    try {
      return await work();
    } finally {
      delete process.env['CHOSEN_TEST_FILES'];
    }
  }
}

function isOnEngine(file) {
  return file.startsWith('test/integration/');
}

/**
 * Adds one file's coverage. Stryker's runner reports the sum of all files so far, so the file's own share is the
 * difference.
 */
function addCoverage(notes, whole, file, { tests, mutantCoverage = whole.mutantCoverage }) {
  whole.tests.push(...tests);
  const before = whole.mutantCoverage;
  for (const [mutant, count] of Object.entries(mutantCoverage.static)) {
    if (count > (before.static[mutant] ?? 0)) (notes.filesOfMutant[mutant] ??= []).push(file);
  }
  for (const { id } of tests) {
    for (const mutant of Object.keys(mutantCoverage.perTest[id] ?? {})) {
      const files = (notes.filesOfMutant[mutant] ??= []);
      if (!files.includes(file)) files.push(file);
    }
  }
  whole.mutantCoverage = structuredClone(mutantCoverage);
}

/**
 * Ignores the error that the embedded DynamoDB throws if a test closes it during a write. In `npm test`, that error
 * stays in a Jest worker.
 */
function outliveClosedEngine(error) {
  if (error.message !== 'Database is closed') throw error;
}

function makeRunner(injector) {
  process.on('uncaughtException', outliveClosedEngine);
  return new FileByFileRunner(makeJestRunner(injector));
}
makeRunner.inject = tokens(commonTokens.injector);

export { strykerValidationSchema };

/** The plugins of this module, under the name that Stryker expects. */
export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'file-by-file', makeRunner)];

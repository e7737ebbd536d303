import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { declareFactoryPlugin, PluginKind, tokens, commonTokens } from '@stryker-mutator/api/plugin';
import { strykerPlugins as jestPlugins, strykerValidationSchema } from '@stryker-mutator/jest-runner';
import { testFilesOf } from './parts.js';

const [{ factory: makeJestRunner }] = jestPlugins;

/** Stryker's number for it. */
const TEST_FAILED = 1;

/** Workers run in one copy of the project, and only the first of them makes the dry run. */
const NOTES = 'mutation/coverage.json';

/**
 * Stryker's Jest runner, with one file of tests at a time and none after the first that notices the mutant. By itself it loads every
 * file that imports the mutated one, and runs on to the end.
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

  /** Notes what each file covers, by its tests and before them, and how long it takes. */
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

  /** On a busy machine a bound of time may pass by chance: a file counts as failed once it has failed three times. */
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
      // What an engine's bound of time noticed must be noticed twice.
      const inFile = first.status === 'killed' && isOnEngine(file) ? await run() : first;
      const nrOfTests = result.nrOfTests + (inFile.nrOfTests ?? 0);
      result = { ...inFile, nrOfTests };
      if (result.status !== 'survived') return result;
    }
    return result;
  }

  /**
   * The test of the mutated file's own name first, then the quick ones. What a module does once, when it is loaded, every test that
   * loads it reaches: of those the ones on an engine are left out, which would take longer than all other mutants together.
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

/** The runner adds to one account of coverage: a file's share is what was not there before it. */
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

/** The embedded DynamoDB throws at a write that a test gave up and closed behind; the Jest of `npm test` has a process for that. */
function outliveClosedEngine(error) {
  if (error.message !== 'Database is closed') throw error;
}

function makeRunner(injector) {
  process.on('uncaughtException', outliveClosedEngine);
  return new FileByFileRunner(makeJestRunner(injector));
}
makeRunner.inject = tokens(commonTokens.injector);

export { strykerValidationSchema };

/** What Stryker looks for in a plugin. */
export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'file-by-file', makeRunner)];

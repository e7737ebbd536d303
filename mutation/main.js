import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writePage } from './page.js';
import strykerConfig from './stryker.config.js';
import { readReasons, readReport, REPORT, unexplained } from './survivors.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const STRYKER = ['mutation/node_modules/@stryker-mutator/core/bin/stryker.js', 'run', 'mutation/stryker.config.js'];

/** Runs Stryker with what the command line adds, and wants a reason for each mutant that no test noticed. */
function main(args) {
  // What is there afterwards is of this run, and there only if it came to its end.
  rmSync(REPORT, { force: true });
  const { status } = spawnSync(process.execPath, [...STRYKER, ...args], { cwd: ROOT, stdio: 'inherit' });
  const report = readReport();
  if (report === undefined) {
    process.stderr.write('the run did not come to its end, and leaves docs/mutation.md as it was\n');
    return 1;
  }
  const isWhole = JSON.stringify(report.config.mutate) === JSON.stringify(strykerConfig.mutate);
  const { missing, stale } = unexplained(report.files, readReasons());
  for (const mutant of missing) process.stderr.write(`no reason: ${mutant}\n`);
  if (isWhole) {
    for (const mutant of stale) process.stderr.write(`a reason for what is noticed now: ${mutant}\n`);
    writePage(report.files);
  }
  return status !== 0 || missing.length > 0 || (isWhole && stale.length > 0) ? 1 : 0;
}

/** Runs Stryker on what the operator uses. Its threshold alone decides: the report lists the survivors. */
function runOperatorPart(args) {
  const env = { ...process.env, MUTATION_PART: 'operator' };
  return spawnSync(process.execPath, [...STRYKER, ...args], { cwd: ROOT, stdio: 'inherit', env }).status ?? 1;
}

const [first, ...rest] = process.argv.slice(2);
process.exitCode = first === 'operator' ? runOperatorPart(rest) : main(process.argv.slice(2));

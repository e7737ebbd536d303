import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readReasons, readReport, unexplained } from './survivors.js';
import { writePage } from './page.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const STRYKER = ['mutation/node_modules/@stryker-mutator/core/bin/stryker.js', 'run', 'mutation/stryker.config.js'];

/** Runs Stryker with what the command line adds, and wants a reason for each mutant that no test noticed. */
const args = process.argv.slice(2);
const isWhole = !args.includes('--mutate');
const { status } = spawnSync(process.execPath, [...STRYKER, ...args], { cwd: ROOT, stdio: 'inherit' });
const { missing, stale } = unexplained(readReport(), readReasons());
for (const mutant of missing) process.stderr.write(`no reason: ${mutant}\n`);
if (isWhole) {
  for (const mutant of stale) process.stderr.write(`a reason for what is noticed now: ${mutant}\n`);
  writePage();
}
process.exitCode = status !== 0 || missing.length > 0 || (isWhole && stale.length > 0) ? 1 : 0;

import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { lambdaNodeFlags } from '../test/support/runtimeClient.ts';
import { formatResult, PARTS, type PartName, type PartResult } from './report.ts';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const RESULTS = path('results.json');
const INSTALL_PEERS = 'npm ci --ignore-scripts --prefix bench';
const USAGE = `usage: npm run bench -- [${Object.keys(PARTS).join('|')}]... [--rounds NUMBER] [--node PATH]`;

/** The error for a wrong command line. */
class UsageError extends Error {}

try {
  await main();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  const isUsage = error instanceof UsageError || String(error).includes('ERR_PARSE_ARGS');
  process.exitCode = isUsage ? 2 : 1;
}

/** Runs the named parts, or all of them, prints their tables and saves their results. */
async function main(): Promise<void> {
  const { names, rounds, node, help } = parseCommandLine();
  if (help) return void process.stdout.write(`${USAGE}\n`);
  const executable = findNode(node);
  const needsPeers = names.some((name) => name === 'warm' || name === 'peers');
  if (needsPeers && !existsSync(path('node_modules'))) throw new Error(`run "${INSTALL_PEERS}" first`);
  execFileSync(process.execPath, [path('../build/build.js')], { stdio: ['ignore', 'ignore', 'inherit'] });
  for (const name of names) {
    const result = await runPart(name, { node: executable, rounds: rounds ?? PARTS[name] });
    saveResult(name, result);
    process.stdout.write(`${formatResult(name, result)}\n\n`);
  }
  process.stdout.write(`saved ${RESULTS}\n`);
}

function parseCommandLine() {
  const options = { rounds: { type: 'string' }, node: { type: 'string' }, help: { type: 'boolean' } } as const;
  const { positionals, values } = parseArgs({ options, allowPositionals: true });
  const { rounds, node, help = false } = values;
  const isPart = (name: string): name is PartName => Object.hasOwn(PARTS, name);
  const unknown = positionals.find((name) => !isPart(name));
  if (unknown !== undefined) throw new UsageError(`there is no part ${JSON.stringify(unknown)}\n${USAGE}`);
  if (rounds !== undefined && !/^[1-9]\d{0,3}$/.test(rounds)) {
    throw new UsageError(`--rounds: expected 1 to 9999, got ${JSON.stringify(rounds)}`);
  }
  const names = (positionals.length === 0 ? Object.keys(PARTS) : positionals).filter(isPart);
  return { names, rounds: rounds === undefined ? undefined : Number(rounds), node, help };
}

/** Finds a Node that strips types itself, because otherwise the bench would also measure a transformer. */
function findNode(given: string | undefined): string {
  const node = given ?? process.env['LATCHKEY_LAMBDA_NODE'] ?? process.execPath;
  const printed = execFileSync(node, ['-p', 'process.version + " " + process.features.typescript'], {
    encoding: 'utf8',
  });
  const [version, typescript] = printed.trim().split(' ');
  if (typescript === 'strip') return node;
  const how = 'run ". test/e2e/runtimeClientCache.sh", which installs it outside the project';
  throw new UsageError(`--node: expected Node 24, which Lambda runs, got Node ${version}; pass its path or ${how}`);
}

/** Runs a part in its own process, started with Lambda's flags and without the caller's AWS settings. */
async function runPart(name: PartName, { node, rounds }: { node: string; rounds: number }): Promise<PartResult> {
  const isForeign = (variable: string) => /^(AWS|LATCHKEY)_|^NODE_OPTIONS$/.test(variable);
  const env = Object.fromEntries(Object.entries(process.env).filter(([variable]) => !isForeign(variable)));
  const runtimeClient = process.env['LATCHKEY_RUNTIME_CLIENT'] ?? '';
  // The simulations of a fleet need more memory than one function.
  const memoryMb = name === 'cost' || name === 'limits' ? 4096 : 256;
  const options = { execPath: node, execArgv: lambdaNodeFlags(memoryMb), env };
  const child = fork(path('run.ts'), [name, String(rounds), runtimeClient], options);
  const stop = () => child.kill();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  let result: PartResult | undefined;
  child.on('message', (message: PartResult) => (result = message));
  const [exitCode]: unknown[] = await once(child, 'close');
  process.off('SIGINT', stop).off('SIGTERM', stop);
  if (exitCode !== 0 || result === undefined) throw new Error(`${name} ended with exit code ${String(exitCode)}`);
  return result;
}

/** Replaces the results of one part and keeps the others. */
function saveResult(name: PartName, result: PartResult): void {
  const others = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : {};
  writeFileSync(RESULTS, `${JSON.stringify({ ...others, [name]: result }, null, 1)}\n`);
}

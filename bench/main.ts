import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Machine } from './machine.ts';
import { nodeToMeasure } from './nodeToMeasure.ts';
import { writePage } from './page/writePage.ts';
import { isPartName, PARTS, type Part, type PartName } from './parts.ts';
import { INSTALL_PEERS, missingPeers, packageVersion, peerVersion } from './peer.ts';
import { summaryOf } from './page/summary.ts';
import { mergeResult, type Measured, type PartResult } from './results.ts';

const RUN = fileURLToPath(new URL('run.ts', import.meta.url));
const USAGE = `npm run bench -- [${Object.keys(PARTS).join('|')}|page]... [--rounds NUMBER] [--node PATH]`;

try {
  await main();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/** Runs the parts that are named, or all, keeps what each gave, and makes the page anew. `page` alone only makes the page. */
async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    options: { rounds: { type: 'string' }, node: { type: 'string' } },
    allowPositionals: true,
  });
  const names = positionals.length === 0 ? Object.keys(PARTS) : positionals.filter((name) => name !== 'page');
  const unknown = names.filter((name) => !isPartName(name));
  if (unknown.length > 0) throw new Error(`no part is called ${unknown.join(' or ')}; ${USAGE}`);
  const rounds = parseRounds(values.rounds);
  const node = names.length === 0 ? '' : nodeToMeasure(values.node);
  sayWhatIsMissing();
  for (const name of names.filter(isPartName)) await runAndKeep(name, { node, rounds });
  for (const path of await writePage()) process.stdout.write(`wrote ${path}\n`);
}

function parseRounds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new Error(`--rounds: got ${JSON.stringify(text)}, wanted 1 to 9999`);
  return Number(text);
}

function sayWhatIsMissing(): void {
  const missing = missingPeers();
  if (missing.length === 0) return;
  process.stdout.write(`left out, for it is not installed: ${missing.join(', ')}; to install: ${INSTALL_PEERS}\n`);
}

async function runAndKeep(name: PartName, options: { node: string; rounds: number | undefined }): Promise<void> {
  const part: Part = PARTS[name];
  process.stdout.write(`== ${name}\n`);
  const measured = await runPart(name, { node: options.node, rounds: options.rounds ?? part.rounds });
  const result: PartResult = { measuredAt: new Date().toISOString(), versions: versionsOf(part), ...measured };
  await mergeResult(name, result);
  process.stdout.write(summaryOf(result));
}

/** In a process of its own, on the Node that is measured and without a transformer: Node itself strips the types. */
async function runPart(name: PartName, { node, rounds }: { readonly node: string; readonly rounds: number }) {
  // Set by test/e2e/runtimeClientCache.sh; the part's own environment is without it.
  const runtimeClient = process.env['LATCHKEY_RUNTIME_CLIENT'];
  const options = runtimeClient ? [String(rounds), runtimeClient] : [String(rounds)];
  const child = fork(RUN, [name, ...options], { execPath: node, execArgv: ['--expose-gc'], env: environment() });
  const stop = () => child.kill();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const messages: (Measured & { machine: Machine })[] = [];
  child.on('message', (message: Measured & { machine: Machine }) => messages.push(message));
  const [exitCode]: unknown[] = await once(child, 'close');
  process.off('SIGINT', stop).off('SIGTERM', stop);
  const [measured] = messages;
  if (exitCode !== 0 || measured === undefined) throw new Error(`${name} ended with exit code ${String(exitCode)}`);
  return measured;
}

/** Nothing of the caller's AWS account or settings reaches what is measured. */
function environment(): NodeJS.ProcessEnv {
  const isForeign = (name: string) => /^(AWS|LATCHKEY)_/.test(name) || name === 'NODE_OPTIONS';
  const own = Object.entries(process.env).filter(([name]) => !isForeign(name));
  return { ...Object.fromEntries(own), AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
}

function versionsOf({ packages, peers = [] }: Part): Record<string, string> {
  const own = packages.map((name) => [name, packageVersion(name)]);
  const installed = peers.flatMap((name) => {
    const version = peerVersion(name);
    return version === undefined ? [] : [[name, version]];
  });
  return Object.fromEntries([...own, ...installed]);
}

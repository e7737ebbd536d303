// Runs one part and sends its result to main.ts. main.ts starts this file in the Node under test. Usage: run.ts PART
// ROUNDS RUNTIME_CLIENT
import { existsSync, readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { cold } from './cold/coldStart.ts';
import { cost } from './cost/cost.ts';
import { limits } from './limits/limits.ts';
import { peers } from './peers/peers.ts';
import type { Measured, PartName, PartOptions, PartResult } from './report.ts';
import { warm } from './warm/warm.ts';

const RUN = { cold, warm, peers, cost, limits } satisfies Record<PartName, (options: PartOptions) => Promise<Measured>>;
const SDK = ['@aws-sdk/client-dynamodb', '@aws-sdk/lib-dynamodb'];
const PACKAGES = {
  cold: [...SDK, 'esbuild'],
  warm: [...SDK, 'lru-cache'],
  peers: ['aws-jwt-verify', 'jose', 'better-auth', '@better-auth/api-key', 'prefixed-api-key', 'bcryptjs'],
  cost: [],
  limits: [],
} satisfies Record<PartName, readonly string[]>;

const [name, rounds, runtimeClient] = process.argv.slice(2) as [PartName, string, string];
const measured = await RUN[name]({ rounds: Number(rounds), runtimeClient: runtimeClient || undefined });
const versions = PACKAGES[name].flatMap((name) => {
  const path = [`node_modules/${name}`, `../node_modules/${name}`].find((path) => existsSync(packageFile(path)));
  return path === undefined ? [] : [[name, String(JSON.parse(readFileSync(packageFile(path), 'utf8')).version)]];
});
const gigabytes = Math.round(totalmem() / 2 ** 30);
const cores = `${cpus().length} cores of ${cpus()[0]?.model.trim() ?? 'an unknown processor'}, ${gigabytes} GB`;
const result: PartResult = {
  measuredAt: new Date().toISOString(),
  machine: `Node ${process.version} on ${process.platform} ${process.arch}, ${cores}`,
  packages: Object.fromEntries(versions),
  ...measured,
};
process.send?.(result, () => process.disconnect());

function packageFile(path: string): URL {
  return new URL(`${path}/package.json`, import.meta.url);
}

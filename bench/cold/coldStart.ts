import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startUnderRuntimeClient } from '../../test/support/runtimeClient.ts';
import { restRequestEvent } from '../../testing/authorizerEvents.ts';
import { functionEnvironment, usedKey } from '../deployedFunction.ts';
import { shuffled } from '../harness.ts';
import type { Group, Measured, PartOptions } from '../report.ts';
import { assertAllowedFor, startFunction, type FunctionStart } from '../startFunction.ts';
import { startStore } from '../store.ts';
import { buildVariants, sizes, type Variant } from './variants.ts';

type Measurement = 'init' | 'invocation' | 'loaded' | 'importAndLookup';

const NO_RUNTIME_CLIENT =
  'init and first event under the runtime client; run ". test/e2e/runtimeClientCache.sh", which installs it outside the project';

/**
 * Starts each variant once per round, in random order. It starts each one under plain Node and under Lambda's runtime
 * client. Each start has its own process and reads from a store on the loopback interface. The first start of each
 * variant fills the compile cache and isn't counted.
 */
export async function cold({ rounds, runtimeClient }: PartOptions): Promise<Measured> {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-cold-'));
  const key = usedKey();
  const store = await startStore([key.record]);
  const event = restRequestEvent({ headers: [['authorization', `Bearer ${key.secret}`]] });
  const values: Partial<Record<Measurement, Record<string, number[]>>> = {};
  const add = (measurement: Measurement, name: string, ms: number) =>
    ((values[measurement] ??= {})[name] ??= []).push(ms);
  const startOf = ({ file, environment, isAsked = true }: Variant): FunctionStart => ({
    file,
    environment: { ...functionEnvironment(store.endpoint), ...environment },
    ...(isAsked ? { request: { event, principalId: key.record.id } } : {}),
  });
  const startOnNode = async (variant: Variant) => {
    const start = startOf(variant);
    const { loadedMs, importCpuMs, answerCpuMs } = await startFunction(start);
    add('loaded', variant.name, loadedMs);
    if (start.request !== undefined) add('importAndLookup', variant.name, importCpuMs + answerCpuMs);
  };
  const startOnLambda = async (variant: Variant, client: string) => {
    const { initMs, invocationMs } = await startUnder(client, startOf(variant));
    add('init', variant.name, initMs);
    if (invocationMs !== undefined) add('invocation', variant.name, invocationMs);
  };
  try {
    const variants = await buildVariants(directory);
    for (const variant of variants) await startFunction(startOf(variant));
    for (let round = 0; round < rounds; round++) {
      for (const variant of shuffled(variants)) await startOnNode(variant);
      if (runtimeClient === undefined) continue;
      for (const variant of shuffled(variants)) await startOnLambda(variant, runtimeClient);
    }
    const groups = GROUPS.map(({ of, ...group }): Group => ({ ...group, unit: 'ms', rounds: values[of] ?? {} }));
    return {
      groups: groups.filter((group) => Object.keys(group.rounds).length > 0),
      tables: [sizes(variants)],
      leftOut: runtimeClient === undefined ? [NO_RUNTIME_CLIENT] : [],
    };
  } finally {
    store.stop();
    rmSync(directory, { recursive: true });
  }
}

const GROUPS: readonly { readonly of: Measurement; readonly title: string; readonly base: string }[] = [
  { of: 'init', title: "Init under Lambda's runtime client", base: 'empty' },
  { of: 'invocation', title: "First event under Lambda's runtime client", base: 'Latchkey, unprimed' },
  { of: 'loaded', title: 'Spawn to loaded, Node alone', base: 'empty' },
  { of: 'importAndLookup', title: 'CPU time of the import and the first look-up', base: 'naive' },
];

/**
 * Starts a function under the runtime client. `init` is the time from the client's spawn until it requests the first
 * event.
 */
async function startUnder(client: string, { file, environment, request }: FunctionStart) {
  const running = await startUnderRuntimeClient(file, environment, { node: process.execPath, client });
  const { initMs, invoke, stop } = running;
  try {
    if (request === undefined) return { initMs };
    const askedAtMs = performance.now();
    const outcome = await invoke(request.event);
    const invocationMs = performance.now() - askedAtMs;
    if (!('answer' in outcome)) throw new Error(`${file} failed: ${outcome.errorMessage}`);
    assertAllowedFor(request.principalId, outcome.answer);
    return { initMs, invocationMs };
  } finally {
    await stop();
  }
}

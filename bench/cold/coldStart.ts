import { deepStrictEqual } from 'node:assert';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { restRequestEvent } from '../../testing/authorizerEvents.ts';
import { createTestKey } from '../../testing/createTestKey.ts';
import { startUnderRuntimeClient, type LambdaRuntime } from '../../test/support/runtimeClient.ts';
import type { Measured } from '../results.ts';
import { shuffled } from '../shuffled.ts';
import { startFixedStore } from './fixedStore.ts';
import { buildVariants, sizesOf, type Variant } from './variants.ts';

export interface ColdStartOptions {
  /** The Node that the functions run on. */
  readonly node: string;
  /** Where Lambda's runtime client is. */
  readonly runtimeClient?: string | undefined;
  readonly rounds: number;
}

/** By variant, one value a round: the values at one index are of one round. */
type Rounds = Record<string, number[]>;

/** What cold starts took, by group. */
interface Groups {
  /** From the spawn of the process to the function loaded; where it is primed, with its priming. */
  readonly loaded: { readonly unit: 'ms'; readonly rounds: Rounds };
  /** Processor time from the start of the process to the function loaded; likewise. Less moved by what else the machine does. */
  readonly loadedCpu: { readonly unit: 'ms'; readonly rounds: Rounds };
  /** Processor time of the import and the first look-up, without Node's own start. */
  readonly importAndLookupCpu: { readonly unit: 'ms'; readonly rounds: Rounds };
  /** The first event answered by the loaded function. */
  readonly firstAnswer: { readonly unit: 'ms'; readonly rounds: Rounds };
  /** Its processor time. */
  readonly firstAnswerCpu: { readonly unit: 'ms'; readonly rounds: Rounds };
  /** From the spawn of Lambda's runtime client to its asking for the first event. */
  readonly init: { readonly unit: 'ms'; readonly rounds: Rounds };
  /** The first event, from the Runtime API and back to it. */
  readonly firstInvocation: { readonly unit: 'ms'; readonly rounds: Rounds };
}

const COLD_PROCESS = fileURLToPath(new URL('coldProcess.mjs', import.meta.url));

/**
 * Starts each variant once a round, in an order drawn anew, against a store on the loopback interface in this process: on Node
 * alone, and then under Lambda's runtime client, where that is given. Each answer is checked. The first start of each is not
 * counted: it fills the file system's cache, and the compile cache.
 */
export async function coldStart({ node, runtimeClient, rounds }: ColdStartOptions): Promise<Measured> {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-cold-'));
  const { secret, record } = createTestKey({ lastUsedAt: new Date().toISOString() });
  const store = await startFixedStore(record);
  const event = restRequestEvent({ headers: [['authorization', `Bearer ${secret}`]] });
  const groups = emptyGroups();
  const add = (group: keyof Groups, name: string, value: number) => (groups[group].rounds[name] ??= []).push(value);
  const caseOf = (variant: Variant) => ({ variant, endpoint: store.endpoint, event, principalId: record.id });
  const startOnNode = async (variant: Variant) => {
    const { loadedMs, loadedCpuMs, importCpuMs, answerMs, answerCpuMs } = await startCold(node, caseOf(variant));
    add('loaded', variant.name, loadedMs);
    add('loadedCpu', variant.name, loadedCpuMs);
    if (!variant.looksUp) return;
    add('importAndLookupCpu', variant.name, importCpuMs + answerCpuMs);
    add('firstAnswer', variant.name, answerMs);
    add('firstAnswerCpu', variant.name, answerCpuMs);
  };
  const startOnLambda = async (variant: Variant, client: string) => {
    const { initMs, invocationMs } = await startUnder({ node, client }, caseOf(variant));
    add('init', variant.name, initMs);
    if (invocationMs !== undefined) add('firstInvocation', variant.name, invocationMs);
  };
  try {
    const variants = await buildVariants(directory);
    for (const variant of variants) await startCold(node, caseOf(variant));
    for (let round = 0; round < rounds; round++) {
      for (const variant of shuffled(variants)) await startOnNode(variant);
      if (runtimeClient === undefined) continue;
      for (const variant of shuffled(variants)) await startOnLambda(variant, runtimeClient);
    }
    const leftOut = runtimeClient === undefined ? { "Lambda's runtime client": NO_RUNTIME_CLIENT } : {};
    const measured = Object.entries(groups).filter(([, group]) => Object.keys(group.rounds).length > 0);
    return { groups: Object.fromEntries(measured), counts: sizesOf(variants), leftOut };
  } finally {
    await store.stop();
    rmSync(directory, { recursive: true });
  }
}

const NO_RUNTIME_CLIENT = 'it is not installed; `. test/e2e/runtimeClientCache.sh` installs it outside the project';

function emptyGroups(): Groups {
  return {
    loaded: { unit: 'ms', rounds: {} },
    loadedCpu: { unit: 'ms', rounds: {} },
    importAndLookupCpu: { unit: 'ms', rounds: {} },
    firstAnswer: { unit: 'ms', rounds: {} },
    firstAnswerCpu: { unit: 'ms', rounds: {} },
    init: { unit: 'ms', rounds: {} },
    firstInvocation: { unit: 'ms', rounds: {} },
  };
}

interface ColdStartCase {
  readonly variant: Variant;
  readonly endpoint: string;
  readonly event: object;
  /** Whom the answer is to name. */
  readonly principalId: string;
}

interface ColdTimes {
  readonly loadedMs: number;
  readonly loadedCpuMs: number;
  readonly importCpuMs: number;
  readonly answerMs: number;
  readonly answerCpuMs: number;
}

/** Starts a variant in a process of its own, whose environment is that of Lambda and nothing of this one's. */
async function startCold(node: string, { variant, endpoint, event, principalId }: ColdStartCase): Promise<ColdTimes> {
  const startedMs = performance.now();
  const asked = variant.looksUp ? [JSON.stringify(event)] : [];
  const child = spawn(node, [COLD_PROCESS, variant.file, ...asked], {
    env: { ...environmentOf(endpoint), ...variant.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  let loadedMs = Number.NaN;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (Number.isNaN(loadedMs) && output.includes('loaded\n')) loadedMs = performance.now() - startedMs;
  });
  await new Promise((resolve, reject) => child.on('close', resolve).on('error', reject));
  if (child.exitCode !== 0) throw new Error(`${variant.name} ended\n${errors}`);
  // The function's own metrics may come before.
  const told = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '');
  if (variant.looksUp) deepStrictEqual(allowedBy(told.answer), { principalId, effect: 'Allow' });
  return { loadedMs, ...told };
}

/** Starts a variant as Lambda does, and asks it once. */
async function startUnder(runtime: LambdaRuntime, { variant, endpoint, event, principalId }: ColdStartCase) {
  const environment = { ...environmentOf(endpoint), ...variant.environment };
  const { initMs, invoke, stop } = await startUnderRuntimeClient(variant.file, environment, runtime);
  try {
    if (!variant.looksUp) return { initMs };
    const startedMs = performance.now();
    const outcome = await invoke(event);
    const invocationMs = performance.now() - startedMs;
    if (!('answer' in outcome)) throw new Error(`${variant.name} failed: ${outcome.errorMessage}`);
    deepStrictEqual(allowedBy(outcome.answer as Answer), { principalId, effect: 'Allow' });
    return { initMs, invocationMs };
  } finally {
    await stop();
  }
}

function environmentOf(endpoint: string): Record<string, string> {
  return {
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_LAMBDA_FUNCTION_NAME: 'authorizer',
    LATCHKEY_TABLE: 'keys',
  };
}

interface Answer {
  readonly principalId: string;
  readonly policyDocument: { readonly Statement: readonly { readonly Effect: string }[] };
}

function allowedBy(answer: Answer) {
  return { principalId: answer.principalId, effect: answer.policyDocument.Statement[0]?.Effect };
}

import { deepStrictEqual } from 'node:assert';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { restRequestEvent } from '../../testing/authorizerEvents.ts';
import { createTestKey } from '../../testing/createTestKey.ts';
import { startFixedStore } from './fixedStore.ts';
import { buildVariants, sizesOf, type Variant } from './variants.ts';

export interface ColdStartOptions {
  /** The Node that the functions run on. */
  readonly node: string;
  readonly rounds: number;
}

/** By variant, one value a round: the values at one index are of one round. */
type Rounds = Record<string, number[]>;

/** What cold starts took. */
export interface ColdStarts {
  readonly groups: {
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
  };
  /** Bytes of each bundle. */
  readonly counts: Readonly<Record<string, number>>;
}

const COLD_PROCESS = fileURLToPath(new URL('coldProcess.mjs', import.meta.url));

/**
 * Starts each variant once a round, in an order drawn anew, against a store on the loopback interface in this process. Each
 * answer is checked. The first start of each is not counted: it fills the file system's cache, and the compile cache.
 */
export async function coldStart({ node, rounds }: ColdStartOptions): Promise<ColdStarts> {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-cold-'));
  const { secret, record } = createTestKey({ lastUsedAt: new Date().toISOString() });
  const store = await startFixedStore(record);
  const event = restRequestEvent({ headers: [['authorization', `Bearer ${secret}`]] });
  const groups: ColdStarts['groups'] = {
    loaded: { unit: 'ms', rounds: {} },
    loadedCpu: { unit: 'ms', rounds: {} },
    importAndLookupCpu: { unit: 'ms', rounds: {} },
    firstAnswer: { unit: 'ms', rounds: {} },
    firstAnswerCpu: { unit: 'ms', rounds: {} },
  };
  const add = (group: keyof ColdStarts['groups'], name: string, value: number) =>
    (groups[group].rounds[name] ??= []).push(value);
  const startOne = (variant: Variant) =>
    startCold({ node, variant, endpoint: store.endpoint, event, principalId: record.id });
  try {
    const variants = await buildVariants(directory);
    for (const variant of variants) await startOne(variant);
    for (let round = 0; round < rounds; round++) {
      for (const variant of shuffled(variants)) {
        const { loadedMs, loadedCpuMs, importCpuMs, answerMs, answerCpuMs } = await startOne(variant);
        add('loaded', variant.name, loadedMs);
        add('loadedCpu', variant.name, loadedCpuMs);
        if (!variant.looksUp) continue;
        add('importAndLookupCpu', variant.name, importCpuMs + answerCpuMs);
        add('firstAnswer', variant.name, answerMs);
        add('firstAnswerCpu', variant.name, answerCpuMs);
      }
    }
    return { groups, counts: sizesOf(variants) };
  } finally {
    await store.stop();
    rmSync(directory, { recursive: true });
  }
}

interface ColdStartCase {
  readonly node: string;
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
async function startCold({ node, variant, endpoint, event, principalId }: ColdStartCase): Promise<ColdTimes> {
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

function allowedBy(answer: { principalId: string; policyDocument: { Statement: readonly { Effect: string }[] } }) {
  return { principalId: answer.principalId, effect: answer.policyDocument.Statement[0]?.Effect };
}

function shuffled<T>(items: readonly T[]): readonly T[] {
  const order = items.map((item) => ({ item, key: Math.random() }));
  return order.toSorted((a, b) => a.key - b.key).map(({ item }) => item);
}

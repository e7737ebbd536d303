import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { lambdaNodeFlags } from '../test/support/runtimeClient.ts';

const PROCESS = fileURLToPath(new URL('functionProcess.mjs', import.meta.url));

export interface FunctionStart {
  readonly file: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The event and the id of its key. The function is only loaded if it is absent. */
  readonly request?: { readonly event: object; readonly principalId: string };
  /** Number of requests after the first. */
  readonly warmRequests?: number;
}

/** Times of one process, in milliseconds. Only `loadedMs` and `importCpuMs` are numbers if there isn't a request. */
export interface FunctionTimes {
  /** Duration from the spawn until the function is loaded. */
  readonly loadedMs: number;
  readonly importCpuMs: number;
  /** CPU time of the first response. */
  readonly answerCpuMs: number;
  /** CPU time from the start of the process to the first response. */
  readonly startCpuMs: number;
  /** Mean CPU time of the requests after the first. */
  readonly requestCpuMs: number;
  readonly residentMb: number;
}

/**
 * Runs a function in its own process, with Lambda's flags and only these environment variables. Throws unless the
 * function allows the request.
 */
export async function startFunction({
  file,
  environment,
  request,
  warmRequests = 0,
}: FunctionStart): Promise<FunctionTimes> {
  const asked = request === undefined ? [] : [JSON.stringify(request.event), String(warmRequests)];
  const spawnedAtMs = performance.now();
  const child = spawn(process.execPath, [...lambdaNodeFlags(256), PROCESS, file, ...asked], {
    env: { ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  let loadedMs = Number.NaN;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (Number.isNaN(loadedMs) && output.includes('loaded\n')) loadedMs = performance.now() - spawnedAtMs;
  });
  await new Promise((resolve, reject) => child.on('close', resolve).on('error', reject));
  assert.equal(child.exitCode, 0, `${file} failed`);
  // The function prints its own metrics before the report.
  const { answer, ...times } = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '');
  if (request !== undefined) assertAllowedFor(request.principalId, answer);
  return { loadedMs, ...times };
}

/** Throws unless a policy allows the request of this key. */
export function assertAllowedFor(principalId: string, answer: unknown): void {
  const { policyDocument, ...others } = answer as {
    principalId: string;
    policyDocument: { Statement: { Effect: string }[] };
  };
  assert.deepEqual([others.principalId, policyDocument.Statement[0]?.Effect], [principalId, 'Allow']);
}

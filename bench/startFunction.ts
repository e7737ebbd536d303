import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { lambdaNodeFlags } from '../test/support/runtimeClient.ts';

const PROCESS = fileURLToPath(new URL('functionProcess.mjs', import.meta.url));

export interface FunctionStart {
  readonly file: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Event to answer and the id of its key. Without it, the function is only loaded. */
  readonly request?: { readonly event: object; readonly principalId: string };
  /** Requests after the first. */
  readonly warmRequests?: number;
}

/** Times of one process, in milliseconds. Without a request, only `loadedMs` and `importCpuMs` are numbers. */
export interface FunctionTimes {
  /** From the spawn to the function loaded. */
  readonly loadedMs: number;
  readonly importCpuMs: number;
  /** The first answer. */
  readonly answerCpuMs: number;
  /** From the start of the process to the first answer. */
  readonly startCpuMs: number;
  /** Mean of the requests after the first. */
  readonly requestCpuMs: number;
  readonly residentMb: number;
}

/** Runs a function in its own process, with Lambda's flags and this environment alone. Throws unless it allows the request. */
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
  // The function's own metrics come before the report.
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

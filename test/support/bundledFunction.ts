import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { devNull } from 'node:os';
import { fileURLToPath } from 'node:url';

/** The outcome of an invocation: the response, or the error in Lambda's format. */
export type Outcome = { readonly answer: unknown } | ThrownError;

/** An error that the handler threw. */
export interface ThrownError {
  readonly errorType: string;
  readonly errorMessage: string;
  /** The error's stack, cause and properties. */
  readonly inspected: string;
}

/** A function in its own execution environment. */
export interface RunningFunction {
  readonly invoke: (event: unknown) => Promise<Outcome>;
  /** Returns its output on stdout and stderr so far. */
  readonly output: () => string;
  readonly stop: () => Promise<void>;
}

const FUNCTION_PROCESS = fileURLToPath(new URL('functionProcess.mjs', import.meta.url));

/** The path of the authorizer's bundle. */
export const BUNDLE = fileURLToPath(new URL('../../dist/authorizer/index.mjs', import.meta.url));

/** The path of the usage plan sync's bundle. */
export const USAGE_PLAN_SYNC_BUNDLE = fileURLToPath(new URL('../../dist/usage-plan-sync/index.mjs', import.meta.url));

/** Returns the function's environment, without this machine's AWS profiles. */
export function functionEnvironment(endpoint: string, settings: Readonly<Record<string, string>> = {}) {
  return {
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    LATCHKEY_TABLE: 'keys',
    ...settings,
  };
}

/** Runs the bundle in a child process. Rejects with its output if it doesn't load. */
export async function startFunction(
  endpoint: string,
  settings: Readonly<Record<string, string>> = {},
  bundle = BUNDLE,
): Promise<RunningFunction> {
  const child = fork(FUNCTION_PROCESS, [bundle], {
    env: functionEnvironment(endpoint, settings),
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const exited = new Promise<void>((resolve) => {
    child.on('close', () => resolve());
  });
  const pending = new Map<string, (outcome: Outcome) => void>();
  await new Promise<void>((ready, reject) => {
    child.on('message', (message: { isReady: true } | { id: string; outcome: Outcome }) => {
      if ('isReady' in message) return ready();
      pending.get(message.id)?.(message.outcome);
      pending.delete(message.id);
    });
    child.on('error', reject);
    void exited.then(() => reject(new Error(`the function's process ended\n${output}`)));
  });
  return {
    invoke: (event) =>
      new Promise((resolve) => {
        const id = randomUUID();
        pending.set(id, resolve);
        child.send({ id, event });
      }),
    output: () => output,
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}

/**
 * Returns the parsed lines of the function's log. It excludes metrics, and the runtime's own lines, which aren't JSON.
 */
export function logLines(output: string): readonly Record<string, unknown>[] {
  return jsonLines(output).filter((line) => !('_aws' in line));
}

/** Returns the embedded metrics in the function's output. */
export function metricLines(output: string): readonly Record<string, unknown>[] {
  return jsonLines(output).filter((line) => '_aws' in line);
}

function jsonLines(output: string): readonly Record<string, unknown>[] {
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line));
}

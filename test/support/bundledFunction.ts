import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { devNull } from 'node:os';
import { fileURLToPath } from 'node:url';

/** What an invocation came to: an answer, or the error as Lambda tells it. */
export type Outcome = { readonly answer: unknown } | ThrownError;

export interface ThrownError {
  readonly errorType: string;
  readonly errorMessage: string;
  /** The error with its stack, its cause and all it has. */
  readonly inspected: string;
}

/** A function in an execution environment of its own. */
export interface RunningFunction {
  readonly invoke: (event: unknown) => Promise<Outcome>;
  /** All it wrote on stdout and stderr so far. */
  readonly output: () => string;
  readonly stop: () => Promise<void>;
}

const FUNCTION_PROCESS = fileURLToPath(new URL('functionProcess.mjs', import.meta.url));

/** The function as `buildBundles.js` bundled it for this run. */
export const BUNDLE = fileURLToPath(new URL('../../dist/authorizer/index.mjs', import.meta.url));

/** The function that keeps API Gateway's API keys, likewise. */
export const USAGE_PLAN_SYNC_BUNDLE = fileURLToPath(new URL('../../dist/usage-plan-sync/index.mjs', import.meta.url));

/** What the function finds in its environment. Nothing of this machine's AWS profiles reaches it. */
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

/** Runs the bundle in a child process. Rejects with what it wrote where it does not load. */
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

/** The function's log, read, without its metrics. A runtime writes lines of its own between, which are no JSON objects. */
export function logLines(output: string): readonly Record<string, unknown>[] {
  return jsonLines(output).filter((line) => !('_aws' in line));
}

/** The documents of embedded metrics in what the function wrote. */
export function metricLines(output: string): readonly Record<string, unknown>[] {
  return jsonLines(output).filter((line) => '_aws' in line);
}

function jsonLines(output: string): readonly Record<string, unknown>[] {
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line));
}

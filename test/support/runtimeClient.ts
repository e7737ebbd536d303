import { spawn } from 'node:child_process';
import { dirname, join, parse } from 'node:path';
import type { RunningFunction } from './bundledFunction.ts';
import { RuntimeApi } from './runtimeApi.ts';

/** The path of Lambda's version of Node. runtimeClientCache.sh installs it. */
export const LAMBDA_NODE = process.env['LATCHKEY_LAMBDA_NODE'] ?? '';
/** The path of Lambda's runtime client. runtimeClientCache.sh installs it. */
const RUNTIME_CLIENT = process.env['LATCHKEY_RUNTIME_CLIENT'] ?? '';

/** The construct's default memory size in MB. */
const MEMORY_MB = 256;

/** The programs that run a function in Lambda. */
export interface LambdaRuntime {
  readonly node: string;
  /** The directory of Lambda's runtime client. */
  readonly client: string;
}

/**
 * Returns the flags that Lambda's bootstrap passes to Node, by the function's memory in MB. The flags come
 * from `/var/runtime/bootstrap` in the base images for nodejs14.x and nodejs18.x. We couldn't read the bootstrap of
 * nodejs24.x.
 */
export function lambdaNodeFlags(memoryMb: number): string[] {
  const newSpaceMb = Math.floor(memoryMb / 10);
  return [
    '--expose-gc',
    '--max-http-header-size=81920',
    `--max-semi-space-size=${Math.floor(newSpaceMb / 2)}`,
    `--max-old-space-size=${memoryMb - newSpaceMb}`,
  ];
}

/** A function under Lambda's runtime client. */
export interface FunctionUnderRuntimeClient extends RunningFunction {
  /** Duration in milliseconds from the start of the process to its first poll for an event. */
  readonly initMs: number;
  /** Returns whether the function is registered as an extension, and waits for its next event. */
  readonly hasWaitingExtension: () => boolean;
  /** Sends SIGTERM to the function's process. */
  readonly terminate: () => void;
}

/**
 * Runs the `handler` of a file the same as Lambda, with only this environment. Rejects with the runtime's error if the
 * function doesn't load.
 */
export async function startUnderRuntimeClient(
  file: string,
  environment: Readonly<Record<string, string>>,
  { node, client }: LambdaRuntime = { node: LAMBDA_NODE, client: RUNTIME_CLIENT },
): Promise<FunctionUnderRuntimeClient> {
  const api = await RuntimeApi.start();
  const spawnedAt = performance.now();
  const child = spawn(node, [...lambdaNodeFlags(MEMORY_MB), join(client, 'index.mjs')], {
    env: { ...environment, ...lambdaEnvironment(file, api.host) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const exited = new Promise<void>((resolve) => {
    child.on('close', () => resolve());
  });
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
    await api.stop();
  };
  const ended = exited.then(() => ({ errorType: 'Runtime.ExitError', errorMessage: output }));
  const start = await Promise.race([api.started, ended]);
  const initMs = performance.now() - spawnedAt;
  if (start === 'ready') {
    const terminate = () => child.kill('SIGTERM');
    const hasWaitingExtension = () => api.hasWaitingExtension;
    return {
      initMs,
      invoke: (event) => api.invoke(event),
      output: () => output,
      stop,
      hasWaitingExtension,
      terminate,
    };
  }
  await stop();
  throw new Error(`${start.errorType}: ${start.errorMessage}`);
}

/** Returns the variables that Lambda sets ("Defined runtime environment variables", AWS Lambda Developer Guide). */
function lambdaEnvironment(file: string, runtimeApi: string) {
  return {
    _HANDLER: `${parse(file).name}.handler`,
    LAMBDA_TASK_ROOT: dirname(file),
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: 'authorizer',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(MEMORY_MB),
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/authorizer',
    AWS_LAMBDA_LOG_STREAM_NAME: 'test',
  };
}

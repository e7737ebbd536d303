import { spawn, spawnSync } from 'node:child_process';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { describeFunction } from '../integration/functionContract.ts';
import { BUNDLE, functionEnvironment, startFunction, type RunningFunction } from '../support/bundledFunction.ts';
import { RuntimeApi } from '../support/runtimeApi.ts';

/** Where runtimeClient.sh has put Lambda's runtime client and the Node that Lambda runs. */
const NODE = process.env['LATCHKEY_LAMBDA_NODE'] ?? '';
const RUNTIME_CLIENT = process.env['LATCHKEY_RUNTIME_CLIENT'] ?? '';

test('the Node under test is of the line that the function is deployed to', () => {
  const { stdout } = spawnSync(NODE, ['--version'], { encoding: 'utf8' });
  expect(stdout).toMatch(/^v24\./);
});

// The same table of cases, so that the answers are the same.
describeFunction("the bundle under Lambda's runtime client on Node 24", startUnderRuntimeClient);
describeFunction(`the bundle on Node ${process.versions.node}`, startFunction);

describe('a setting that cannot be read', () => {
  test("fails the start under Lambda's runtime client", async () => {
    const starting = startUnderRuntimeClient('http://127.0.0.1:1', { LATCHKEY_RECORD_CACHE_SECONDS: 'soon' });
    await expect(starting).rejects.toThrow(/LatchkeyError: LATCHKEY_RECORD_CACHE_SECONDS/);
  });
});

/** Runs the bundle as Lambda does. Rejects with the error that the runtime reports where the function does not load. */
async function startUnderRuntimeClient(
  endpoint: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<RunningFunction> {
  const api = await RuntimeApi.start();
  const child = spawn(NODE, [join(RUNTIME_CLIENT, 'index.mjs')], {
    env: { ...functionEnvironment(endpoint, settings), ...lambdaEnvironment(api.host) },
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
  if (start === 'ready') return { invoke: (event) => api.invoke(event), output: () => output, stop };
  await stop();
  throw new Error(`${start.errorType}: ${start.errorMessage}`);
}

/** What Lambda itself sets (Defined runtime environment variables, AWS Lambda Developer Guide). */
function lambdaEnvironment(runtimeApi: string) {
  return {
    _HANDLER: `${basename(BUNDLE, '.mjs')}.handler`,
    LAMBDA_TASK_ROOT: dirname(BUNDLE),
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: 'authorizer',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/authorizer',
    AWS_LAMBDA_LOG_STREAM_NAME: 'test',
  };
}

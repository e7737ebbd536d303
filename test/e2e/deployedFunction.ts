// Runs the deployed function, with its code and its environment, under Lambda's runtime client. package.sh calls it.
// Usage: deployedFunction.ts INDEX_MJS FUNCTION_CONFIGURATION_JSON KEY
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createTestKey, httpApiEvent, restRequestEvent } from '../../testing/index.ts';
import { logLines, type Outcome } from '../support/bundledFunction.ts';
import { LAMBDA_NODE, startUnderRuntimeClient } from '../support/runtimeClient.ts';

interface FunctionConfiguration {
  readonly Runtime: string;
  readonly Handler: string;
  readonly Environment: { readonly Variables: Readonly<Record<string, string>> };
}

const [file = '', configuration = '', key = ''] = process.argv.slice(2);
const { Runtime, Handler, Environment }: FunctionConfiguration = JSON.parse(readFileSync(configuration, 'utf8'));
assert.equal(Handler, 'index.handler');
assert.equal(Runtime, 'nodejs24.x');
assert.match(spawnSync(LAMBDA_NODE, ['--version'], { encoding: 'utf8' }).stdout, /^v24\./);

const aws = Object.entries(process.env).filter(([name]) => /^AWS_(ENDPOINT_URL|REGION|.*KEY.*)$/.test(name));
const running = await startUnderRuntimeClient(file, {
  ...Object.fromEntries(aws.map(([name, value = '']) => [name, value])),
  ...Environment.Variables,
});
try {
  const allowed = answerOf(await running.invoke(restRequestEvent({ key, path: '/orders' })));
  assert.equal(allowed.policyDocument.Statement[0]?.Effect, 'Allow');
  assert.match(allowed.policyDocument.Statement[0].Resource, /\/GET\/orders$/);
  assert.equal(allowed.context['owner'], 'acme');
  assert.equal(allowed.context['keyId'], allowed.principalId);

  const byHttp = answerOf(await running.invoke(httpApiEvent({ key, path: '/orders' })));
  assert.equal(byHttp.principalId, allowed.principalId);

  const denied = answerOf(await running.invoke(restRequestEvent({ key: createTestKey().secret })));
  assert.equal(denied.policyDocument.Statement[0]?.Effect, 'Deny');
  assert.equal(denied.context['errorCode'], 'INVALID_KEY');
  assert.deepEqual(
    logLines(running.output())
      .filter(({ message }) => message === 'denied' || message === 'fault')
      .map(({ code }) => code),
    ['INVALID_KEY'],
  );
} finally {
  await running.stop();
}

function answerOf(outcome: Outcome): {
  principalId: string;
  policyDocument: { Statement: { Effect: string; Resource: string }[] };
  context: Record<string, string>;
} {
  assert('answer' in outcome, JSON.stringify(outcome));
  return JSON.parse(JSON.stringify(outcome.answer));
}

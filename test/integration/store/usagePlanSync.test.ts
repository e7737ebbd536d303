import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import {
  BUNDLE,
  logLines,
  USAGE_PLAN_SYNC_BUNDLE,
  startFunction,
  type RunningFunction,
} from '../../support/bundledFunction.ts';
import { CONCURRENT_MODIFICATION, startApiGatewayFake, type ApiGatewayFake } from '../../support/apiGatewayFake.ts';
import { streamRecord } from '../../support/streamEvents.ts';

let fake: ApiGatewayFake;
let bundle: RunningFunction;
let usagePlanId: string;
beforeAll(async () => {
  fake = await startApiGatewayFake();
  const body = JSON.stringify({ apiStages: [{ apiId: 'api', stage: 'prod' }] });
  const created = await fetch(`${fake.endpoint}/usageplans`, { method: 'POST', body });
  ({ id: usagePlanId } = (await created.json()) as { id: string });
  bundle = await startUsagePlanSync({ LATCHKEY_USAGE_PLANS: JSON.stringify({ free: usagePlanId }) });
}, 30_000);
afterAll(async () => {
  await bundle?.stop();
  await fake?.stop();
});

const insertion = (id: string) => streamRecord(undefined, { id, plan: 'free' });

test("the bundle sends requests only for a write that changes the key's plan", async () => {
  const before = fake.asked.length;
  const used = streamRecord({ id: 'one', plan: 'free' }, { id: 'one', plan: 'free' });
  expect(await bundle.invoke({ Records: [used, insertion('one'), used] })).toEqual({
    answer: { batchItemFailures: [] },
  });
  expect(fake.asked.slice(before)).toEqual(['POST /apikeys', expect.stringMatching(/^POST \/usageplans\/\w+\/keys$/)]);
});

test('the bundle logs a delay if an outage of API Gateway causes a retry', async () => {
  const [first, second] = [insertion('first'), insertion('second')];
  fake.failWith(...Array.from({ length: 5 }, () => ({ name: 'ServiceUnavailableException', status: 503 })));
  expect(await bundle.invoke({ Records: [first, second] })).toEqual({
    answer: { batchItemFailures: [{ itemIdentifier: first.dynamodb.SequenceNumber }] },
  });
  expect(await bundle.invoke({ Records: [first, second] })).toEqual({ answer: { batchItemFailures: [] } });
  expect(logLines(bundle.output())).toEqual([
    expect.objectContaining({ level: 'WARN', code: 'PLAN_KEY_DELAYED', keyId: 'first', plan: 'free' }),
  ]);
});

test('the bundle retries a key after a concurrent write', async () => {
  const before = fake.asked.length;
  fake.failWith({ ...CONCURRENT_MODIFICATION, on: 'POST usageplans/*/keys' });
  expect(await bundle.invoke({ Records: [insertion('waits')] })).toEqual({ answer: { batchItemFailures: [] } });
  const enters = `POST /usageplans/${usagePlanId}/keys`;
  const writes = fake.asked.slice(before).filter((request) => !request.startsWith('GET'));
  expect(writes).toEqual(['POST /apikeys', enters, enters]);
});

test.each([
  ['no usage plan', { LATCHKEY_USAGE_PLANS: '{}' }],
  ['two invalid settings', { LATCHKEY_PLAN_NAMESPACE: '', LATCHKEY_USAGE_PLANS: '{' }],
])('the bundle logs a fault during initialization if it has %s', async (_, settings) => {
  await expect(startUsagePlanSync(settings)).rejects.toThrow(
    /"message":"fault","code":"CONFIG_INVALID","detail":"LATCHKEY_/,
  );
});

test("the authorizer's bundle doesn't contain the client that creates API keys", async () => {
  const command = 'CreateApiKey';
  expect(await readFile(USAGE_PLAN_SYNC_BUNDLE, 'utf8')).toContain(command);
  const authorizer = await readFile(BUNDLE, 'utf8');
  expect(['usageIdentifierKey', command, 'apigateway'].filter((text) => authorizer.includes(text))).toEqual([
    'usageIdentifierKey',
  ]);
});

async function startUsagePlanSync(settings: Readonly<Record<string, string>>): Promise<RunningFunction> {
  const environment = { AWS_ENDPOINT_URL_API_GATEWAY: fake.endpoint, LATCHKEY_PLAN_NAMESPACE: '0123456789abcdef' };
  return startFunction('http://127.0.0.1:1', { ...environment, ...settings }, USAGE_PLAN_SYNC_BUNDLE);
}

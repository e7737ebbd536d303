import { APIGatewayClient, paginateGetApiKeys, paginateGetUsagePlanKeys } from '@aws-sdk/client-api-gateway';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { BUNDLE, logLines, PLAN_KEYS_BUNDLE, startFunction, type RunningFunction } from '../support/bundledFunction.ts';
import { CONCURRENT_MODIFICATION, startApiGatewayFake, type ApiGatewayFake } from '../support/apiGatewayFake.ts';
import { PlanKeys } from '../../lambda/planKeys/planKeys.ts';
import { streamRecord, type StreamedKey } from '../support/streamEvents.ts';
import { describePlanKeys } from './planKeysContract.ts';

describePlanKeys('a fake of API Gateway', startApiGatewayFake);

let fake: ApiGatewayFake;
let bundle: RunningFunction;
let usagePlanId: string;
beforeAll(async () => {
  fake = await startApiGatewayFake();
  const body = JSON.stringify({ apiStages: [{ apiId: 'api', stage: 'prod' }] });
  const created = await fetch(`${fake.endpoint}/usageplans`, { method: 'POST', body });
  ({ id: usagePlanId } = (await created.json()) as { id: string });
  bundle = await startPlanKeys({ LATCHKEY_USAGE_PLANS: JSON.stringify({ free: usagePlanId }) });
}, 30_000);
afterAll(async () => {
  await bundle?.stop();
  await fake?.stop();
});

const insertion = (id: string) => streamRecord(undefined, { id, plan: 'free' });

test('the bundle makes API keys, and asks nothing for a write that leaves the plan as it was', async () => {
  const before = fake.asked.length;
  const used = streamRecord({ id: 'one', plan: 'free' }, { id: 'one', plan: 'free' });
  expect(await bundle.invoke({ Records: [used, insertion('one'), used] })).toEqual({
    answer: { batchItemFailures: [] },
  });
  expect(fake.asked.slice(before)).toEqual(['POST /apikeys', expect.stringMatching(/^POST \/usageplans\/\w+\/keys$/)]);
});

test('an outage that outlasts the SDK’s attempts has the stream begin again, and is logged as a delay', async () => {
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

describe('a write of somebody else’s at the same time', () => {
  const client = () =>
    new APIGatewayClient({
      endpoint: fake.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
    });

  /** The function's own API keys, and how long they waited. */
  function planKeysUnderTest() {
    const waited: number[] = [];
    const planKeys = new PlanKeys({
      client: client(),
      namespace: '0123456789abcdef',
      usagePlanIds: new Map([['free', usagePlanId]]),
      sharedUsagePlanIds: [],
      wait: async (milliseconds) => void waited.push(milliseconds),
    });
    return { planKeys, waited };
  }

  async function isOnPlan(keyId: string): Promise<boolean> {
    for await (const { items = [] } of paginateGetApiKeys({ client: client() }, {}))
      for (const { id = '', name } of items)
        if (name === `latchkey-${keyId}/0123456789abcdef`)
          for await (const { items: entered = [] } of paginateGetUsagePlanKeys({ client: client() }, { usagePlanId }))
            if (entered.some((one) => one.id === id)) return true;
    return false;
  }

  const conflictsOn = (on: string, times: number) =>
    fake.failWith(...Array.from({ length: times }, () => ({ ...CONCURRENT_MODIFICATION, on })));

  test.each(['POST apikeys', 'POST usageplans/*/keys'])(
    'is waited for on %s, and the key is on its plan',
    async (on) => {
      const keyId = crypto.randomUUID();
      const { planKeys, waited } = planKeysUnderTest();
      conflictsOn(on, 2);
      await planKeys.put({ keyId, plan: 'free', isNew: true });
      expect(await isOnPlan(keyId)).toBe(true);
      expect(waited).toEqual([100, 200]);
    },
  );

  test('is waited for where the API key is deleted', async () => {
    const keyId = crypto.randomUUID();
    const { planKeys, waited } = planKeysUnderTest();
    await planKeys.put({ keyId, plan: 'free', isNew: true });
    conflictsOn('DELETE apikeys/*', 1);
    await planKeys.put({ keyId, plan: undefined, isNew: false });
    expect(await isOnPlan(keyId)).toBe(false);
    expect(waited).toEqual([100]);
  });

  test.each(['POST apikeys', 'POST usageplans/*/keys'])(
    'that does not end is an error on %s: the key is never left off its plan in silence',
    async (on) => {
      const keyId = crypto.randomUUID();
      const { planKeys, waited } = planKeysUnderTest();
      conflictsOn(on, 5);
      const put = planKeys.put({ keyId, plan: 'free', isNew: true });
      await expect(put).rejects.toMatchObject({
        name: 'ConflictException',
        message: expect.stringContaining('concurrent modification'),
      });
      expect(waited).toEqual([100, 200, 400, 800]);
      await planKeys.put({ keyId, plan: 'free', isNew: true });
      expect(await isOnPlan(keyId)).toBe(true);
    },
  );

  test('has the bundle wait, and try the key again', async () => {
    const keyId = crypto.randomUUID();
    conflictsOn('POST usageplans/*/keys', 1);
    expect(await bundle.invoke({ Records: [insertion(keyId)] })).toEqual({ answer: { batchItemFailures: [] } });
    expect(await isOnPlan(keyId)).toBe(true);
  });
});

test.each<[string, StreamedKey]>([
  ['on a plan that is not per key', { id: crypto.randomUUID(), plan: 'pro' }],
  ['on a plan that is not there', { id: crypto.randomUUID(), plan: 'gold' }],
])('a new key %s asks nothing of API Gateway: nothing can stand for it', async (_, key) => {
  const before = fake.asked.length;
  await bundle.invoke({ Records: [streamRecord(undefined, key)] });
  expect(fake.asked).toHaveLength(before);
  await bundle.invoke({ Records: [streamRecord({ id: key.id, plan: 'free' }, key)] });
  expect(fake.asked.length).toBeGreaterThan(before);
});

test.each([
  ['no namespace', { LATCHKEY_PLAN_NAMESPACE: '', LATCHKEY_USAGE_PLANS: '{"free":"abc"}' }],
  ['no usage plan', { LATCHKEY_USAGE_PLANS: '{}' }],
  ['a usage plan without an id', { LATCHKEY_USAGE_PLANS: '{"free":""}' }],
  ['a name that no plan has', { LATCHKEY_USAGE_PLANS: '{"-":"abc"}' }],
  ['no JSON', { LATCHKEY_USAGE_PLANS: '{' }],
  ['a list of usage plans', { LATCHKEY_USAGE_PLANS: '["abc"]' }],
  ['shared usage plans without an id', { LATCHKEY_USAGE_PLANS: '{"free":"abc"}', LATCHKEY_SHARED_USAGE_PLANS: '[""]' }],
  [
    'shared usage plans that are no list',
    { LATCHKEY_USAGE_PLANS: '{"free":"abc"}', LATCHKEY_SHARED_USAGE_PLANS: '{}' },
  ],
])('with %s the bundle does not start, and tells the fault in the log', async (_, settings) => {
  await expect(startPlanKeys(settings)).rejects.toThrow(
    /"message":"fault","code":"CONFIG_INVALID","detail":"LATCHKEY_/,
  );
});

test('the authorizer carries nothing of the client that makes API keys', async () => {
  const command = 'CreateApiKey';
  expect(await readFile(PLAN_KEYS_BUNDLE, 'utf8')).toContain(command);
  const authorizer = await readFile(BUNDLE, 'utf8');
  expect(['usageIdentifierKey', command, 'apigateway'].filter((text) => authorizer.includes(text))).toEqual([
    'usageIdentifierKey',
  ]);
});

async function startPlanKeys(settings: Readonly<Record<string, string>>): Promise<RunningFunction> {
  const environment = { AWS_ENDPOINT_URL_API_GATEWAY: fake.endpoint, LATCHKEY_PLAN_NAMESPACE: '0123456789abcdef' };
  return startFunction('http://127.0.0.1:1', { ...environment, ...settings }, PLAN_KEYS_BUNDLE);
}

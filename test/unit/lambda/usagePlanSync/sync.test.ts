import {
  APIGatewayClient,
  CreateApiKeyCommand,
  CreateUsagePlanCommand,
  GetUsagePlanKeysCommand,
} from '@aws-sdk/client-api-gateway';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { usageIdentifier } from '../../../../lambda/plans.ts';
import { UsagePlanSync } from '../../../../lambda/usagePlanSync/sync.ts';
import { CONCURRENT_MODIFICATION, startApiGatewayFake, type ApiGatewayFake } from '../../../support/apiGatewayFake.ts';
import { describeUsagePlanSync } from '../../../support/usagePlanSyncContract.ts';

describeUsagePlanSync('a fake of API Gateway', startApiGatewayFake);

const NAMESPACE = '0123456789abcdef';

let fake: ApiGatewayFake;
let client: APIGatewayClient;
let usagePlanIds: ReadonlyMap<string, string>;
let usagePlanSync: UsagePlanSync;
/** The duration of each pause, in milliseconds. */
let waited: number[];
beforeEach(async () => {
  fake = await startApiGatewayFake();
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  client = new APIGatewayClient({ endpoint: fake.endpoint, region: 'us-east-1', credentials, maxAttempts: 2 });
  usagePlanIds = new Map([
    ['free', await createUsagePlan()],
    ['trial', await createUsagePlan()],
  ]);
  waited = [];
  const wait = async (milliseconds: number) => void waited.push(milliseconds);
  usagePlanSync = new UsagePlanSync({ client, namespace: NAMESPACE, usagePlanIds, sharedUsagePlanIds: [], wait });
});
afterEach(async () => {
  client?.destroy();
  await fake?.stop();
});

async function createUsagePlan(): Promise<string> {
  const command = new CreateUsagePlanCommand({ name: 'plan', apiStages: [{ apiId: 'api', stage: 'prod' }] });
  return (await client.send(command)).id ?? '';
}

/** The usage plans of all API keys, one entry per key and plan. */
async function plansInUse(): Promise<readonly string[]> {
  const plans: string[] = [];
  for (const [plan, usagePlanId] of usagePlanIds) {
    const { items = [] } = await client.send(new GetUsagePlanKeysCommand({ usagePlanId }));
    plans.push(...items.map(() => plan));
  }
  return plans;
}

/** Returns the requests that API Gateway receives during the call. */
async function requestsOf(work: () => Promise<void>): Promise<readonly string[]> {
  const before = fake.asked.length;
  await work();
  return fake.asked.slice(before);
}

/** Each write, with the key's plans before and after the change that requires it. */
const WRITES: readonly (readonly [on: string, before: string | undefined, after: string | undefined])[] = [
  ['POST apikeys', undefined, 'free'],
  ['POST usageplans/*/keys', undefined, 'free'],
  ['DELETE usageplans/*/keys/*', 'free', 'trial'],
  ['DELETE apikeys/*', 'free', undefined],
];

/** A key on the plan before the change, and the call that moves it to the plan after. */
async function movedKey(before: string | undefined, after: string | undefined): Promise<() => Promise<void>> {
  if (before !== undefined) await usagePlanSync.put({ keyId: 'a', plan: before, isNew: true });
  return () => usagePlanSync.put({ keyId: 'a', plan: after, isNew: before === undefined });
}

const listOf = (plan: string | undefined) => (plan === undefined ? [] : [plan]);

describe('a concurrent write in the same AWS account', () => {
  const conflictsOn = (on: string, times: number) =>
    fake.failWith(...Array.from({ length: times }, () => ({ ...CONCURRENT_MODIFICATION, on })));

  test.each(WRITES)('only delays %s during a change of usage plan', async (on, before, after) => {
    const move = await movedKey(before, after);
    conflictsOn(on, 2);
    await move();
    expect(await plansInUse()).toEqual(listOf(after));
    expect(waited).toEqual([100, 200]);
  });

  test.each(WRITES)('causes an error on %s if it never ends', async (on, before, after) => {
    const move = await movedKey(before, after);
    conflictsOn(on, 5);
    await expect(move()).rejects.toMatchObject({
      name: 'ConflictException',
      message: expect.stringContaining('concurrent modification'),
    });
    expect(waited).toEqual([100, 200, 400, 800]);
    await move();
    expect(await plansInUse()).toEqual(listOf(after));
  });
});

test.each(WRITES)('put succeeds if the response to a write is lost: %s', async (on, before, after) => {
  const move = await movedKey(before, after);
  fake.failWith({ name: 'ServiceUnavailableException', status: 503, on, isDone: true });
  await move();
  expect(await plansInUse()).toEqual(listOf(after));
  expect(waited).toEqual([]);
});

test.each(WRITES)('put fails without a retry if a write is denied: %s', async (on, before, after) => {
  const move = await movedKey(before, after);
  fake.failWith({ name: 'AccessDeniedException', status: 403, on });
  await expect(move()).rejects.toMatchObject({ name: 'AccessDeniedException' });
  expect(waited).toEqual([]);
});

test('put throws CONFLICT if another API key has the identifier', async () => {
  const value = usageIdentifier(NAMESPACE, { kind: 'key', id: 'a' });
  await client.send(new CreateApiKeyCommand({ name: 'not-latchkey', value }));
  await expect(usagePlanSync.put({ keyId: 'a', plan: 'free', isNew: true })).rejects.toMatchObject({
    code: 'CONFLICT',
    keyId: 'a',
    message: expect.stringContaining('key a '),
    cause: { name: 'ConflictException' },
  });
});

test('put sends two requests for a new key', async () => {
  const sent = await requestsOf(() => usagePlanSync.put({ keyId: 'a', plan: 'free', isNew: true }));
  expect(sent).toEqual(['POST /apikeys', `POST /usageplans/${usagePlanIds.get('free')}/keys`]);
});

test('put never requests the values of API keys', async () => {
  const sent = await requestsOf(async () => {
    await usagePlanSync.put({ keyId: 'a', plan: 'free', isNew: true });
    await usagePlanSync.put({ keyId: 'a', plan: 'free', isNew: true });
    await usagePlanSync.put({ keyId: 'a', plan: 'trial', isNew: false });
    await usagePlanSync.put({ keyId: 'a', plan: undefined, isNew: false });
  });
  expect(sent.some((request) => request.startsWith('GET /apikeys?'))).toBe(true);
  expect(
    sent.filter((request) => /includeValue/i.test(request) || /^GET \/apikeys\/|^GET \/usageplans\/./.test(request)),
  ).toEqual([]);
});

test("put doesn't change the usage plan of an API key that it finds by name", async () => {
  const change = { keyId: 'a', plan: 'free', isNew: true };
  await usagePlanSync.put(change);
  const sent = await requestsOf(() => usagePlanSync.put(change));
  expect(sent).toEqual([
    'POST /apikeys',
    `GET /apikeys?name=${encodeURIComponent(`latchkey-a/${NAMESPACE}`)}`,
    expect.stringContaining('GET /usageplans?'),
  ]);
});

test.each(['pro', 'gold', undefined])("put doesn't send a request for a new key on the plan %p", async (plan) => {
  expect(await requestsOf(() => usagePlanSync.put({ keyId: 'a', plan, isNew: true }))).toEqual([]);
  expect(await requestsOf(() => usagePlanSync.put({ keyId: 'a', plan, isNew: false }))).toHaveLength(1);
});

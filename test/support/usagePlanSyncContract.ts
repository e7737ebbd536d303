import {
  APIGatewayClient,
  CreateApiKeyCommand,
  CreateUsagePlanCommand,
  CreateUsagePlanKeyCommand,
  paginateGetApiKeys,
  paginateGetUsagePlanKeys,
} from '@aws-sdk/client-api-gateway';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createStreamHandler } from '../../lambda/usagePlanSync/streamEvents.ts';
import { UsagePlanSync } from '../../lambda/usagePlanSync/sync.ts';
import { usageIdentifier } from '../../lambda/plans.ts';
import { NOW_MS } from './keys.ts';
import type { ApiGatewayEngine } from './apiGatewayFake.ts';
import { streamRecord, type StreamedKey } from './streamEvents.ts';

const NAMESPACE = '0123456789abcdef';
const ID = '0f8c1a52-5b8e-4c56-9d2f-7a1f6f0a3b11';
const HOUR_MS = 3_600_000;
const DONE = { batchItemFailures: [] };

/**
 * Tests the effects of the stream's function on API Gateway's API keys. The tests run on API Gateway or on a
 * replacement.
 */
export function describeUsagePlanSync(name: string, start: () => Promise<ApiGatewayEngine>): void {
  describe(name, () => {
    let engine: ApiGatewayEngine;
    let client: APIGatewayClient;
    let usagePlanIds: ReadonlyMap<string, string>;
    /** The usage plan of a shared plan. */
    let sharedUsagePlanId: string;
    beforeAll(async () => {
      engine = await start();
      client = createClient(engine.endpoint);
    }, 30_000);
    afterAll(async () => {
      client?.destroy();
      await engine?.stop();
    });
    beforeEach(async () => {
      usagePlanIds = new Map([
        ['free', await createUsagePlan()],
        ['trial', await createUsagePlan()],
      ]);
      sharedUsagePlanId = await createUsagePlan();
    });

    const createUsagePlan = async (stage = 'prod') =>
      (await client.send(new CreateUsagePlanCommand({ name: 'plan', apiStages: [{ apiId: 'api', stage }] }))).id ?? '';
    const enter = (usagePlanId: string, keyId: string) =>
      client.send(new CreateUsagePlanKeyCommand({ usagePlanId, keyId, keyType: 'API_KEY' }));
    const createApiKey = async (name: string, value: string) =>
      (await client.send(new CreateApiKeyCommand({ name, value, enabled: true }))).id ?? '';

    /** Passes writes to the function as one batch. */
    async function follow(
      writes: readonly (readonly [StreamedKey | undefined, StreamedKey | undefined])[],
      namespace = NAMESPACE,
    ) {
      const log: string[] = [];
      const handler = createStreamHandler({
        usagePlanSync: new UsagePlanSync({
          client,
          namespace,
          usagePlanIds,
          sharedUsagePlanIds: [sharedUsagePlanId],
          wait: () => Promise.resolve(),
        }),
        now: () => NOW_MS + HOUR_MS,
        writeLog: (line) => log.push(line),
      });
      const answer = await handler({ Records: writes.map(([before, after]) => streamRecord(before, after)) });
      return { answer, log: log.map((line) => JSON.parse(line) as unknown) };
    }

    /** Returns the API keys of a Latchkey key that allow requests. Each one has its value and its plans. */
    async function apiKeysOf(id: string) {
      const entered = new Map<string, string[]>();
      for (const [plan, usagePlanId] of [...usagePlanIds, ['pro', sharedUsagePlanId] as const]) {
        for await (const { items = [] } of paginateGetUsagePlanKeys({ client }, { usagePlanId }))
          for (const { id: keyId = '' } of items) entered.set(keyId, [...(entered.get(keyId) ?? []), plan]);
      }
      const found: { value: string | undefined; plans: readonly string[] }[] = [];
      for await (const { items = [] } of paginateGetApiKeys({ client }, { includeValues: true }))
        for (const { id: keyId = '', name, value, enabled } of items)
          if (enabled && name?.startsWith(`latchkey-${id}/`)) found.push({ value, plans: entered.get(keyId) ?? [] });
      return found;
    }

    const valueOf = (id: string, namespace = NAMESPACE) => usageIdentifier(namespace, { kind: 'key', id });
    const newId = () => crypto.randomUUID();

    test("creates one API key with the authorizer's identifier for a new key on a plan", async () => {
      const id = newId();
      expect(await follow([[undefined, { id, plan: 'free' }]])).toEqual({ answer: DONE, log: [] });
      expect(await apiKeysOf(id)).toEqual([{ value: valueOf(id), plans: ['free'] }]);
    });

    test('reaches the same result if the stream delivers a record twice', async () => {
      const id = newId();
      const writes = [
        [undefined, { id, plan: 'free' }],
        [
          { id, plan: 'free' },
          { id, plan: 'trial' },
        ],
      ] as const;
      await follow(writes);
      expect(await follow(writes)).toEqual({ answer: DONE, log: [] });
      expect(await apiKeysOf(id)).toEqual([{ value: valueOf(id), plans: ['trial'] }]);
      const gone = [[{ id, plan: 'trial' }, undefined]] as const;
      await follow(gone);
      expect(await follow(gone)).toEqual({ answer: DONE, log: [] });
    });

    test('adds an API key to its usage plan if an earlier attempt only created the API key', async () => {
      const id = newId();
      await createApiKey(`latchkey-${id}/${NAMESPACE}`, valueOf(id));
      await follow([[undefined, { id, plan: 'free' }]]);
      expect(await apiKeysOf(id)).toEqual([{ value: valueOf(id), plans: ['free'] }]);
    });

    test('moves the API key from a key’s old plan to its new plan', async () => {
      const id = newId();
      await follow([[undefined, { id, plan: 'free' }]]);
      await follow([[{ id, plan: 'free' }, { id, plan: 'trial' }]]); // prettier-ignore
      expect(await apiKeysOf(id)).toEqual([{ value: valueOf(id), plans: ['trial'] }]);
    });

    test('moves an API key away from a plan that is now shared', async () => {
      const id = newId();
      await enter(sharedUsagePlanId, await createApiKey(`latchkey-${id}/${NAMESPACE}`, valueOf(id)));
      expect(await follow([[{ id, plan: 'pro' }, { id, plan: 'trial' }]])).toEqual({ answer: DONE, log: [] }); // prettier-ignore
      expect(await apiKeysOf(id)).toEqual([{ value: valueOf(id), plans: ['trial'] }]);
    });

    test('doesn’t remove an API key from a usage plan that isn’t Latchkey’s', async () => {
      const id = newId();
      const apiKeyId = await createApiKey(`latchkey-${id}/${NAMESPACE}`, valueOf(id));
      const usagePlanId = await createUsagePlan('another');
      await enter(usagePlanId, apiKeyId);
      expect((await follow([[undefined, { id, plan: 'free' }]])).answer).toEqual(DONE);
      const kept: unknown[] = [];
      for await (const { items = [] } of paginateGetUsagePlanKeys({ client }, { usagePlanId })) kept.push(...items);
      expect(kept).toHaveLength(1);
    });

    test.each<[string, (id: string) => StreamedKey | undefined]>([
      ['leaves its plan', (id) => ({ id })],
      ['moves to a shared or unknown plan', (id) => ({ id, plan: 'pro' })],
      ['is deleted or purged', () => undefined],
    ])('deletes only the API key of the key that %s', async (_, after) => {
      const [id, other] = [newId(), newId()];
      await follow([
        [undefined, { id, plan: 'free' }],
        [undefined, { id: other, plan: 'free' }],
        [{ id, plan: 'free' }, after(id)],
      ]);
      expect(await apiKeysOf(id)).toEqual([]);
      expect(await apiKeysOf(other)).toEqual([{ value: valueOf(other), plans: ['free'] }]);
    });

    test('distinguishes keys whose ids have a common prefix', async () => {
      await follow(['a', 'ab', 'a-0123456789abcdef'].map((id) => [undefined, { id, plan: 'free' }] as const));
      await follow([[{ id: 'a', plan: 'free' }, undefined]]);
      expect(await apiKeysOf('a')).toEqual([]);
      for (const id of ['ab', 'a-0123456789abcdef']) expect(await apiKeysOf(id)).toHaveLength(1);
      await follow(['ab', 'a-0123456789abcdef'].map((id) => [{ id, plan: 'free' }, undefined] as const));
    });

    test('doesn’t delete an API key that has a longer name with the same prefix', async () => {
      const id = newId();
      await createApiKey(`latchkey-${id}/${NAMESPACE}-copy`, 'c'.repeat(20) + id.replaceAll('-', ''));
      await follow([[{ id, plan: 'free' }, undefined]]);
      expect(await apiKeysOf(id)).toHaveLength(1);
    });

    test('doesn’t delete another deployment’s API key for the same Latchkey key', async () => {
      const id = newId();
      const elsewhere = 'fedcba9876543210';
      await follow([[undefined, { id, plan: 'free' }]]);
      await follow([[undefined, { id, plan: 'free' }]], elsewhere);
      expect(await apiKeysOf(id)).toHaveLength(2);
      await follow([[{ id, plan: 'free' }, undefined]]);
      expect(await apiKeysOf(id)).toEqual([{ value: valueOf(id, elsewhere), plans: ['free'] }]);
    });

    test('processes the following keys if another API key has a key’s identifier', async () => {
      await createApiKey('not-latchkey', valueOf(ID));
      const id = newId();
      const { answer, log } = await follow([ID, id].map((one) => [undefined, { id: one, plan: 'free' }] as const));
      expect(answer).toEqual(DONE);
      expect(log).toEqual([
        expect.objectContaining({
          level: 'ERROR',
          message: 'fault',
          code: 'PLAN_KEY_REFUSED',
          cause: 'CONFLICT',
          keyId: ID,
          plan: 'free',
        }),
      ]);
      expect(await apiKeysOf(id)).toHaveLength(1);
    });
  });
}

function createClient(endpoint: string): APIGatewayClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return new APIGatewayClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
}

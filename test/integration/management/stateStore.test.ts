import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { StateStore } from '../../../management/stateStore.ts';
import { DynamoDbProxy } from '../../support/dynamoDbProxy.ts';
import { createClient, type Engine, startDynalite } from '../../support/engine.ts';
import { NOW_MS } from '../../support/keys.ts';
import { type ManagementTables, openManagementTables } from '../../support/managementTables.ts';
import { NO_WAIT } from '../../support/noWait.ts';
import { afterFirst } from '../store/tableUnderTest.ts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

const ITEM = { id: 'code/one', revision: 'a', purgeAfter: NOW_MS / 1000 + 60, owner: 'acme' };

let engine: Engine;
let tables: ManagementTables;
beforeAll(async () => {
  engine = await startDynalite();
});
beforeEach(async () => {
  tables = await openManagementTables(engine);
});
afterAll(async () => {
  await engine?.stop();
});

describe('the state table', () => {
  test('creates an item once, and replaces only the revision that was read', async () => {
    const { state } = tables;
    await expect(state.create(ITEM)).resolves.toBe(true);
    await expect(state.create({ ...ITEM, revision: 'b' })).resolves.toBe(false);
    await expect(state.replace({ ...ITEM, revision: 'c' }, 'b')).resolves.toBe(false);
    await expect(state.replace({ ...ITEM, revision: 'c' }, 'a')).resolves.toBe(true);
    await expect(state.read(ITEM.id)).resolves.toEqual({ ...ITEM, revision: 'c' });
  });

  test('gives an item to exactly one of 20 concurrent takers', async () => {
    await tables.state.create(ITEM);
    const taken = await Promise.all(Array.from({ length: 20 }, () => tables.state.take(ITEM.id)));
    expect(taken.filter((item) => item !== undefined)).toEqual([ITEM]);
    await expect(tables.state.read(ITEM.id)).resolves.toBeUndefined();
  });

  test('removes only the revision that was read', async () => {
    const { state } = tables;
    await state.create(ITEM);
    await state.remove(ITEM.id, 'b');
    await expect(state.read(ITEM.id)).resolves.toEqual(ITEM);
    await state.remove(ITEM.id, 'a');
    await expect(state.read(ITEM.id)).resolves.toBeUndefined();
  });

  test('treats an item as absent from the second of its TTL on, although DynamoDB deletes it days later', async () => {
    const { state, clock } = tables;
    await state.create(ITEM);
    clock.nowMs += 60_000;
    await expect(state.read(ITEM.id)).resolves.toBeUndefined();
    await expect(state.replace({ ...ITEM, revision: 'b' }, 'a')).resolves.toBe(false);
    await expect(state.take(ITEM.id)).resolves.toBeUndefined();
    await state.create(ITEM);
    await expect(state.create({ ...ITEM, revision: 'b', purgeAfter: clock.nowMs / 1000 + 60 })).resolves.toBe(true);
  });

  test.each(['create', 'replace'] as const)('reports a %s as made if its first answer was lost', async (verb) => {
    if (verb === 'replace') await tables.state.create(ITEM);
    const proxy = await DynamoDbProxy.start({
      endpoint: engine.endpoint,
      beforeAnswer: afterFirst('PutItem', (response) => response.destroy()),
    });
    const client = DynamoDBDocumentClient.from(createClient(proxy.endpoint, 3));
    const state = new StateStore({
      client,
      tableName: tables.stateTable,
      retryOptions: NO_WAIT,
      now: () => tables.clock.nowMs,
    });
    const item = { ...ITEM, revision: 'b' };
    await expect(verb === 'create' ? state.create(item) : state.replace(item, 'a')).resolves.toBe(true);
    client.destroy();
    await proxy.stop();
  });
});

import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { NewKey } from '../../../keys/fields.ts';
import { serialiseRecord, type KeyRecord } from '../../../keys/record.ts';
import { KeyRegistry, REGISTRY_TRANSLATION, type ListPage } from '../../../keys/registry.ts';
import { RegistryStore } from '../../../keys/store.ts';
import { closedEndpoint, createClient, type Engine } from '../../support/engine.ts';
import { at, fullItem, INTERVAL_MS, makeKey, NOW_MS } from '../../support/keys.ts';
import { NO_WAIT } from '../../support/noWait.ts';
import { tracesOf } from '../../support/traces.ts';
import { describeFinding } from './findingContract.ts';
import { describeLookup } from './lookupContract.ts';
import { describeSchema } from './schemaContract.ts';
import { lookupOn, NO_IDS, Tables, UNKNOWN_ID, unreachableLookup, type Table } from './tableUnderTest.ts';

/** Describes Latchkey's requirements for DynamoDB, and how the store reads its responses. */
export function describeStore(name: string, start: () => Promise<Engine>): void {
  describe(name, () => {
    const tables = useTables(start);
    describeLookup(name, async () => {
      const { lookup, put, remove } = await tables.open();
      return { lookup, put: (record) => put(serialiseRecord(record)), remove, unreachable: await unreachableLookup() };
    });
    describeItems(tables.open);
    describeIssue(tables.open);
    describeRemoval(tables.open);
    describeList(tables.open);
    describeGet(tables.open);
    describeFinding(tables.open);
    describeSchema(tables.open);
  });
}

/** Describes some of the store's requirements on an engine. */
export function describeOn(
  name: string,
  start: () => Promise<Engine>,
  ...contracts: readonly ((open: () => Promise<Table>) => void)[]
): void {
  describe(name, () => {
    const { open } = useTables(start);
    for (const describeContract of contracts) describeContract(open);
  });
}

/** Starts the engine before the tests of the group, and stops it after them. */
function useTables(start: () => Promise<Engine>): { readonly open: () => Promise<Table> } {
  let engine: Engine;
  let tables: Tables;
  beforeAll(async () => {
    engine = await start();
    tables = new Tables(engine);
  }, 60_000);
  afterAll(async () => {
    tables?.close();
    await engine?.stop();
  });
  return { open: () => tables.open() };
}

const REQUIRED = ['id', 'label', 'createdAt', 'createdBy'];
/** The keys of the indexes. DynamoDB rejects NULL or another type in them. */
const INDEXED = new Set(['keyHash', 'id', 'owner', 'createdAt']);
const MISFITS: Readonly<Record<string, readonly unknown[]>> = {
  label: [7, true, null, ['x'], new Set(['x'])],
  keyPrefix: [7, ['x']],
  scopes: ['orders:read', [7], { 0: 'x' }, new Set(['orders:read'])],
  plan: [7, '', true, ['free'], new Set(['free'])],
  metadata: ['{}', [], new Set([1]), { inside: new Set(['x']) }, { inside: new Uint8Array([1]) }],
  createdBy: [7, null],
  lastUsedAt: [1_907_755_200, '2030-06-15', '2030-02-30T12:00:00.000Z', true],
  expiresAt: [1_907_755_200, '', 'never', { at: 1 }],
  disabledAt: [false, '2030-06-15T12:00:00Z'],
  disabledBy: [7],
  revokedAt: [false, 0],
  revokedBy: [7],
  revokedReason: [['leaked']],
  rotatedFrom: [7],
  rotatedTo: [7],
  purgeAfter: ['1900000000', [1]],
  version: ['4', -1, 1.5, true, [4]],
};

const FULL = fullItem();

function describeItems(open: () => Promise<Table>): void {
  describe('an item', () => {
    let table: Table;
    beforeAll(async () => {
      table = await open();
    });

    const putFull = async (changes: Record<string, unknown>) => {
      const { keyHash } = makeKey().record;
      const item = Object.entries({ ...FULL, keyHash, ...changes }).filter(([, value]) => value !== undefined);
      await table.put(Object.fromEntries(item));
      return keyHash;
    };

    test.each(REQUIRED)('causes a read to throw RECORD_CORRUPT if it lacks %s', async (attribute) => {
      const keyHash = await putFull({ [attribute]: undefined });
      await expect(table.lookup.get(keyHash)).rejects.toMatchObject({ code: 'RECORD_CORRUPT' });
    });

    test.each(Object.entries(MISFITS).flatMap(([name, values]) => values.map((value) => [name, value] as const)))(
      'causes a read to throw RECORD_CORRUPT if %s has another type: %p',
      async (attribute, value) => {
        const keyHash = await putFull({ [attribute]: value });
        await expect(table.lookup.get(keyHash)).rejects.toMatchObject({ code: 'RECORD_CORRUPT', keyId: FULL['id'] });
      },
    );

    test.each(Object.keys(MISFITS).filter((name) => !REQUIRED.includes(name)))(
      'results in a record without %s if the attribute is NULL',
      async (attribute) => {
        expect(INDEXED.has(attribute)).toBe(false);
        const { [attribute]: _, ...expected } = FULL;
        const keyHash = await putFull({ [attribute]: null });
        expect(await table.lookup.get(keyHash)).toEqual({ ...expected, keyHash });
      },
    );

    test('results in a record without an attribute of a later version', async () => {
      const keyHash = await putFull({ introducedLater: new Set([1]) });
      expect(await table.lookup.get(keyHash)).toEqual({ ...FULL, keyHash });
    });

    test('receives its next use if its last use is NULL', async () => {
      const keyHash = await putFull({ lastUsedAt: null });
      expect(await table.lookup.recordUse(keyHash, NOW_MS, NOW_MS - INTERVAL_MS)).toBe('written');
      expect(await table.item(keyHash)).toEqual({ ...FULL, keyHash, lastUsedAt: at(0) });
    });

    test('results in the number that JSON.parse returns if only DynamoDB stores the number exactly', async () => {
      const { record } = makeKey();
      const digits = '12345678901234567890123456789012345678';
      const texts = ['keyHash', 'id', 'label', 'createdAt', 'createdBy'] as const;
      const required = Object.fromEntries(texts.map((name) => [name, { S: record[name] }]));
      const metadata = { M: { long: { N: digits }, deep: { L: [{ N: `-0.${digits}` }, { N: '9.9e125' }] } } };
      await table.client.send(new PutItemCommand({ TableName: table.tableName, Item: { ...required, metadata } }));
      const found = await table.lookup.get(record.keyHash);
      expect(found?.metadata).toEqual({ long: Number(digits), deep: [Number(`-0.${digits}`), 9.9e125] });
    });
  });

  test('every call throws STORE_UNAVAILABLE with the error of the SDK if the table does not exist', async () => {
    const { client } = await open();
    const lookup = lookupOn(client, 'no-such-table');
    const { keyHash } = makeKey().record;
    const fault = { code: 'STORE_UNAVAILABLE', cause: { name: 'ResourceNotFoundException' } };
    await expect(lookup.get(keyHash)).rejects.toMatchObject(fault);
    await expect(lookup.recordUse(keyHash, NOW_MS, NOW_MS)).rejects.toMatchObject(fault);
    const documents = DynamoDBDocumentClient.from(client, REGISTRY_TRANSLATION);
    const registry = new KeyRegistry({ client: documents, tableName: 'no-such-table', actor: 'tests' });
    await expect(registry.issue({ label: 'ci' })).rejects.toMatchObject(fault);
    await expect(registry.list()).rejects.toMatchObject(fault);
    await expect(registry.get(UNKNOWN_ID)).rejects.toMatchObject(fault);
    await expect(registry.revoke(UNKNOWN_ID)).rejects.toMatchObject(fault);
  });

  test('every call of the registry throws STORE_UNAVAILABLE if the endpoint refuses connections', async () => {
    const client = createClient(await closedEndpoint());
    const documents = DynamoDBDocumentClient.from(client, REGISTRY_TRANSLATION);
    const registry = new KeyRegistry({ client: documents, tableName: 'keys', actor: 'tests' });
    const fault = { code: 'STORE_UNAVAILABLE', cause: expect.any(Error) };
    await expect(registry.issue({ label: 'ci' })).rejects.toMatchObject(fault);
    await expect(registry.list()).rejects.toMatchObject(fault);
    await expect(registry.get(UNKNOWN_ID)).rejects.toMatchObject(fault);
    await expect(registry.revoke(UNKNOWN_ID)).rejects.toMatchObject(fault);
  });
}

function describeIssue(open: () => Promise<Table>): void {
  describe('issue', () => {
    let table: Table;
    beforeEach(async () => {
      table = await open();
    });

    const NEW_KEY = {
      label: 'build server',
      owner: 'acme',
      scopes: ['orders:read', 'orders:write'],
      plan: 'free',
      metadata: { plan: 'pro', seats: 3, share: 0.1 + 0.2, big: 2 ** 60, nested: { list: [true, null, ''] } },
      expiresAt: '2031-01-31T13:00:00+01:00',
    };

    test('puts exactly the record it returns', async () => {
      const { record } = await table.registry.issue(NEW_KEY);
      expect(record).toMatchObject({ ...NEW_KEY, expiresAt: '2031-01-31T12:00:00.000Z', createdAt: at(0) });
      expect(await table.item(record.keyHash)).toEqual(record);
      expect(await table.lookup.get(record.keyHash)).toEqual(record);
    });

    test("doesn't write an attribute for an undefined field", async () => {
      const { record } = await table.registry.issue({
        label: 'ci',
        owner: undefined,
        scopes: undefined,
        plan: undefined,
      });
      const names = ['createdAt', 'createdBy', 'id', 'keyHash', 'keyPrefix', 'label'];
      expect(Object.keys((await table.item(record.keyHash)) as object).toSorted()).toEqual(names);
    });

    test('stores a prepared key only after a call of store', async () => {
      const issued = table.registry.prepare(NEW_KEY);
      expect(await table.items()).toEqual([]);
      await table.registry.store(issued);
      await table.registry.store(issued);
      expect(await table.items()).toEqual([issued.record]);
    });

    test('stores only the prefix of the secret', async () => {
      const { secret, record } = await table.registry.issue(NEW_KEY);
      const text = JSON.stringify(await table.items());
      expect(text).toContain(record.keyPrefix);
      expect(tracesOf([secret], text)).toEqual([]);
    });

    test('never overwrites a record with the same hash', async () => {
      beforePut(table, async (put) => {
        await put();
        for (const item of await table.items()) await table.put({ ...item, id: 'somebody else' });
      });
      await expect(table.registry.issue({ label: 'ci' })).rejects.toMatchObject({ code: 'CONFLICT' });
      expect(await table.items()).toEqual([expect.objectContaining({ id: 'somebody else' })]);
    });

    test('succeeds if the response to its put was lost and the SDK retried the put', async () => {
      beforePut(table, (put) => put());
      const { record } = await table.registry.issue({ label: 'ci' });
      expect(await table.items()).toEqual([record]);
    });

    test.each<[string, NewKey]>([
      ['an empty label', { label: '' }],
      ['an expiry in the past', { label: 'ci', expiresAt: at(0) }],
      ['a plan whose name has a space', { label: 'ci', plan: 'free plan' }],
      ['metadata of more than 1 KB', { label: 'ci', metadata: { x: 'x'.repeat(1100) } }],
      [
        "metadata with a name that confuses the SDK's class check",
        { label: 'ci', metadata: { a: { constructor: { name: 'String' } } } },
      ],
    ])('rejects %s without a write', async (_, newKey) => {
      await expect(table.registry.issue(newKey)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      expect(await table.items()).toEqual([]);
    });
  });
}

/** Runs a function before the next put reaches the DynamoDB engine, such as the same put. */
function beforePut({ documents }: Table, act: (put: () => Promise<unknown>) => Promise<unknown>): void {
  documents.middlewareStack.add(
    (next) => async (args) => {
      documents.middlewareStack.remove('beforePut');
      await act(() => next(args));
      return next(args);
    },
    { step: 'build', name: 'beforePut' },
  );
}

function describeRemoval(open: () => Promise<Table>): void {
  describe('removal', () => {
    test('deletes the item of a hash if the item has the id', async () => {
      const { item, put, store } = await openStore(open);
      const { record } = makeKey();
      await put(serialiseRecord(record));
      await store.remove(record.keyHash, record.id);
      expect(await item(record.keyHash)).toBeUndefined();
    });

    test.each([
      ['has another id', makeKey({ id: UNKNOWN_ID }).record],
      ["doesn't exist", undefined],
    ])('rejects the deletion of an item that %s', async (_, stored) => {
      const { items, put, store } = await openStore(open);
      const { record } = makeKey();
      if (stored !== undefined) await put(serialiseRecord({ ...stored, keyHash: record.keyHash }));
      const before = await items();
      await expect(store.remove(record.keyHash, record.id)).rejects.toMatchObject({ name: 'ConditionRefused' });
      expect(await items()).toEqual(before);
    });
  });
}

async function openStore(open: () => Promise<Table>): Promise<Table & { readonly store: RegistryStore }> {
  const table = await open();
  const { documents: client, tableName } = table;
  return { ...table, store: new RegistryStore({ client, tableName, retryOptions: NO_WAIT }) };
}

function describeList(open: () => Promise<Table>): void {
  describe('list', () => {
    let table: Table;
    beforeEach(async () => {
      table = await open();
    });

    const issue = async (count: number) => {
      const issued = await Promise.all(
        Array.from({ length: count }, (_, index) => table.registry.issue({ label: `key ${index}` })),
      );
      return issued.map(({ record }) => record);
    };
    const byHash = (records: readonly KeyRecord[]) => records.toSorted((a, b) => (a.keyHash < b.keyHash ? -1 : 1));
    const pagesOf = async (limit: number) => {
      const pages: ListPage[] = [];
      do pages.push(await table.registry.list({ limit, cursor: pages.at(-1)?.cursor }));
      while (pages.at(-1)?.cursor !== null);
      return pages;
    };

    test('returns an empty page without a cursor for an empty table', async () => {
      expect(await table.registry.list()).toEqual({ records: [], corrupt: [], cursor: null });
    });

    test.each([1, 4, 7, 24, 25, 26])('returns each of 25 keys once in pages of %d', async (limit) => {
      const records = await issue(25);
      const pages = await pagesOf(limit);
      expect(Math.max(...pages.map((page) => page.records.length))).toBeLessThanOrEqual(limit);
      expect(byHash(pages.flatMap((page) => page.records))).toEqual(byHash(records));
      expect(pages.flatMap((page) => page.corrupt)).toEqual([]);
    });

    test.each([false, true])('returns the same pages as `pages` with consistentRead: %s', async (consistentRead) => {
      const records = await issue(3);
      const listed: KeyRecord[] = [];
      for await (const page of table.registry.pages({ consistentRead })) listed.push(...page.records);
      expect(byHash(listed)).toEqual(byHash(records));
    });

    test('returns the other records if one is unreadable', async () => {
      const records = await issue(5);
      const { record: broken } = makeKey({ id: 'broken' });
      await table.put({ ...broken, label: 7 });
      const pages = await pagesOf(2);
      expect(byHash(pages.flatMap((page) => page.records))).toEqual(byHash(records));
      expect(pages.flatMap((page) => page.corrupt)).toEqual([
        expect.objectContaining({ code: 'RECORD_CORRUPT', keyId: 'broken' }),
      ]);
    });

    test('accepts a cursor whose key was deleted later', async () => {
      const records = await issue(6);
      const first = await table.registry.list({ limit: 3 });
      for (const { keyHash } of first.records) await table.remove(keyHash);
      const second = await table.registry.list({ cursor: first.cursor });
      expect(byHash([...first.records, ...second.records])).toEqual(byHash(records));
    });

    test.each(['x', '{"keyHash":"x"}', 'A'.repeat(42), 'A'.repeat(44), 'not a cursor, but as long as one is: 43 ch'])(
      'rejects a cursor that list didn’t return: %s',
      async (cursor) => {
        await expect(table.registry.list({ cursor })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      },
    );
  });
}

function describeGet(open: () => Promise<Table>): void {
  describe('get', () => {
    let table: Table;
    beforeAll(async () => {
      table = await open();
    });

    test('returns the record of an id', async () => {
      const [{ record }] = await Promise.all([
        table.registry.issue({ label: 'a' }),
        table.registry.issue({ label: 'b' }),
      ]);
      expect(await table.registry.get(record.id)).toEqual(record);
    });

    test('throws NOT_FOUND for an unknown id', async () => {
      const refusal = { code: 'NOT_FOUND', keyId: UNKNOWN_ID };
      await expect(table.registry.get(UNKNOWN_ID)).rejects.toMatchObject(refusal);
    });

    test("doesn't repeat an id that may be an external key in its error", async () => {
      const secret = '4f9c0d1e2b3a4f9c0d1e2b3a4f9c0d1e';
      for (const operation of ['get', 'getByIdStart'] as const) {
        const error = await table.registry[operation](secret).catch((error: unknown) => error);
        expect(error).toMatchObject({ code: 'NOT_FOUND', keyId: undefined });
        expect(String(error)).not.toContain(secret);
      }
    });

    test('repeats an id in its error if the id cannot be a key', async () => {
      for (const start of ['0f8c1a52-5b8e-4c56-9d2f', 'build-server']) {
        await expect(table.registry.getByIdStart(start)).rejects.toThrow(start);
      }
    });

    test.each(NO_IDS)('rejects %s instead of an id without repeating it', async (_, id) => {
      const error = await table.registry.get(id).catch((error: unknown) => error);
      expect(error).toMatchObject({ code: 'INPUT_INVALID' });
      if (id !== '') expect(String(error)).not.toContain(id);
    });
  });
}

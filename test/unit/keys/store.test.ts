import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { type Page, RegistryStore } from '../../../keys/store.ts';
import type { Item } from '../../../keys/tableCalls.ts';
import { type Answer, answeringClient, failure, REFUSED, type SentCall } from '../../support/answeringClient.ts';
import { answersInOrder } from '../../support/answersInOrder.ts';
import { makeKey } from '../../support/keys.ts';
import { NO_WAIT } from '../../support/noWait.ts';

const { keyHash } = makeKey().record;
const EMPTY: Answer = { body: {} };

const storeOn = (client: DynamoDBDocumentClient) =>
  new RegistryStore({ client, tableName: 'keys', retryOptions: NO_WAIT });

function answeredStore(...answers: readonly Answer[]) {
  const { client, sent } = answersInOrder(...answers);
  return { store: storeOn(client), sent };
}

const pageOf = (ids: readonly string[], lastId?: string): Answer => ({
  body: { Items: ids.map(textItem), ...(lastId === undefined ? {} : { LastEvaluatedKey: textItem(lastId) }) },
});

const textItem = (id: string) => ({ id: { S: id } });

const CALLS: readonly (readonly [string, string, (store: RegistryStore) => Promise<unknown>])[] = [
  ['read', 'read', (store) => store.read(keyHash)],
  ['put', 'write', (store) => store.put({ keyHash })],
  ['remove', 'deletion', (store) => store.remove(keyHash, 'a')],
  ['findHash', 'query', (store) => store.findHash('a', [])],
  ['findHashes', 'query', (store) => store.findHashes('a')],
  ['findIds', 'scan', (store) => store.findIds('abcd', 2)],
  ['scan', 'scan', (store) => store.scan({ limit: 2 })],
  ['queryOwner', 'query', (store) => store.queryOwner('acme', { limit: 2 })],
  ['readAll', 'read', (store) => store.readAll([keyHash], false)],
];

describe('each method of RegistryStore', () => {
  test.each(CALLS)(
    '%s throws STORE_UNAVAILABLE with the name of the operation if DynamoDB fails',
    async (_, operation, call) => {
      const { store } = answeredStore(failure('ResourceNotFoundException'));
      await expect(call(store)).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringMatching(new RegExp(`\\b${operation}\\b.*ResourceNotFoundException`)),
      });
    },
  );

  test.each(CALLS)('%s can be aborted', async (_, _operation, call) => {
    const signals: (AbortSignal | undefined)[] = [];
    const client = answeringClient((_call, signal) => {
      signals.push(signal);
      return EMPTY;
    });
    await call(storeOn(DynamoDBDocumentClient.from(client)));
    expect(signals).toEqual([expect.any(AbortSignal)]);
  });

  test.each<[string, (store: RegistryStore) => Promise<unknown>, unknown]>([
    ['read', (store) => store.read(keyHash), undefined],
    ['findHash', (store) => store.findHash('a', []), undefined],
    ['findHashes', (store) => store.findHashes('a'), []],
    ['findIds', (store) => store.findIds('abcd', 2), []],
    ['scan', (store) => store.scan({ limit: 2 }), { items: [], lastKey: undefined }],
    ['queryOwner', (store) => store.queryOwner('acme', { limit: 2 }), { items: [], lastKey: undefined }],
    ['readAll', (store) => store.readAll([keyHash], false), []],
  ])('%s returns an empty result for an empty response', async (_, call, expected) => {
    expect(await call(answeredStore(EMPTY).store)).toEqual(expected);
  });
});

test("a write throws ConditionRefused with the SDK's error as its cause if its condition check fails", async () => {
  await expect(answeredStore(REFUSED).store.put({ keyHash })).rejects.toMatchObject({
    name: 'ConditionRefused',
    wasSentAgain: false,
    cause: { name: 'ConditionalCheckFailedException' },
  });
});

test('a read of a record is strongly consistent', async () => {
  const { store, sent } = answeredStore(EMPTY);
  await store.read(keyHash);
  expect(sent).toEqual([
    { operation: 'GetItem', input: { TableName: 'keys', Key: { keyHash: { S: keyHash } }, ConsistentRead: true } },
  ]);
});

describe('findHash', () => {
  const entries = (...hashes: readonly string[]): Answer => ({
    body: { Items: hashes.map((hash) => ({ keyHash: { S: hash } })) },
  });

  test.each([
    ['an invalid keyHash', entries('none'), /\bsome-id\b.*\bkeyHash\b/],
    ['the id of another key', entries(keyHash, 'f'.repeat(64)), /\bsome-id\b.*\banother\b/],
  ])('throws RECORD_CORRUPT with the key and the reason for a record with %s', async (_, found, told) => {
    await expect(answeredStore(found).store.findHash('some-id')).rejects.toMatchObject({
      code: 'RECORD_CORRUPT',
      keyId: 'some-id',
      message: expect.stringMatching(told),
    });
  });

  test('reads the index twice more if the id is missing', async () => {
    const { store, sent } = answeredStore(entries(), entries(), entries(keyHash));
    expect(await store.findHash('some-id')).toBe(keyHash);
    expect(sent.map(({ operation }) => operation)).toEqual(['Query', 'Query', 'Query']);
  });
});

describe('findIds', () => {
  test.each<[string, readonly Answer[], readonly string[], number]>([
    [
      'continues until it has enough ids or has read the last page',
      [pageOf(['a1', 'a2'], 'a2'), pageOf(['a2'])],
      ['a1', 'a2'],
      2,
    ],
    ['stops reading pages if it has enough ids', [pageOf(['a1', 'a2', 'a3'], 'a3')], ['a1', 'a2', 'a3'], 1],
    [
      'returns at most as many ids as the limit',
      [pageOf(['a1'], 'a1'), pageOf(['a2', 'a3', 'a4'], 'a4')],
      ['a1', 'a2', 'a3'],
      2,
    ],
  ])('%s', async (_, pages, expected, calls) => {
    const { store, sent } = answeredStore(...pages);
    expect(await store.findIds('a', 3)).toEqual(expected);
    expect(sent).toHaveLength(calls);
  });

  test('resumes after the last id of the previous page', async () => {
    const { store, sent } = answeredStore(pageOf(['a1'], 'z'), EMPTY);
    await store.findIds('a', 2);
    expect(sent.map(startOf)).toEqual([undefined, { id: { S: 'z' } }]);
  });
});

const PAGES: readonly (readonly [string, (store: RegistryStore, startKey?: Item) => Promise<Page>])[] = [
  ['a page of all keys', (store, startKey) => store.scan({ limit: 2, startKey })],
  ["a page of an owner's keys", (store, startKey) => store.queryOwner('acme', { limit: 2, startKey })],
];

describe('RegistryStore', () => {
  test.each(PAGES)('%s contains a cursor from which the next page continues', async (_, read) => {
    const { store, sent } = answeredStore(pageOf(['a'], 'z'), EMPTY);
    const page = await read(store);
    expect(page).toEqual({ items: [{ id: 'a' }], lastKey: { id: 'z' } });
    await read(store, page.lastKey);
    expect(sent.map(startOf)).toEqual([undefined, { id: { S: 'z' } }]);
  });

  test('scan uses strongly consistent reads only if consistentRead is set', async () => {
    const { store, sent } = answeredStore(EMPTY, EMPTY);
    await store.scan({ limit: 2 });
    await store.scan({ limit: 2, consistentRead: true });
    expect(sent.map(({ input }) => input)).toEqual([
      { TableName: 'keys', Limit: 2, ConsistentRead: false },
      { TableName: 'keys', Limit: 2, ConsistentRead: true },
    ]);
  });
});

describe('readAll', () => {
  const HASHES = Array.from({ length: 12 }, (_, index) => index.toString(16).padStart(64, '0'));
  const asKeys = (hashes: readonly string[]) => hashes.map((hash) => ({ keyHash: { S: hash } }));
  const batch = (done: readonly string[], left: readonly string[]): Answer => ({
    body: { Responses: { keys: asKeys(done) }, UnprocessedKeys: { keys: { Keys: asKeys(left) } } },
  });

  test('continues while each read returns some of the keys', async () => {
    const answers = HASHES.map((hash, index) => batch([hash], HASHES.slice(index + 1)));
    const { store, sent } = answeredStore(...answers);
    expect(await store.readAll(HASHES, false)).toEqual(HASHES.map((hash) => ({ keyHash: hash })));
    expect(sent).toHaveLength(12);
  });

  test.each([true, false])('passes on the option consistentRead: %p', async (consistentRead) => {
    const { store, sent } = answeredStore(batch(HASHES.slice(1), HASHES.slice(0, 1)), batch(HASHES.slice(0, 1), []));
    await store.readAll(HASHES, consistentRead);
    expect(sent.map(({ input }) => input)).toMatchObject([
      { RequestItems: { keys: { ConsistentRead: consistentRead } } },
      { RequestItems: { keys: { ConsistentRead: consistentRead } } },
    ]);
  });

  test('throws an error with the number of missing keys after ten reads without a result', async () => {
    const left = HASHES.slice(0, 7);
    const { store, sent } = answeredStore(
      batch(HASHES.slice(7), left),
      ...Array.from({ length: 10 }, () => batch([], left)),
    );
    await expect(store.readAll(HASHES, false)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/\bread\b.*\b7\b/),
    });
    expect(sent).toHaveLength(11);
  });
});

function startOf({ input }: SentCall): unknown {
  return Object.entries(input).find(([name]) => name === 'ExclusiveStartKey')?.[1];
}

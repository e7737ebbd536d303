import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { KeyReader, LOOKUP_TRANSLATION } from '../../../keys/reader.ts';
import { answeringClient, failure, itemOnWire } from '../../support/answeringClient.ts';
import { makeKey, NOW_MS } from '../../support/keys.ts';

const { record } = makeKey();
const ITEM = itemOnWire(record);

function lookupWith(answer: Parameters<typeof answeringClient>[0], timeoutMs = 30_000): KeyReader {
  const client = DynamoDBDocumentClient.from(answeringClient(answer), LOOKUP_TRANSLATION);
  return new KeyReader({ client, tableName: 'keys', readTimeoutMs: timeoutMs, writeTimeoutMs: timeoutMs });
}

const find = (lookup: KeyReader) => lookup.get(record.keyHash);
const recordUse = (lookup: KeyReader) => lookup.recordUse(record.keyHash, NOW_MS, NOW_MS);

describe('KeyReader', () => {
  test('throws RECORD_CORRUPT with the id of the key if its record has another hash', async () => {
    const lookup = lookupWith(() => ({ body: { Item: { ...ITEM, keyHash: { S: 'f'.repeat(64) } } } }));
    await expect(find(lookup)).rejects.toMatchObject({
      code: 'RECORD_CORRUPT',
      keyId: record.id,
      message: expect.stringContaining(record.id),
    });
  });

  test('rounds a 38-digit number in the metadata like JSON.parse does', async () => {
    const LONG = '12345678901234567890123456789012345678';
    const metadata = { M: { long: { N: LONG }, short: { N: '3' } } };
    const lookup = lookupWith(() => ({ body: { Item: { ...ITEM, metadata } } }));
    expect(await find(lookup)).toEqual({
      ...record,
      metadata: { long: Number(LONG), short: 3 },
    });
  });

  test('reports a last-used write with a failed condition check as superseded', async () => {
    expect(await recordUse(lookupWith(() => failure('ConditionalCheckFailedException')))).toBe('superseded');
  });

  test.each<[string, (lookup: KeyReader) => Promise<unknown>]>([
    ['read', find],
    ['last-used write', recordUse],
  ])('throws STORE_UNAVAILABLE with the name of a %s that fails', async (operation, call) => {
    const name = 'ResourceNotFoundException';
    await expect(call(lookupWith(() => failure(name)))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(new RegExp(`${operation}.*${name}`)),
      cause: { name },
    });
  });

  test.each<[string, (lookup: KeyReader) => Promise<unknown>]>([
    ['read', find],
    ['last-used write', recordUse],
  ])('aborts a %s that takes too long', async (_, call) => {
    const signals: (AbortSignal | undefined)[] = [];
    const lookup = lookupWith((_call, signal) => {
      signals.push(signal);
      return new Promise<never>(() => {});
    }, 50);
    await expect(call(lookup)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', cause: { name: 'TimeoutError' } });
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
  });
});

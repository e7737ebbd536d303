import { beforeAll, describe, expect, test } from '@jest/globals';
import type { LatchkeyError } from '../../../keys/errors.ts';
import { serialiseRecord, type KeyRecord } from '../../../keys/record.ts';
import type { KeyRegistry, ListPage } from '../../../keys/registry.ts';
import { ANY_KEY, generateSecret, hashSecret, parseSecret, type KeySecret } from '../../../keys/secret.ts';
import { MAX_TRIES } from '../../../keys/dynamodb.ts';
import type { DynamoDbProxyOptions } from '../../support/dynamoDbProxy.ts';
import { at, makeKey, MINUTE_MS } from '../../support/keys.ts';
import { NO_WAIT } from '../../support/noWait.ts';
import { windowsOf } from '../../support/traces.ts';
import { answer, NO_IDS, throttle, withProxy, type Table } from './tableUnderTest.ts';

/** Describes how the registry finds keys: by their secret, by a prefix of an id, by owner and by state. */
export function describeFinding(open: () => Promise<Table>): void {
  describeFind(open);
  describeGetByIdStart(open);
  describeOwner(open);
  describeRecords(open);
  describeThrottling(open);
}

function describeFind(open: () => Promise<Table>): void {
  describe('find', () => {
    let table: Table;
    beforeAll(async () => {
      table = await open();
    });

    test('returns the record of a raw key in any state', async () => {
      const { secret, record } = await table.registry.issue({ label: 'ci' });
      expect(await table.registry.find(secret)).toEqual(record);
      const revoked = await table.registry.revoke(record.id);
      expect(await table.registry.find(secret)).toEqual(revoked);
    });

    test('returns the record of an external key', async () => {
      const secret = parseSecret('0123456789abcdef', ANY_KEY) as KeySecret;
      const { record } = makeKey({ keyHash: hashSecret(secret) });
      await table.put(serialiseRecord(record));
      expect(await table.registry.find(secret)).toEqual(record);
    });

    test('returns undefined for a key that is not in the table', async () => {
      expect(await table.registry.find(generateSecret('sk_'))).toBeUndefined();
    });

    test.each(['', 'too short', 'x'.repeat(15), 'x'.repeat(1025), 'with a space inside', 'ümlautümlautümlaut'])(
      "returns undefined without a call because %p can't be a key",
      async (text) => {
        await withProxy(table, {}, async (registry, proxy) => {
          expect(await registry.find(text)).toBeUndefined();
          expect(proxy.requests).toEqual([]);
        });
      },
    );

    test('throws RECORD_CORRUPT without a part of the key if the record is unreadable', async () => {
      const { secret, record } = makeKey({ id: 'broken' });
      await table.put({ ...serialiseRecord(record), label: 7 });
      const error: unknown = await table.registry.find(secret).catch((error: unknown) => error);
      expect(error).toMatchObject({ code: 'RECORD_CORRUPT', keyId: 'broken' });
      for (const window of windowsOf(secret)) expect(String(error)).not.toContain(window);
    });
  });
}

function describeGetByIdStart(open: () => Promise<Table>): void {
  describe('getByIdStart', () => {
    let table: Table;
    const ids = ['aaaa-1', 'aaaa-1-longer', 'aaab', 'ab', ...[1, 2, 3, 4, 5, 6, 7].map((n) => `many-${n}`)];
    beforeAll(async () => {
      table = await open();
      for (const id of ids) await table.put(serialiseRecord(makeKey({ id }).record));
    });

    test('throws AMBIGUOUS_ID for an id that is a prefix of another id', async () => {
      const error: unknown = await table.registry.getByIdStart('aaaa-1').catch((error: unknown) => error);
      expect(error).toMatchObject({ code: 'AMBIGUOUS_ID', keyId: 'aaaa-1' });
      for (const id of ['aaaa-1,', 'aaaa-1-longer']) expect(String(error)).toContain(id);
      expect(await table.registry.get('aaaa-1')).toMatchObject({ id: 'aaaa-1' });
    });

    test('throws AMBIGUOUS_ID for an id that is a prefix of a UUID', async () => {
      const { record } = await table.registry.issue({ label: 'ci' });
      const start = record.id.slice(0, 8);
      await table.put(serialiseRecord(makeKey({ id: start }).record));
      await expect(table.registry.getByIdStart(start)).rejects.toMatchObject({ code: 'AMBIGUOUS_ID' });
      expect(await table.registry.getByIdStart(record.id)).toEqual(record);
    });

    test('returns the record of a whole id even if the id is short', async () => {
      expect(await table.registry.getByIdStart('ab')).toMatchObject({ id: 'ab' });
      const { record } = await table.registry.issue({ label: 'ci' });
      expect(await table.registry.getByIdStart(record.id)).toEqual(record);
    });

    test('returns the record of the only id with this prefix', async () => {
      const { record } = await table.registry.issue({ label: 'ci' });
      expect(await table.registry.getByIdStart(record.id.slice(0, 9))).toEqual(record);
      expect(await table.registry.getByIdStart('aaaa-1-')).toMatchObject({ id: 'aaaa-1-longer' });
    });

    test('throws AMBIGUOUS_ID with the ids if several have this prefix', async () => {
      const error: unknown = await table.registry.getByIdStart('aaaa').catch((error: unknown) => error);
      expect(error).toMatchObject({ code: 'AMBIGUOUS_ID' });
      for (const id of ['aaaa-1', 'aaaa-1-longer']) expect(String(error)).toContain(id);
    });

    test('throws AMBIGUOUS_ID with five ids if many have this prefix', async () => {
      const error: unknown = await table.registry.getByIdStart('many').catch((error: unknown) => error);
      expect(error).toMatchObject({ code: 'AMBIGUOUS_ID' });
      expect(String(error).match(/many-\d/g)).toHaveLength(5);
    });

    test('throws NOT_FOUND if no id has this prefix', async () => {
      await expect(table.registry.getByIdStart('zzzz')).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(table.registry.getByIdStart('AAAB')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    test.each([...NO_IDS, ['three characters', 'aaa'] as const])('rejects %s instead of a prefix', async (_, start) => {
      await expect(table.registry.getByIdStart(start)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    });
  });
}

function describeOwner(open: () => Promise<Table>): void {
  describe('list with an owner', () => {
    let table: Table;
    let own: readonly KeyRecord[];
    beforeAll(async () => {
      table = await open();
      const issued = Array.from({ length: 105 }, (_, index) => {
        const { record } = makeKey({ id: `own-${index}`, owner: 'acme', createdAt: at(index * MINUTE_MS) });
        return record;
      });
      own = issued;
      const others = [
        makeKey({ id: 'other', owner: 'acme corp' }),
        makeKey({ id: 'nobody' }),
        makeKey({ id: 'case', owner: 'ACME' }),
      ];
      await Promise.all(
        [...issued, ...others.map(({ record }) => record)].map((record) => table.put(serialiseRecord(record))),
      );
    });

    const pagesOf = async (registry: KeyRegistry, limit?: number) => {
      const pages: ListPage[] = [];
      for await (const page of registry.pages({ owner: 'acme', limit })) pages.push(page);
      return pages;
    };

    test.each([7, 100, 105, undefined])(
      'returns each key once from the oldest to the newest in pages of %p',
      async (limit) => {
        const pages = await pagesOf(table.registry, limit);
        expect(pages.flatMap(({ records }) => records)).toEqual(own);
        expect(Math.max(...pages.map(({ records }) => records.length))).toBeLessThanOrEqual(limit ?? 1000);
      },
    );

    test.each([1, 4, 50])('returns each key that passes a filter once in full pages of %p', async (limit) => {
      const passing = own.filter((_, index) => index % 3 === 0);
      const ids = new Set(passing.map(({ id }) => id));
      const pages: ListPage[] = [];
      const filter = ({ id }: KeyRecord) => ids.has(id);
      for await (const page of table.registry.pages({ owner: 'acme', limit, filter })) pages.push(page);
      expect(pages.flatMap(({ records }) => records)).toEqual(passing);
      expect(pages.slice(0, -1).every(({ records }) => records.length === limit)).toBe(true);
    });

    test('returns an empty page for an owner without keys', async () => {
      expect(await table.registry.list({ owner: 'nobody here' })).toEqual({ records: [], corrupt: [], cursor: null });
    });

    test('rejects a cursor of another list', async () => {
      const { cursor } = await table.registry.list({ owner: 'acme', limit: 1 });
      const { cursor: ofAll } = await table.registry.list({ limit: 1 });
      expect(cursor).not.toBeNull();
      const refusal = { code: 'INPUT_INVALID' };
      await expect(table.registry.list({ owner: 'acme corp', cursor })).rejects.toMatchObject(refusal);
      await expect(table.registry.list({ cursor })).rejects.toMatchObject(refusal);
      await expect(table.registry.list({ owner: 'acme', cursor: ofAll })).rejects.toMatchObject(refusal);
      await expect(table.registry.list({ owner: 'acme', cursor: 'A'.repeat(90) })).rejects.toMatchObject(refusal);
    });

    test.each([0, 1001, 1.5, Number.NaN])('rejects a limit of %p', async (limit) => {
      await expect(table.registry.list({ owner: 'acme', limit })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    });

    test('leaves out keys that were deleted or got another owner since the index was written', async () => {
      const [gone, moved] = [makeKey({ id: 'gone' }).record, makeKey({ id: 'moved', owner: 'others' }).record];
      await table.put(serialiseRecord(moved));
      const intercept: DynamoDbProxyOptions['intercept'] = (operation, response) => {
        if (operation !== 'Query') return false;
        const Items = [gone, ...own.slice(0, 2), moved].map(({ keyHash }) => ({ keyHash: { S: keyHash } }));
        return answer(response, { Items, Count: Items.length });
      };
      await withProxy(table, { intercept }, async (registry) => {
        expect(await registry.list({ owner: 'acme' })).toMatchObject({ records: own.slice(0, 2), corrupt: [] });
      });
    });

    test('returns the other records if one is unreadable', async () => {
      const { record: broken } = makeKey({ id: 'broken', owner: 'acme' });
      await table.put({ ...serialiseRecord(broken), label: 7 });
      const { records, corrupt } = await table.registry.list({ owner: 'acme' });
      await table.remove(broken.keyHash);
      expect(records).toEqual(own);
      expect(corrupt).toEqual([expect.objectContaining({ code: 'RECORD_CORRUPT', keyId: 'broken' })]);
    });

    test('retries unprocessed keys until all are processed', async () => {
      let left = 4;
      const intercept = (operation: string, response: Parameters<typeof answer>[0], body: string): boolean => {
        if (operation !== 'BatchGetItem' || left-- <= 0) return false;
        return answer(response, { Responses: {}, UnprocessedKeys: JSON.parse(body).RequestItems });
      };
      const waits: number[] = [];
      const retryOptions = { sleep: async (ms: number) => waits.push(ms), random: () => 0.5 };
      await withProxy(table, { intercept, registry: { retryOptions } }, async (registry, proxy) => {
        expect((await registry.list({ owner: 'acme' })).records).toEqual(own);
        expect(proxy.of('BatchGetItem')).toHaveLength(4 + 2);
        expect(waits).toEqual([50, 100, 200, 400]);
      });
    });

    test('throws an error if keys are never processed', async () => {
      const intercept = (operation: string, response: Parameters<typeof answer>[0], body: string): boolean =>
        operation === 'BatchGetItem' &&
        answer(response, { Responses: {}, UnprocessedKeys: JSON.parse(body).RequestItems });
      await withProxy(table, { intercept, registry: { retryOptions: NO_WAIT } }, async (registry) => {
        await expect(registry.list({ owner: 'acme' })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      });
    });
  });
}

function describeRecords(open: () => Promise<Table>): void {
  describe('records', () => {
    let table: Table;
    const states = {
      active: [{}, { expiresAt: at(1) }],
      revoked: [{ revokedAt: at(-1), disabledAt: at(-1) }],
      expired: [{ expiresAt: at(0) }, { expiresAt: at(-1), disabledAt: at(-1) }],
      disabled: [{ disabledAt: at(-1) }],
    } as const;
    beforeAll(async () => {
      table = await open();
      for (const [state, variants] of Object.entries(states)) {
        for (const [index, fields] of variants.entries()) {
          const { record } = makeKey({ id: `${state}-${index}`, owner: `owner ${index}`, ...fields });
          await table.put(serialiseRecord(record));
        }
      }
      await table.put({ ...serialiseRecord(makeKey({ id: 'broken' }).record), label: 7 });
    });

    const idsOf = async (options: Parameters<KeyRegistry['records']>[0]) => {
      const ids: string[] = [];
      for await (const { id } of table.registry.records(options)) ids.push(id);
      return ids.toSorted();
    };

    test.each(Object.entries(states))('yields only the keys in the state %s', async (state, variants) => {
      const expected = variants.map((_, index) => `${state}-${index}`);
      expect(await idsOf({ state: state as keyof typeof states })).toEqual(expected);
    });

    test('yields the keys of an owner in a state', async () => {
      expect(await idsOf({ owner: 'owner 1', state: 'expired' })).toEqual(['expired-1']);
      expect(await idsOf({ owner: 'owner 1' })).toEqual(['active-1', 'expired-1']);
    });

    test('continues after it reports an unreadable record', async () => {
      const corrupt: LatchkeyError[] = [];
      expect(await idsOf({ onCorrupt: (error) => corrupt.push(error), consistentRead: true })).toHaveLength(6);
      expect(corrupt).toEqual([expect.objectContaining({ code: 'RECORD_CORRUPT', keyId: 'broken' })]);
      expect(await idsOf({})).toHaveLength(6);
    });
  });
}

function describeThrottling(open: () => Promise<Table>): void {
  describe('the registry', () => {
    let table: Table;
    beforeAll(async () => {
      table = await open();
    });

    /** Throttles the given number of first calls. */
    const throttleFirst = (calls: number): NonNullable<DynamoDbProxyOptions['intercept']> => {
      let left = calls;
      return (_, response) => left-- > 0 && throttle(response);
    };

    test('retries a throttled call after random waits below a limit that doubles', async () => {
      const waits: number[] = [];
      const retryOptions = { sleep: async (ms: number) => waits.push(ms), random: () => 0.5 };
      const options = { intercept: throttleFirst(8), attempts: 1, registry: { retryOptions } };
      await withProxy(table, options, async (registry) => {
        const { record } = await registry.issue({ label: 'ci' });
        expect(await table.item(record.keyHash)).toEqual(record);
        expect(waits).toEqual([25, 50, 100, 200, 400, 800, 1500, 1500]);
      });
    });

    test('throws STORE_UNAVAILABLE if a call is throttled every time', async () => {
      const options = { intercept: throttleFirst(1000), attempts: 1, registry: { retryOptions: NO_WAIT } };
      await withProxy(table, options, async (registry, proxy) => {
        const fault = { code: 'STORE_UNAVAILABLE', cause: { name: 'ProvisionedThroughputExceededException' } };
        await expect(registry.list()).rejects.toMatchObject(fault);
        expect(proxy.requests).toHaveLength(MAX_TRIES);
      });
    });
  });
}

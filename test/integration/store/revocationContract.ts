import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { serialiseRecord, type KeyRecord } from '../../../keys/record.ts';
import { KeyRegistry } from '../../../keys/registry.ts';
import type { DynamoDbProxy, DynamoDbProxyOptions } from '../../support/dynamoDbProxy.ts';
import { at, CHANGED, INTERVAL_MS, makeKey, MINUTE_MS, NOW_MS } from '../../support/keys.ts';
import { afterFirst, NO_IDS, UNKNOWN_ID, withProxy, type ProxyOptions, type Table } from './tableUnderTest.ts';

/** Describes `revoke`. */
export function describeRevocation(open: () => Promise<Table>): void {
  describe('revoke', () => {
    let table: Table;
    beforeEach(async () => {
      table = await open();
    });

    const putKey = async (fields: Record<string, unknown> = {}): Promise<KeyRecord> => {
      const { record } = makeKey({ id: randomUUID() });
      await table.put({ ...serialiseRecord(record), ...fields });
      return record;
    };
    /** Creates a registry with its own actor and clock. The defaults are those of `table.registry`. */
    const registryOf = (actor = 'tests', nowMs = NOW_MS, client = table.documents) =>
      new KeyRegistry({ client, tableName: table.tableName, actor, now: () => nowMs });
    const throughProxy = (
      options: ProxyOptions,
      work: (registry: KeyRegistry, proxy: DynamoDbProxy) => Promise<void>,
    ) => withProxy(table, options, work);

    const REVOCATION = {
      revokedAt: at(0),
      revokedBy: 'tests',
      purgeAfter: NOW_MS / 1000 + 90 * 86_400,
      ...CHANGED,
      version: 1,
    };

    test('stores the time, the actor and a deletion after 90 days', async () => {
      const { record } = await table.registry.issue({ label: 'ci', owner: 'acme', metadata: { seats: 3 } });
      const revoked = await table.registry.revoke(record.id);
      expect(revoked).toEqual({ ...record, ...REVOCATION });
      expect(await table.items()).toEqual([revoked]);
      expect(await table.lookup.get(record.keyHash)).toEqual(revoked);
    });

    test.each([
      ['one character', 'x'],
      ['a sentence', 'found in a public repository'],
      ['256 characters', 'é'.repeat(256)],
    ])('stores a reason of %s', async (_, reason) => {
      const record = await putKey();
      const revoked = await table.registry.revoke(record.id, { reason });
      expect(revoked).toEqual({ ...record, ...REVOCATION, revokedReason: reason });
      expect(await table.items()).toEqual([revoked]);
    });

    test.each([
      ['empty', ''],
      ['too long', 'x'.repeat(257)],
      ['half of a character', '\ud800'],
    ])('rejects a reason that is %s without a write', async (_, reason) => {
      const record = await putKey();
      await expect(table.registry.revoke(record.id, { reason })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      expect(await table.items()).toEqual([record]);
    });

    test.each(NO_IDS)('rejects %s instead of an id', async (_, id) => {
      await expect(table.registry.revoke(id)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    });

    test('rejects an unknown id without creating an item', async () => {
      const record = await putKey();
      const refusal = { code: 'NOT_FOUND', keyId: UNKNOWN_ID };
      await expect(table.registry.revoke(UNKNOWN_ID)).rejects.toMatchObject(refusal);
      expect(await table.items()).toEqual([record]);
    });

    test('rejects a second call without a change to the first revocation', async () => {
      const { id } = await putKey();
      const revoked = await table.registry.revoke(id, { reason: 'leaked' });
      const refusal = { code: 'ALREADY_REVOKED', keyId: id };
      await expect(table.registry.revoke(id, { reason: 'leaked' })).rejects.toMatchObject(refusal);
      await expect(registryOf('others', NOW_MS + 1).revoke(id)).rejects.toMatchObject(refusal);
      expect(await table.items()).toEqual([revoked]);
    });

    test.each([
      ['by different actors', (index: number) => registryOf(`actor ${index}`, NOW_MS + index)],
      ['by one actor within one millisecond', () => registryOf()],
    ])('succeeds once if it is called 20 times at the same time %s', async (_, registryAt) => {
      const { id } = await putKey();
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => registryAt(index).revoke(id)));
      const [winner, ...others] = outcomes.filter(({ status }) => status === 'fulfilled');
      expect(others).toEqual([]);
      const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []));
      expect(refused).toEqual(Array.from({ length: 19 }, () => 'ALREADY_REVOKED'));
      expect(await table.items()).toEqual([winner?.status === 'fulfilled' ? winner.value : undefined]);
    });

    test.each([
      ['disabled', { disabledAt: at(-1), disabledBy: 'ops' }],
      ['expired', { expiresAt: at(-MINUTE_MS), purgeAfter: NOW_MS / 1000 - 60 + 90 * 86_400 }],
      ['going to expire in years', { expiresAt: at(1e11), purgeAfter: NOW_MS / 1000 + 1e8 + 90 * 86_400 }],
      ['rotated', { rotatedTo: UNKNOWN_ID }],
    ])('schedules a deletion 90 days after the revocation for a key that is %s', async (_, fields) => {
      const record = await putKey(fields);
      expect(await table.registry.revoke(record.id)).toEqual({ ...record, ...fields, ...REVOCATION });
    });

    test('revokes a key whose revokedAt is NULL', async () => {
      const record = await putKey({ revokedAt: null, revokedReason: 'an old reason' });
      expect(await table.registry.revoke(record.id)).toEqual({ ...record, ...REVOCATION });
      expect(await table.item(record.keyHash)).not.toHaveProperty('revokedReason');
    });

    test('keeps a last use that is written at the same time', async () => {
      const records = await Promise.all(Array.from({ length: 10 }, () => putKey()));
      await Promise.all(
        records.flatMap(({ id, keyHash }) => [
          table.lookup.recordUse(keyHash, NOW_MS, NOW_MS - INTERVAL_MS),
          table.registry.revoke(id),
        ]),
      );
      for (const record of records) {
        const both = { ...record, ...REVOCATION, lastUsedAt: at(0) };
        expect(await table.item(record.keyHash)).toEqual(both);
      }
    });

    test('succeeds if the response was lost and the SDK retried the request', async () => {
      const record = await putKey();
      const beforeAnswer = afterFirst('UpdateItem', (response) => response.destroy());
      await throughProxy({ beforeAnswer }, async (registry, proxy) => {
        const revoked = await registry.revoke(record.id, { reason: 'leaked' });
        expect(revoked).toEqual({ ...record, ...REVOCATION, revokedReason: 'leaked' });
        expect(proxy.of('UpdateItem').map(({ status }) => status)).toEqual([200, 400]);
      });
    });

    test('rejects the SDK’s retry if another caller made the revocation', async () => {
      const { id } = await putKey();
      let isDown = true;
      const intercept: DynamoDbProxyOptions['intercept'] = (operation, response) => {
        if (operation !== 'UpdateItem' || !isDown) return false;
        isDown = false;
        void registryOf('others')
          .revoke(id)
          .finally(() => response.destroy());
        return true;
      };
      await throughProxy({ intercept }, async (registry) => {
        await expect(registry.revoke(id)).rejects.toMatchObject({ code: 'ALREADY_REVOKED' });
        expect(await table.items()).toEqual([expect.objectContaining({ revokedBy: 'others' })]);
      });
    });

    test('queries the index again until it contains the key', async () => {
      const { id } = await putKey();
      let lags = 2;
      const intercept: DynamoDbProxyOptions['intercept'] = (operation, response) => {
        if (operation !== 'Query' || lags-- <= 0) return false;
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{"Items":[],"Count":0}');
        return true;
      };
      await throughProxy({ intercept }, async (registry, proxy) => {
        expect(await registry.revoke(id)).toMatchObject(REVOCATION);
        expect(proxy.of('Query')).toHaveLength(3);
      });
    });

    test("doesn't restore a key that was deleted during the call", async () => {
      const { id, keyHash } = await putKey();
      const intercept: DynamoDbProxyOptions['intercept'] = (operation, response) => {
        if (operation !== 'Query') return false;
        const Items = [{ keyHash: { S: keyHash }, id: { S: id } }];
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify({ Items }));
        return true;
      };
      await table.remove(keyHash);
      await throughProxy({ intercept }, async (registry) => {
        await expect(registry.revoke(id)).rejects.toMatchObject({ code: 'NOT_FOUND', keyId: id });
        await expect(registry.get(id)).rejects.toMatchObject({ code: 'NOT_FOUND', keyId: id });
      });
      expect(await table.items()).toEqual([]);
    });

    test('throws CONFLICT if the record meets the condition again after a failed condition check', async () => {
      const record = await putKey({ revokedAt: at(-1) });
      const beforeAnswer = afterFirst('UpdateItem', () => table.put(serialiseRecord(record)));
      await throughProxy({ beforeAnswer }, async (registry) => {
        await expect(registry.revoke(record.id)).rejects.toMatchObject({ code: 'CONFLICT', keyId: record.id });
      });
    });

    test('throws RECORD_CORRUPT without a change if two records have the id', async () => {
      const first = await putKey();
      const second = await putKey({ id: first.id });
      const fault = { code: 'RECORD_CORRUPT', keyId: first.id };
      await expect(table.registry.revoke(first.id)).rejects.toMatchObject(fault);
      await expect(table.registry.get(first.id)).rejects.toMatchObject(fault);
      for (const { keyHash } of [first, second]) expect(await table.item(keyHash)).not.toHaveProperty('revokedAt');
    });

    test('throws RECORD_CORRUPT after it revokes an unreadable record', async () => {
      const { id, keyHash } = await putKey({ label: 7 });
      await expect(table.registry.revoke(id)).rejects.toMatchObject({ code: 'RECORD_CORRUPT', keyId: id });
      expect(await table.item(keyHash)).toMatchObject(REVOCATION);
    });
  });
}

import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { KeyRegistry } from '../../../keys/registry.ts';
import { at, CHANGED, NOW_MS } from '../../support/keys.ts';
import { LimitsTableUnderTest } from '../../support/limitsTableUnderTest.ts';
import { answer, beforeUpdate, putKey, UNKNOWN_ID, withProxy, type Table } from './tableUnderTest.ts';

/** Describes `limits` and `resetLimits`. */
export function describeKeyLimits(open: () => Promise<Table>): void {
  describe('the limits of a key', () => {
    let table: Table;
    let limits: LimitsTableUnderTest;
    let registry: KeyRegistry;
    beforeEach(async () => {
      table = await open();
      limits = await LimitsTableUnderTest.create(table.documents, `limits-${randomUUID()}`);
      registry = registryWith();
    });

    const registryWith = (now = () => NOW_MS) => {
      const { documents: client, tableName } = table;
      return new KeyRegistry({ client, tableName, limitsTableName: limits.tableName, actor: 'tests', now });
    };
    const TODAY = { period: 'day', startsAt: '2030-06-15T00:00:00.000Z', resetsAt: '2030-06-16T00:00:00.000Z' };
    const THIS_MONTH = { period: 'month', startsAt: '2030-06-01T00:00:00.000Z', resetsAt: '2030-07-01T00:00:00.000Z' };
    const THIS_MINUTE = { period: 'minute', startsAt: at(0), resetsAt: at(60_000) };

    test('are found for each of the requests that count together, whatever the period is', async () => {
      const { id } = await putKey(table, { plan: 'free', owner: 'acme' });
      await limits.putQuota({ who: `key/${id}`, granted: 188 });
      await limits.putQuota({ who: 'owner/free/acme', granted: 3, limit: 2, period: 'month' });
      await limits.putQuota({ who: 'plan/free', granted: 1, period: 'minute' });
      await limits.putThrottle('plan/free', NOW_MS + 400);
      expect(await registry.limits(id)).toEqual({
        id,
        plan: 'free',
        quotas: [
          { ...TODAY, per: 'key', plan: 'free', limit: 1000, used: 188, remaining: 812 },
          { ...THIS_MONTH, per: 'owner', plan: 'free', limit: 2, used: 3, remaining: 0 },
          { ...THIS_MINUTE, per: 'plan', plan: 'free', limit: 1000, used: 1, remaining: 999 },
        ],
        throttles: [{ per: 'plan', rateLimit: 5, burstLimit: 10, remaining: 8 }],
      });
    });

    test('are those of the first key after rotations', async () => {
      const root = await putKey(table, { plan: 'free' });
      const { record: second } = await registry.rotate(root.id, { graceSeconds: 0 });
      const { record: third } = await registry.rotate(second.id, { graceSeconds: 0 });
      await limits.putQuota({ who: `key/${root.id}`, granted: 5 });
      for (const { id } of [root, second, third]) {
        expect((await registry.limits(id)).quotas).toMatchObject([{ used: 5 }]);
      }
    });

    test('are empty for a key without a plan, and for a plan that was not used in this window', async () => {
      const { id } = await putKey(table);
      const unused = await putKey(table, { plan: 'free' });
      const subject = await limits.putQuota({ who: `key/${unused.id}`, granted: 5 });
      expect(subject).toContain('2030-06-15');
      const tomorrow = registryWith(() => NOW_MS + 86_400_000);
      expect(await registry.limits(id)).toEqual({ id, plan: undefined, quotas: [], throttles: [] });
      expect(await tomorrow.limits(unused)).toEqual({ id: unused.id, plan: 'free', quotas: [], throttles: [] });
    });

    test('are rejected without a table of limits, for an unknown key, and for an unreadable count', async () => {
      const { id } = await putKey(table, { plan: 'free' });
      await expect(table.registry.limits(id)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
      await expect(table.registry.resetLimits({ id })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
      await expect(registry.limits(UNKNOWN_ID)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      const subject = await limits.putQuota({ who: `key/${id}`, granted: 5 });
      await limits.put({ subject, granted: 'many' });
      await expect(registry.limits(id)).rejects.toMatchObject({ code: 'RECORD_CORRUPT', keyId: id });
      // A reset repairs the count.
      expect(await registry.resetLimits({ id })).toMatchObject({ records: [{ id }], quotas: [] });
      expect(await limits.item(subject)).toMatchObject({ granted: 0 });
    });

    test('begin again after a reset of the key, which stores its time and keeps what explains the items', async () => {
      const record = await putKey(table, { plan: 'free', owner: 'acme', disabledAt: at(-1), version: 4 });
      const quota = await limits.putQuota({ who: `key/${record.id}`, granted: 1000 });
      const shared = await limits.putQuota({ who: 'owner/free/acme', granted: 7, period: 'hour' });
      const throttle = await limits.putThrottle(`key/${record.id}`, NOW_MS + 9000);
      const before = { quota: await limits.item(quota), throttle: await limits.item(throttle) };
      const reset = await registry.resetLimits({ id: record.id });
      expect(reset.records).toEqual([{ ...record, limitsResetAt: at(0), ...CHANGED, version: 5 }]);
      expect(reset.quotas.map(({ per, used }) => [per, used])).toEqual([
        ['key', 1000],
        ['owner', 7],
      ]);
      expect(await table.item(record.keyHash)).toEqual(reset.records[0]);
      expect(await limits.item(quota)).toEqual({ ...before.quota, granted: 0 });
      expect(await limits.item(shared)).toMatchObject({ granted: 0 });
      const { tat: _, ...kept } = before.throttle ?? {};
      expect(await limits.item(throttle)).toEqual(kept);
      expect((await registry.limits(record.id)).throttles).toMatchObject([{ remaining: 10 }]);
    });

    test('begin again for the keys that still work in a grace period, because they share the count', async () => {
      const first = await putKey(table, { plan: 'free' });
      const { record: second } = await registry.rotate(first.id, { graceSeconds: 0 });
      const { record: third } = await registry.rotate(second.id, { graceSeconds: 3600 });
      const subject = await limits.putQuota({ who: `key/${first.id}`, granted: 1000 });
      for (const id of [third.id, second.id]) {
        const { records, quotas } = await registry.resetLimits({ id });
        expect(records[0]).toMatchObject({ id, limitsResetAt: at(0) });
        expect(records.map((record) => record.id).toSorted()).toEqual([second.id, third.id].toSorted());
        expect(quotas).toHaveLength(1);
      }
      expect(await limits.item(subject)).toMatchObject({ granted: 0 });
      await registry.revoke(second.id);
      expect((await registry.resetLimits({ id: third.id })).records).toMatchObject([{ id: third.id }]);
    });

    test("begin again after a reset of the owner, for each active key on a plan, but not for other owners' keys", async () => {
      const owner = 'acme';
      const keys = [await putKey(table, { owner, plan: 'free' }), await putKey(table, { owner, plan: 'pro' })];
      await putKey(table, { owner, plan: 'free', revokedAt: at(-1) });
      await putKey(table, { owner, plan: 'free', expiresAt: at(-1) });
      await putKey(table, { owner });
      const other = await putKey(table, { owner: 'globex', plan: 'free' });
      const reset = [
        await limits.putQuota({ who: `key/${keys[0]?.id}`, granted: 1 }),
        await limits.putQuota({ who: 'owner/free/acme', granted: 2 }),
        await limits.putQuota({ who: 'owner/pro/acme', granted: 3, plan: 'pro' }),
      ];
      const kept = [
        await limits.putQuota({ who: 'plan/free', granted: 4 }),
        await limits.putQuota({ who: 'owner/free/globex', granted: 5 }),
        await limits.putQuota({ who: `key/${other.id}`, granted: 6 }),
      ];
      const { records, quotas, corrupt } = await registry.resetLimits({ owner });
      expect(corrupt).toEqual([]);
      expect(records.map(({ id }) => id).toSorted()).toEqual(keys.map(({ id }) => id).toSorted());
      expect(quotas.map(({ used }) => used).toSorted()).toEqual([1, 2, 3]);
      for (const subject of reset) expect(await limits.item(subject)).toMatchObject({ granted: 0 });
      for (const subject of kept) expect((await limits.item(subject))?.['granted']).toBeGreaterThan(3);
      const withTime = (await table.items()).filter((item) => item['limitsResetAt'] !== undefined);
      expect(withTime.map(({ id }) => id).toSorted()).toEqual(keys.map(({ id }) => id).toSorted());
    });

    test.each([1, 2, 3])('begin again if a reset fails at its write %d and is repeated', async (failing) => {
      const record = await putKey(table, { plan: 'free', owner: 'acme' });
      const subjects = [
        await limits.putQuota({ who: `key/${record.id}`, granted: 10 }),
        await limits.putQuota({ who: 'owner/free/acme', granted: 10 }),
      ];
      let writes = 0;
      const intercept: Parameters<typeof withProxy>[1]['intercept'] = (operation, response) =>
        operation === 'UpdateItem' && ++writes === failing && answer(response, { __type: 'InternalServerError' }, 500);
      const options = { attempts: 1, intercept, registry: { limitsTableName: limits.tableName } };
      await withProxy(table, options, async (failed) => {
        await expect(failed.resetLimits({ id: record.id })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
        expect(await table.item(record.keyHash)).not.toHaveProperty('limitsResetAt');
      });
      await registry.resetLimits({ id: record.id });
      for (const subject of subjects) expect(await limits.item(subject)).toMatchObject({ granted: 0 });
      expect(await table.item(record.keyHash)).toMatchObject({ limitsResetAt: at(0) });
    });

    test('stay as they are if the reset is of a revoked or unknown key, a key without a plan, or nobody', async () => {
      const revoked = await putKey(table, { plan: 'free', revokedAt: at(-1) });
      const unplanned = await putKey(table);
      const subject = await limits.putQuota({ who: `key/${revoked.id}`, granted: 10 });
      const codeOf = (target: Parameters<KeyRegistry['resetLimits']>[0]) =>
        registry.resetLimits(target).catch(({ code }) => code);
      expect(await codeOf({ id: revoked.id })).toBe('ALREADY_REVOKED');
      expect(await codeOf({ id: unplanned.id })).toBe('CONFLICT');
      expect(await codeOf({ id: UNKNOWN_ID })).toBe('NOT_FOUND');
      expect(await codeOf({ owner: 'nobody' })).toBe('NOT_FOUND');
      expect(await codeOf({} as { id: string })).toBe('INPUT_INVALID');
      expect(await limits.item(subject)).toMatchObject({ granted: 10 });
      expect(await table.items()).toHaveLength(2);
    });

    test('never create an item, even if the table deletes one during the reset', async () => {
      const record = await putKey(table, { plan: 'free' });
      const subject = await limits.putQuota({ who: `key/${record.id}`, granted: 10 });
      const intercept = beforeUpdate(() => limits.remove(subject));
      await withProxy(table, { intercept, registry: { limitsTableName: limits.tableName } }, async (proxied) => {
        expect((await proxied.resetLimits({ id: record.id })).records).toMatchObject([{ limitsResetAt: at(0) }]);
      });
      expect(await limits.item(subject)).toBeUndefined();
    });
  });
}

import { DynamoDBDocumentClient, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LatchkeyError } from '../../../keys/errors.ts';
import { KeyRegistry, REGISTRY_TRANSLATION } from '../../../keys/registry.ts';
import {
  type ApiUsage,
  createUsageTableInput,
  type HourUsage,
  toUsageHour,
  type UsageHour,
} from '../../../keys/usage.ts';
import { UsageStore } from '../../../keys/usageStore.ts';
import { createClient, type Engine } from '../../support/engine.ts';

const NOW_MS = Date.UTC(2026, 10, 30, 21, 30);

function hourAt(...[month, day, hour]: [month: number, day: number, hour: number]): UsageHour {
  return toUsageHour(Date.UTC(2026, month - 1, day, hour));
}

/** Returns usage of an API with an access log, with a latency of 20 ms. */
function logged(allowed: number, limited = 0): ApiUsage {
  const statuses = { 200: allowed, ...(limited === 0 ? {} : { 429: limited }) };
  return { source: 'access-log', allowed, limited, refused: 0, statuses, latency: { 30: allowed + limited } };
}

function counted(allowed: number): ApiUsage {
  return { source: 'minute-lines', allowed, limited: 0, refused: 1 };
}

/** Describes the usage table and the reports of a registry, on a real engine. */
export function describeUsage(name: string, start: () => Promise<Engine>): void {
  describe(`usage on ${name}`, () => {
    let engine: Engine;
    let documents: DynamoDBDocumentClient;
    let tables = 0;
    beforeAll(async () => {
      engine = await start();
      const client = createClient(engine.endpoint, 1, engine.mostConnections);
      documents = DynamoDBDocumentClient.from(client, REGISTRY_TRANSLATION);
    }, 60_000);
    afterAll(async () => {
      documents?.destroy();
      await engine?.stop();
    });

    const open = async () => {
      const [tableName, usageTableName] = [`keys-${++tables}`, `usage-${tables}`];
      await engine.createTable(tableName);
      await engine.createTable(usageTableName, createUsageTableInput);
      const options = { client: documents, tableName, usageTableName, actor: 'tests', now: () => NOW_MS };
      return {
        registry: new KeyRegistry(options),
        store: new UsageStore({ client: documents, tableName: usageTableName }),
        put: (item: object) => documents.send(new PutCommand({ TableName: usageTableName, Item: { ...item } })),
        items: async () => (await documents.send(new ScanCommand({ TableName: usageTableName }))).Items ?? [],
      };
    };

    test('a second write of the same hours leaves the table as it was', async () => {
      const { store, items } = await open();
      const hours = Array.from({ length: 20 }, (_, hour): HourUsage => {
        return { keyId: 'a', hour: hourAt(11, 30, hour), apis: { rest: logged(hour + 1) } };
      });
      await store.put(hours, 400);
      const before = await items();
      await store.put(hours, 400);
      expect(before).toHaveLength(20);
      expect(await items()).toEqual(before);
    });

    test('a write with fewer requests leaves an item as it was, and one with as many or more replaces it', async () => {
      const { store, items } = await open();
      const usage = (rest: ApiUsage): HourUsage[] => [{ keyId: 'a', hour: hourAt(11, 30, 20), apis: { rest } }];
      expect(await store.put(usage(logged(5)), 400)).toEqual({ written: 1, kept: 0 });
      expect(await store.put(usage(counted(3)), 400)).toEqual({ written: 0, kept: 1 });
      expect(await items()).toMatchObject([{ requests: 5, apis: { rest: logged(5) } }]);
      await store.put(usage(counted(4)), 400);
      await store.put(usage(counted(8)), 400);
      expect(await items()).toMatchObject([{ requests: 9, apis: { rest: counted(8) } }]);
    });

    test('a report of a key has a row for each hour, with zeros for hours without requests', async () => {
      const { store, registry } = await open();
      await store.put(
        [
          { keyId: 'a', hour: hourAt(11, 30, 18), apis: { rest: logged(5, 2), http: counted(3) } },
          { keyId: 'a', hour: hourAt(11, 30, 20), apis: { rest: logged(1) } },
          { keyId: 'a', hour: hourAt(11, 30, 17), apis: { rest: logged(100) } },
          { keyId: 'b', hour: hourAt(11, 30, 20), apis: { rest: logged(100) } },
        ],
        400,
      );
      const report = await registry.usage({ id: 'a', since: '2026-11-30T18:45:00Z', by: 'hour' });
      expect(report.rows.map(({ start, total }) => [start.slice(11, 13), total])).toEqual([
        ['18', 11],
        ['19', 0],
        ['20', 1],
        ['21', 0],
      ]);
      expect(report.total).toEqual({
        allowed: 9,
        limited: 2,
        refused: 1,
        total: 12,
        statuses: { 200: 6, 429: 2 },
        latency: { p50: 19, p90: 19, p99: 19 },
        sources: ['access-log', 'minute-lines'],
      });
      expect(report.rows[1]).toMatchObject({ statuses: {}, sources: [] });
      expect(report.rows[1]).not.toHaveProperty('latency');
    });

    test('a report by month has whole months in UTC', async () => {
      const { store, registry } = await open();
      const hours = [hourAt(9, 30, 23), hourAt(10, 1, 0), hourAt(10, 31, 23), hourAt(11, 1, 0), hourAt(11, 30, 21)];
      await store.put(
        hours.map((hour) => ({ keyId: 'a', hour, apis: { rest: logged(1) } })),
        400,
      );
      const { since, until, rows } = await registry.usage({ id: 'a', by: 'month', since: '2026-10-15' });
      expect({ since, until }).toEqual({ since: '2026-10-01T00:00:00.000Z', until: '2026-12-01T00:00:00.000Z' });
      expect(rows.map(({ total }) => total)).toEqual([2, 2]);
    });

    test("a report of an owner sums the owner's keys, and rejects an owner without keys", async () => {
      const { store, registry } = await open();
      const hour = hourAt(11, 30, 20);
      const issue = async (owner: string) => (await registry.issue({ label: 'ci', owner })).record.id;
      const [first, second, other] = [await issue('acme'), await issue('acme'), await issue('other')];
      const ids = [first, second, other, 'purged'];
      await store.put(
        ids.map((keyId) => ({ keyId, hour, apis: { rest: logged(4) } })),
        400,
      );
      expect((await registry.usage({ owner: 'acme' })).total).toMatchObject({ total: 8 });
      await expect(registry.usage({ owner: 'acmee' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    test('a report of all keys has the exact counts of the busiest keys', async () => {
      const { store, registry } = await open();
      const [first, second] = [hourAt(11, 30, 19), hourAt(11, 30, 20)];
      const busy = (keyId: string, allowed: number) => ({ keyId, allowed, limited: 0, refused: 0 });
      await store.put(
        [
          { keyId: '*', hour: first, apis: { rest: logged(30) }, busiest: [busy('a', 20)] },
          { keyId: '*', hour: second, apis: { rest: logged(12) }, busiest: [busy('b', 9)] },
          { keyId: 'a', hour: first, apis: { rest: logged(20) } },
          { keyId: 'b', hour: first, apis: { rest: logged(10) } },
          { keyId: 'a', hour: second, apis: { rest: logged(3) } },
          { keyId: 'b', hour: second, apis: { rest: logged(9) } },
        ],
        400,
      );
      const { total, busiest } = await registry.usage({ all: true });
      expect(total).toMatchObject({ total: 42 });
      expect(busiest).toMatchObject([
        { keyId: 'a', total: 23 },
        { keyId: 'b', total: 19 },
      ]);
    });

    test('a report skips an unreadable item and reports it', async () => {
      const { store, registry, put } = await open();
      await store.put([{ keyId: 'a', hour: hourAt(11, 30, 20), apis: { rest: logged(4) } }], 400);
      await put({ keyId: 'a', hour: hourAt(11, 30, 19), apis: { rest: { allowed: 'many' } } });
      const { total, corrupt } = await registry.usage({ id: 'a' });
      expect(total).toMatchObject({ total: 4 });
      expect(corrupt).toEqual([expect.objectContaining({ code: 'RECORD_CORRUPT', keyId: 'a' })]);
    });

    test('a report reads every page of a query', async () => {
      const { registry, put } = await open();
      // DynamoDB returns pages of 1 MB.
      const later = 'x'.repeat(300_000);
      for (const hour of [11, 12, 13, 14, 15]) {
        await put({ keyId: 'a', hour: hourAt(11, 30, hour), apis: { rest: logged(1) }, later });
      }
      expect((await registry.usage({ id: 'a' })).total).toMatchObject({ total: 5 });
    });

    test('a report names the usage table in the error of a failed query', async () => {
      const registry = new KeyRegistry({
        client: documents,
        tableName: 'keys-1',
        usageTableName: 'no-such-table',
        actor: 'tests',
      });
      const error = await registry.usage({ id: 'a' }).catch((failure: LatchkeyError) => failure);
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', tableName: 'no-such-table' });
    });
  });
}

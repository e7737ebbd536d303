import { readFileSync } from 'node:fs';
import { PutItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { KeyRecord } from '../../../keys/record.ts';
import { keyState } from '../../../keys/state.ts';
import { startDynalite, type Engine } from '../../support/engine.ts';
import { at, CHANGED, INTERVAL_MS, NOW_MS } from '../../support/keys.ts';
import { Tables, type Table } from './tableUnderTest.ts';

/** Items that Latchkey 0.1.0 wrote before records had a version: one of every kind. */
const ITEMS: readonly Record<string, AttributeValue>[] = JSON.parse(
  readFileSync(new URL('../../support/records-0.1.0.json', import.meta.url), 'utf8'),
);
const RECORDS = ITEMS.map((item) => unmarshall(item) as KeyRecord);
const EACH = RECORDS.map((record) => {
  const name = record.rotatedFrom === undefined ? record.label : `${record.label}, the successor`;
  return [name, record] as const;
});

describe('the registry with records of Latchkey 0.1.0', () => {
  let engine: Engine;
  let tables: Tables;
  let table: Table;
  beforeAll(async () => {
    engine = await startDynalite();
    tables = new Tables(engine);
  });
  afterAll(async () => {
    tables.close();
    await engine.stop();
  });
  /** Opens a table with these records in the form of Latchkey 0.1.0. */
  const open = async (records: readonly KeyRecord[]): Promise<void> => {
    table = await tables.open();
    const items = ITEMS.filter(({ keyHash }) => records.some((record) => record.keyHash === keyHash?.S));
    for (const Item of items) await table.client.send(new PutItemCommand({ TableName: table.tableName, Item }));
  };

  test('lists the records unchanged', async () => {
    await open(RECORDS);
    const { records, corrupt } = await table.registry.list();
    const byHash = (all: readonly KeyRecord[]) => Object.fromEntries(all.map((record) => [record.keyHash, record]));
    expect(corrupt).toEqual([]);
    expect(byHash(records)).toEqual(byHash(RECORDS));
  });

  test('lists the records of an owner', async () => {
    await open(RECORDS);
    const { records } = await table.registry.list({ owner: 'acme' });
    expect(new Set(records.map(({ id }) => id))).toEqual(
      new Set(RECORDS.filter(({ owner }) => owner === 'acme').map(({ id }) => id)),
    );
  });

  test.each(EACH)('reads %s as the same record as the authorizer', async (_, record) => {
    await open([record]);
    expect(await table.registry.get(record.id)).toEqual(record);
    expect(await table.lookup.get(record.keyHash)).toEqual(record);
  });

  test.each(EACH)('reads the last use that the authorizer writes for %s', async (_, record) => {
    await open([record]);
    expect(await table.lookup.recordUse(record.keyHash, NOW_MS, NOW_MS - INTERVAL_MS)).toBe('written');
    expect(await table.registry.get(record.id)).toEqual({ ...record, lastUsedAt: at(0) });
  });

  test.each(EACH)('updates %s with the expected record unless it is revoked', async (_, record) => {
    await open([record]);
    const expected = await table.registry.get(record.id);
    const update = table.registry.update(record.id, { label: 'other' }, { expected });
    if (record.revokedAt !== undefined) return expectRefusal(update, 'ALREADY_REVOKED');
    expect(await update).toEqual({ ...record, label: 'other', ...CHANGED, version: 1 });
    await expectRefusal(table.registry.update(record.id, { plan: 'pro' }, { expected }), 'CONFLICT');
  });

  test.each(EACH)("rotates %s if it is active and wasn't rotated before", async (_, record) => {
    await open([record]);
    const rotation = table.registry.rotate(record.id, { graceSeconds: 60 });
    if (record.revokedAt !== undefined) return expectRefusal(rotation, 'ALREADY_REVOKED');
    const isRotatable = keyState(record, NOW_MS) === 'active' && record.rotatedTo === undefined;
    if (!isRotatable) return expectRefusal(rotation, 'CONFLICT');
    const { record: successor, previous } = await rotation;
    const { label, owner, scopes, plan, metadata } = record;
    expect(successor).toMatchObject(JSON.parse(JSON.stringify({ label, owner, scopes, plan, metadata })));
    expect(previous).toMatchObject({ rotatedTo: successor.id, expiresAt: at(60_000), version: 1 });
  });

  test.each(EACH)('disables and enables %s unless it is revoked', async (_, record) => {
    await open([record]);
    const { registry } = table;
    if (record.revokedAt !== undefined) {
      await expectRefusal(registry.disable(record.id), 'ALREADY_REVOKED');
      return expectRefusal(registry.enable(record.id), 'ALREADY_REVOKED');
    }
    const { disabledAt, disabledBy: _disabledBy, ...others } = record;
    if (disabledAt === undefined) await registry.disable(record.id);
    else await expectRefusal(registry.disable(record.id), 'CONFLICT');
    expect(await registry.enable(record.id)).toEqual({
      ...others,
      ...CHANGED,
      version: disabledAt === undefined ? 2 : 1,
    });
  });

  test.each(EACH)('revokes %s unless it is already revoked', async (_, record) => {
    await open([record]);
    const revocation = table.registry.revoke(record.id, { reason: 'leaked' });
    if (record.revokedAt !== undefined) return expectRefusal(revocation, 'ALREADY_REVOKED');
    const purgeAfter = NOW_MS / 1000 + 90 * 86_400;
    const revoked = {
      revokedAt: at(0),
      revokedBy: 'tests',
      revokedReason: 'leaked',
      purgeAfter,
      ...CHANGED,
      version: 1,
    };
    expect(await revocation).toEqual({ ...record, ...revoked });
    expect(await table.lookup.get(record.keyHash)).toEqual({ ...record, ...revoked });
  });

  test.each(EACH)('imports the export of %s unchanged', async (_, record) => {
    await open([record]);
    const { purgeAfter: _purgeAfter, ...entry } = record;
    const copy = await tables.open();
    for await (const { outcome } of copy.registry.importHashes([entry])) expect(outcome).toBe('imported');
    const imported = await copy.registry.get(record.id);
    expect(imported).toEqual({ ...record, ...(imported.purgeAfter && { purgeAfter: imported.purgeAfter }) });
  });
});

async function expectRefusal(change: Promise<unknown>, code: string): Promise<void> {
  await expect(change).rejects.toMatchObject({ code });
}

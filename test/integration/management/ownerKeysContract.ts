import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DEFAULT_RETRY_OPTIONS } from '../../../keys/dynamodb.ts';
import type { KeyRecord } from '../../../keys/record.ts';
import type { KeyRegistry } from '../../../keys/registry.ts';
import { admitKey, type CountedAs, type OwnerKeysDeps } from '../../../management/ownerKeys.ts';
import type { Engine } from '../../support/engine.ts';
import { type ManagementTables, openManagementTables } from '../../support/managementTables.ts';

const MOST = 8;
const OWNER = 'acme';
const HOUR_MS = 3_600_000;

/** Describes the maximum number of an owner's keys on a DynamoDB engine. A slow engine gets fewer creates at once. */
export function describeOwnerKeys(name: string, start: () => Promise<Engine>, atOnce = 50): void {
  describe(`the maximum number of an owner's keys on ${name}`, () => {
    let engine: Engine;
    let tables: ManagementTables;
    beforeAll(async () => {
      engine = await start();
    }, 60_000);
    beforeEach(async () => {
      tables = await openManagementTables(engine);
    });
    afterAll(async () => {
      await engine?.stop();
    });

    const depsWith = (registry: Pick<KeyRegistry, 'records'> = tables.registry): OwnerKeysDeps => ({
      store: tables.state,
      registry,
      now: () => tables.clock.nowMs,
      randomId: randomUUID,
      retryOptions: DEFAULT_RETRY_OPTIONS,
    });
    const admit = (keyId: string, countedAs: CountedAs = 'key', deps = depsWith()) =>
      admitKey({ owner: OWNER, keyId, countedAs, most: MOST }, deps);
    /** Creates a key as the function does. Returns its record, or the refusal. */
    const create = async (deps = depsWith()): Promise<KeyRecord | string> => {
      const issued = tables.registry.prepare({ label: 'app', owner: OWNER });
      const refusal = await admit(issued.record.id, 'key', deps);
      if (refusal !== undefined) return refusal;
      await tables.registry.store(issued);
      return issued.record;
    };
    const createAtOnce = async (count: number, deps = depsWith()) => {
      const created = await Promise.all(Array.from({ length: count }, () => create(deps)));
      return created.filter((each) => typeof each !== 'string');
    };
    const fill = async (count: number) => {
      for (let made = 0; made < count; made++) await tables.registry.issue({ label: 'app', owner: OWNER });
    };

    test(`admits exactly 3 of ${atOnce} concurrent creates if 3 are left`, async () => {
      await fill(MOST - 3);
      await expect(createAtOnce(atOnce)).resolves.toHaveLength(3);
      await expect(create()).resolves.toBe('key');
    });

    test(`admits exactly 3 of ${atOnce} concurrent creates if the index lags, and 3 more after 100 seconds`, async () => {
      await fill(MOST - 3);
      const listed: KeyRecord[] = [];
      for await (const record of tables.registry.records({ owner: OWNER })) listed.push(record);
      const deps = depsWith({
        records: async function* () {
          yield* listed;
        },
      });
      await expect(createAtOnce(atOnce, deps)).resolves.toHaveLength(3);
      tables.clock.nowMs += 99_000;
      await expect(create(deps)).resolves.toBe('key');
      tables.clock.nowMs += 2000;
      await expect(createAtOnce(atOnce, deps)).resolves.toHaveLength(3);
    });

    test('admits every create of a burst if all have room', async () => {
      await expect(createAtOnce(MOST)).resolves.toHaveLength(MOST);
    });

    test('counts the keys of each owner separately', async () => {
      await fill(MOST);
      const of = (owner: string) => admitKey({ owner, keyId: 'one', countedAs: 'key', most: MOST }, depsWith());
      await expect(of(OWNER)).resolves.toBe('key');
      await expect(of('globex')).resolves.toBeUndefined();
    });

    test.each<[string, string | undefined, (registry: KeyRegistry, id: string) => Promise<unknown>]>([
      ['a disabled key', 'key', (registry, id) => registry.disable(id)],
      ['a revoked key', undefined, (registry, id) => registry.revoke(id)],
    ])('counts %s: %s', async (_, refusal, change) => {
      await fill(MOST - 1);
      const last = (await create()) as KeyRecord;
      await change(tables.registry, last.id);
      await expect(admit('next')).resolves.toBe(refusal);
    });

    test('does not count an expired key, but admits the move of its expiry only if it has room', async () => {
      await fill(MOST - 1);
      const expiresAt = new Date(tables.clock.nowMs + HOUR_MS).toISOString();
      const { record } = await tables.registry.issue({ label: 'short', owner: OWNER, expiresAt });
      await expect(admit(record.id)).resolves.toBeUndefined();
      tables.clock.nowMs += 2 * HOUR_MS;
      await expect(create()).resolves.toMatchObject({ label: 'app' });
      await expect(admit(record.id)).resolves.toBe('key');
    });

    test('does not count a rotated key and its successor twice', async () => {
      await fill(MOST - 1);
      const last = (await create()) as KeyRecord;
      await tables.registry.rotate(last.id, { graceSeconds: 3600 });
      await expect(admit('next')).resolves.toBe('key');
    });

    test('limits the rotated keys that still work, even while the index lags', async () => {
      const { record } = await tables.registry.issue({ label: 'app', owner: OWNER });
      let { id } = record;
      for (let rotated = 0; rotated < MOST; rotated++) {
        await expect(admit(id, 'rotated')).resolves.toBeUndefined();
        ({ id } = (await tables.registry.rotate(id, { graceSeconds: 7200 })).record);
      }
      await expect(admit(id, 'rotated')).resolves.toBe('rotated');
      tables.clock.nowMs += HOUR_MS;
      await expect(admit(id, 'rotated')).resolves.toBe('rotated');
      tables.clock.nowMs += 2 * HOUR_MS;
      await expect(admit(id, 'rotated')).resolves.toBeUndefined();
    });
  });
}

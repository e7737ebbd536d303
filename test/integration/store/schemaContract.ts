import { beforeEach, describe, expect, test } from '@jest/globals';
import { keyState } from '../../../keys/state.ts';
import type { KeyRegistry } from '../../../keys/registry.ts';
import { parseKeyHash, type KeyHash } from '../../../keys/secret.ts';
import { at, INTERVAL_MS, makeKey, NOW_MS } from '../../support/keys.ts';
import type { Table } from './tableUnderTest.ts';

/** The attributes that the first version wrote and every version requires. */
function oldestItem(): Record<string, unknown> {
  const { keyHash, id, label, createdAt, createdBy } = makeKey().record;
  return { keyHash, id, label, createdAt, createdBy };
}

function hashOf(item: Record<string, unknown>): KeyHash {
  const keyHash = parseKeyHash(item['keyHash']);
  if (keyHash === undefined) throw new Error('the item has no hash');
  return keyHash;
}

/** Attributes of every type that a later version may write. */
function newerItem(): Record<string, unknown> {
  return { ...makeKey({ owner: 'acme', scopes: ['orders:read'] }).record, ...LATER };
}

const LATER = { laterText: 'x', laterNumber: 7, laterList: [{ deep: null }], laterSet: new Set(['a']), later: null };

const CHANGES: readonly (readonly [string, (registry: KeyRegistry, id: string) => Promise<unknown>])[] = [
  ['update', (registry, id) => registry.update(id, { label: 'changed' })],
  ['disable', (registry, id) => registry.disable(id)],
  ['revoke', (registry, id) => registry.revoke(id)],
  ['rotate', (registry, id) => registry.rotate(id, { graceSeconds: 60 })],
];

/** Describes records of other versions of Latchkey, and damaged records. */
export function describeSchema(open: () => Promise<Table>): void {
  describe('a record of another version', () => {
    let table: Table;
    beforeEach(async () => {
      table = await open();
    });

    test('represents an active key if it has only the required attributes', async () => {
      const item = oldestItem();
      await table.put(item);
      const found = await table.lookup.get(hashOf(item));
      expect(found).toEqual(item);
      expect(found !== undefined && keyState(found, NOW_MS)).toBe('active');
      expect(await table.registry.get(String(item['id']))).toEqual(item);
      expect(await table.registry.list()).toMatchObject({ records: [item], corrupt: [] });
    });

    test.each(CHANGES)('can be changed by %s if it has only the required attributes', async (_, change) => {
      const item = oldestItem();
      await table.put(item);
      await change(table.registry, String(item['id']));
      expect(await table.item(String(item['keyHash']))).not.toEqual(item);
    });

    test.each(CHANGES)('keeps unknown attributes after the change %s', async (_, change) => {
      const item = newerItem();
      await table.put(item);
      await change(table.registry, String(item['id']));
      expect(await table.item(String(item['keyHash']))).toMatchObject(LATER);
    });

    test('keeps unknown attributes after a last-used write', async () => {
      const item = newerItem();
      await table.put(item);
      await table.lookup.recordUse(hashOf(item), NOW_MS, NOW_MS - INTERVAL_MS);
      expect(await table.item(String(item['keyHash']))).toEqual({ ...item, lastUsedAt: at(0) });
    });
  });

  describe('a list', () => {
    test.each([1, 2, 1000])('continues after every kind of damaged record in pages of %d', async (limit) => {
      const table = await open();
      const good = Array.from({ length: 4 }, (_, index) => makeKey({ id: `good-${index}`, owner: 'acme' }).record);
      const { id: _, ...withoutId } = makeKey({ owner: 'acme' }).record;
      const bad = [
        withoutId,
        { ...makeKey({ id: 'no-hash', owner: 'acme' }).record, keyHash: 'no hash: ~é.' },
        { ...makeKey({ id: 'bad-time', owner: 'acme' }).record, createdAt: 'yesterday' },
        { keyHash: makeKey().record.keyHash },
      ];
      for (const item of [...good, ...bad]) await table.put({ ...item });
      for (const owner of [undefined, 'acme']) {
        const [ids, corrupt]: [string[], (string | undefined)[]] = [[], []];
        for await (const page of table.registry.pages({ limit, owner })) {
          ids.push(...page.records.map(({ id }) => id));
          corrupt.push(...page.corrupt.map(({ keyId }) => keyId));
        }
        expect(ids.toSorted()).toEqual(good.map(({ id }) => id));
        const nameless = owner === undefined ? [undefined, undefined] : [undefined];
        expect(corrupt.toSorted()).toEqual(['bad-time', 'no-hash', ...nameless]);
      }
    });
  });
}

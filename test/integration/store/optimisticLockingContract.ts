import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../keys/json.ts';
import { type KeyRecord, serialiseRecord } from '../../../keys/record.ts';
import type { KeyChanges } from '../../../keys/registry.ts';
import { at, CHANGED, INTERVAL_MS, makeKey, NOW_MS } from '../../support/keys.ts';
import { afterFirst, beforeUpdate, FULL, putKey, withProxy, type Table } from './tableUnderTest.ts';

const DEEP = {
  texts: ['', 'a', 'é\u{1f511}'],
  numbers: [0, -1.5, 0.1 + 0.2, 2 ** 60, 1e21, 1e-7, 9.9e124],
  flags: { yes: true, no: false, none: null },
  empty: { list: [], object: {} },
  'a name, with.dots': [{ x: { y: [[1]] } }],
};

/** Tests an update of a record that another change may have replaced. */
export function describeExpected(opened: () => Table): void {
  describe('update with the option expected', () => {
    const FIELDS: readonly (readonly [string, KeyChanges, KeyChanges])[] = [
      ['label', { label: 'mine' }, { label: 'theirs' }],
      ['owner', { owner: 'mine' }, { owner: 'theirs' }],
      ['owner, removed by both', { owner: null }, { owner: null }],
      ['plan', { plan: null }, { plan: 'theirs' }],
      ['scopes', { scopes: ['a', 'b'] }, { scopes: ['b', 'c'] }],
      ['scopes, removed during the call', { scopes: ['a', 'b'] }, { scopes: null }],
      ['metadata', { metadata: { x: 1 } }, { metadata: { x: 2 } }],
      ['metadata, removed', { metadata: null }, { metadata: { x: 2 } }],
      ['expiry', { expiresAt: at(5000) }, { expiresAt: at(3000) }],
      ['expiry, removed', { expiresAt: null }, { expiresAt: at(3000) }],
      ['one of two fields', { label: 'mine', scopes: [] }, { scopes: ['b', 'c'] }],
      ['another field', { label: 'mine' }, { owner: 'theirs' }],
    ];
    const FILLED = { ...FULL, scopes: ['a', 'b', 'c'], metadata: DEEP };

    test.each(FIELDS)('makes a change if the record is unchanged: %s', async (_, mine) => {
      const expected = await putKey(opened(), FILLED);
      const updated = await opened().registry.update(expected.id, mine, { expected });
      expect(updated).toEqual(await opened().registry.get(expected.id));
      for (const [name, value] of Object.entries(mine)) {
        expect(updated[name as keyof KeyRecord]).toEqual(value ?? undefined);
      }
    });

    test.each(FIELDS)('rejects a change of a record that was changed after the read: %s', async (_, mine, theirs) => {
      const { registry } = opened();
      const expected = await putKey(opened(), FILLED);
      const changed = await registry.update(expected.id, theirs, { expected });
      const refusal = { code: 'CONFLICT', keyId: expected.id };
      await expect(registry.update(expected.id, mine, { expected })).rejects.toMatchObject(refusal);
      expect(await opened().item(expected.keyHash)).toEqual(changed);
    });

    test.each(FIELDS)(
      'rejects a change after another change between its read and its write: %s',
      async (_, mine, theirs) => {
        const expected = await putKey(opened(), FILLED);
        const intercept = beforeUpdate(() => opened().registry.update(expected.id, theirs));
        await withProxy(opened(), { intercept }, async (registry) => {
          const update = registry.update(expected.id, mine, { expected });
          // The registry can't distinguish another caller's identical change from its own with a lost response.
          const isSame = JSON.stringify(mine) === JSON.stringify(theirs);
          if (isSame) await update;
          else await expect(update).rejects.toMatchObject({ code: 'CONFLICT', keyId: expected.id });
        });
        expect(await opened().item(expected.keyHash)).toMatchObject(
          JSON.parse(JSON.stringify(theirs).replaceAll(/"\w+":null,?/g, '')),
        );
      },
    );

    const OTHER_METADATA: readonly (readonly [string, JsonObject])[] = [
      ['a string', { ...DEEP, texts: ['', 'b', 'é\u{1f511}'] }],
      ['a number', { ...DEEP, numbers: DEEP.numbers.with(2, 0.3) }],
      ['an order', { ...DEEP, texts: DEEP.texts.toReversed() }],
      ['one more element', { ...DEEP, texts: [...DEEP.texts, ''] }],
      ['a flag', { ...DEEP, flags: { ...DEEP.flags, no: true } }],
      ['null', { ...DEEP, flags: { ...DEEP.flags, none: false } }],
      ['the type of an empty value', { ...DEEP, empty: { list: {}, object: [] } }],
      ['a name', { ...DEEP, flags: { yes: true, no: false, non: null } }],
      ['a deeply nested value', { ...DEEP, 'a name, with.dots': [{ x: { y: [[2]] } }] }],
    ];
    test.each(OTHER_METADATA)(
      'detects metadata that is changed between the read and the write, in %s',
      async (_, metadata) => {
        const expected = await putKey(opened(), { metadata: DEEP });
        const intercept = beforeUpdate(() => opened().registry.update(expected.id, { metadata }));
        await withProxy(opened(), { intercept }, async (registry) => {
          const update = registry.update(expected.id, { metadata: { mine: true } }, { expected });
          await expect(update).rejects.toMatchObject({ code: 'CONFLICT' });
        });
        expect(await opened().item(expected.keyHash)).toMatchObject({ metadata });
      },
    );

    test('rejects the second of two updates that each remove one of three scopes', async () => {
      const { registry } = opened();
      const expected = await putKey(opened(), FILLED);
      const updates = [
        ['a', 'b'],
        ['b', 'c'],
      ].map((scopes) => registry.update(expected.id, { scopes }, { expected }));
      const outcomes = await Promise.allSettled(updates);
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      expect((await registry.get(expected.id)).scopes).toHaveLength(2);
    });

    test('rejects a change after another change of the last scope in a long list', async () => {
      const scopes = Array.from({ length: 100 }, (_, index) => `scope:${index}`);
      const expected = await putKey(opened(), { scopes });
      await opened().registry.update(expected.id, { scopes: scopes.with(99, 'theirs') });
      const update = opened().registry.update(expected.id, { scopes: [] }, { expected });
      await expect(update).rejects.toMatchObject({ code: 'CONFLICT' });
    });

    test.each<[string, (id: string) => Promise<unknown>]>([
      ['disabled', (id) => opened().registry.disable(id)],
      [
        'disabled and enabled',
        (id) =>
          opened()
            .registry.disable(id)
            .then(() => opened().registry.enable(id)),
      ],
      ['changed and changed back', changeAndBack],
      ['rotated', (id) => opened().registry.rotate(id, { graceSeconds: 60 })],
    ])('rejects a change of a key that was %s during the call', async (_, act) => {
      const expected = await putKey(opened(), FILLED);
      await act(expected.id);
      const update = opened().registry.update(expected.id, { owner: 'mine' }, { expected });
      await expect(update).rejects.toMatchObject({ code: 'CONFLICT', keyId: expected.id });
    });

    async function changeAndBack(id: string): Promise<void> {
      await opened().registry.update(id, { label: 'theirs' });
      await opened().registry.update(id, { label: 'ci' });
    }

    test('changes a key that was used during the call', async () => {
      const { lookup, registry } = opened();
      const expected = await putKey(opened(), FILLED);
      await lookup.recordUse(expected.keyHash, NOW_MS, NOW_MS - INTERVAL_MS);
      const updated = await registry.update(expected.id, { label: 'mine' }, { expected });
      expect(updated).toEqual({ ...expected, label: 'mine', lastUsedAt: at(0), ...CHANGED, version: 1 });
    });

    test('compares only the id and the version with the stored record', async () => {
      const { registry } = opened();
      const { id } = await putKey(opened());
      for (const version of [undefined, 1, 2]) {
        expect(await registry.update(id, { label: `${version}` }, { expected: { id, version } })).toMatchObject({
          version: (version ?? 0) + 1,
        });
      }
      await expect(registry.update(id, { label: 'mine' }, { expected: { id } })).rejects.toMatchObject({
        code: 'CONFLICT',
        message: expect.stringMatching(/other fields.*version 0, got 3/),
      });
    });

    test.each([null, 0])('treats a stored version of %p as 0', async (version) => {
      const expected = await putKey(opened(), {}, { version });
      const updated = await opened().registry.update(expected.id, { label: 'mine' }, { expected });
      expect(updated).toEqual({ ...expected, label: 'mine', ...CHANGED, version: 1 });
    });

    test.each([-1, 0.5, Number.NaN, '1'])('rejects an expected version of %p before it writes', async (version) => {
      const { id } = await putKey(opened());
      const update = opened().registry.update(id, { label: 'x' }, { expected: { id, version: version as number } });
      await expect(update).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: expect.stringMatching(/^expected\.version: /),
      });
    });

    test('changes scopes and metadata of the maximum length', async () => {
      const scopes = Array.from({ length: 512 }, (_, index) => String.fromCharCode(97 + (index % 26)));
      const nested = JSON.parse(`${'{"a":'.repeat(28)}1${'}'.repeat(28)}`);
      for (const metadata of [{ x: Array.from({ length: 500 }, () => 1) }, { x: nested, y: nested, z: nested }]) {
        const expected = await putKey(opened(), { ...FULL, scopes, metadata });
        const changes = { label: 'b', owner: null, plan: null, scopes: [], metadata: {}, expiresAt: at(5000) };
        expect(await opened().registry.update(expected.id, changes, { expected })).toMatchObject({
          label: 'b',
          metadata: {},
        });
      }
    });

    test('enables a key only if nobody has disabled it again since the read', async () => {
      const { registry } = opened();
      const { id } = await putKey(opened(), FILLED);
      const expected = await registry.disable(id);
      await registry.enable(id);
      await registry.disable(id);
      await expect(registry.enable(id, { expected })).rejects.toMatchObject({ code: 'CONFLICT', keyId: id });
      const current = await registry.get(id);
      await expect(registry.enable(id, { expected: current })).resolves.not.toHaveProperty('disabledAt');
    });

    test('rejects a revoked key and the record of another key', async () => {
      const { registry } = opened();
      const expected = await putKey(opened(), FILLED);
      const other = await putKey(opened(), FILLED);
      const swapped = registry.update(expected.id, { label: 'mine' }, { expected: other });
      await expect(swapped).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      await registry.update(expected.id, { label: 'theirs' });
      await registry.revoke(expected.id);
      const late = registry.update(expected.id, { label: 'mine' }, { expected });
      await expect(late).rejects.toMatchObject({ code: 'ALREADY_REVOKED' });
    });

    test('succeeds if the response was lost and the SDK retried the request', async () => {
      const expected = await putKey(opened(), FILLED);
      const beforeAnswer = afterFirst('UpdateItem', (response) => response.destroy());
      await withProxy(opened(), { beforeAnswer }, async (registry, proxy) => {
        const updated = await registry.update(expected.id, { scopes: ['a'], metadata: null }, { expected });
        expect(await opened().item(expected.keyHash)).toEqual(updated);
        expect(proxy.of('UpdateItem')).toHaveLength(2);
      });
    });
  });
}

/** Tests the version, which every change increases. */
export function describeVersion(open: () => Promise<Table>): void {
  describe('the version of a record', () => {
    let table: Table;
    beforeEach(async () => {
      table = await open();
    });

    test('counts every change except a new last use', async () => {
      const { registry, lookup } = table;
      const { record } = await registry.issue({ label: 'ci' });
      const { id, keyHash } = record;
      const versions = [
        record,
        await registry.update(id, { label: 'other' }),
        await registry.update(id, { expiresAt: at(60_000) }),
        await registry.disable(id),
        await registry.enable(id),
        (await registry.rotate(id, { graceSeconds: 1 })).previous,
        await registry.revoke(id),
      ].map(({ version }) => version);
      expect(versions).toEqual([undefined, 1, 2, 3, 4, 5, 6]);
      await lookup.recordUse(keyHash, NOW_MS, NOW_MS - INTERVAL_MS);
      expect(await registry.get(id)).toMatchObject({ lastUsedAt: at(0), version: 6 });
    });

    test('increases by 20 after 20 concurrent changes', async () => {
      const { id } = await putKey(table);
      await Promise.all(Array.from({ length: 20 }, (_, index) => table.registry.update(id, { label: `${index}` })));
      expect(await table.registry.get(id)).toMatchObject({ version: 20 });
    });

    test.each([null, '7', true, ['x']])('restarts at 1 after a change if it is %p', async (version) => {
      const { record } = makeKey({ id: randomUUID() });
      await table.put({ ...serialiseRecord(record), version });
      expect(await table.registry.disable(record.id)).toEqual({
        ...record,
        disabledAt: at(0),
        disabledBy: 'tests',
        ...CHANGED,
        version: 1,
      });
      await table.put({ ...serialiseRecord(record), version });
      expect(await table.registry.revoke(record.id)).toMatchObject({ revokedAt: at(0), version: 1 });
      await expect(table.registry.revoke(record.id)).rejects.toMatchObject({ code: 'ALREADY_REVOKED' });
    });

    test.each([-1.5, 0.5])("doesn't prevent a revocation if it is %p", async (version) => {
      const { id, keyHash } = await putKey(table, {}, { version });
      await expect(table.registry.revoke(id)).rejects.toMatchObject({
        code: 'RECORD_CORRUPT',
        message: expect.stringMatching(/^the key is revoked, but .*version/),
      });
      expect(await table.item(keyHash)).toMatchObject({ revokedAt: at(0) });
    });

    test.each(['7', 0.5])('prevents a change of an expected record if it is %p', async (version) => {
      const { id, keyHash } = await putKey(table, {}, { version });
      const update = table.registry.update(id, { label: 'mine' }, { expected: { id, version: 1 } });
      await expect(update).rejects.toMatchObject({ code: 'RECORD_CORRUPT', keyId: id });
      expect(await table.item(keyHash)).toMatchObject({ label: 'ci', version });
    });
  });
}

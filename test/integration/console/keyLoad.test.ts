import { expect, test } from '@jest/globals';
import { loadKeys, withRecords, type KeysById } from '../../../console/page/keyStore.ts';
import type { ConsoleKey } from '../../../console/server/keyRoutes.ts';
import type { TestKeyFields } from '../../../testing/createTestKey.ts';
import { at, makeKey } from '../../support/keys.ts';
import { publicRecord } from '../../../keys/record.ts';

function keyOf(id: string, fields: TestKeyFields = {}): ConsoleKey {
  return publicRecord(makeKey({ id, label: id, keyPrefix: 'sk_00000000', ...fields }).record);
}

/** A page that loads two pages, `a` and `b`; `meanwhile` happens before the second is there. */
async function load(before: readonly ConsoleKey[], meanwhile: (page: Page) => void): Promise<Page> {
  const page: Page = { byId: withRecords(new Map(), before), newer: new Set() };
  page.corrupt = await loadKeys({
    read: async (cursor) => {
      if (cursor === null) return { records: [keyOf('a')], corrupt: ['one is not readable'], cursor: 'more' };
      meanwhile(page);
      return { records: [keyOf('b')], corrupt: [], cursor: null };
    },
    isNewer: (id) => page.newer.has(id),
    change: (change) => (page.byId = change(page.byId)),
  });
  return page;
}

interface Page {
  byId: KeysById;
  readonly newer: Set<string>;
  corrupt?: readonly string[];
}

/** As an answer to a change or to a read of one key is taken over. */
function put(page: Page, key: ConsoleKey): void {
  page.byId = withRecords(page.byId, [key]);
  page.newer.add(key.id);
}

test('every page is taken over, and what is gone from the table goes', async () => {
  const { byId, corrupt } = await load([keyOf('gone'), keyOf('a', { owner: 'before' })], () => {});
  expect([...byId.values()]).toEqual([keyOf('a'), keyOf('b')]);
  expect(corrupt).toEqual(['one is not readable']);
});

test('a key that is issued while keys are loaded stays', async () => {
  const { byId } = await load([], (page) => put(page, keyOf('new')));
  expect([...byId.keys()].toSorted()).toEqual(['a', 'b', 'new']);
});

test.each(['a', 'b'])('a key that is revoked while keys are loaded stays so, on either page: %s', async (id) => {
  const { byId } = await load([keyOf('a'), keyOf('b')], (page) => put(page, keyOf(id, { revokedAt: at(0) })));
  expect(byId.get(id)?.revokedAt).toBe(at(0));
});

import { expect, test } from '@jest/globals';
import { loadKeys, withRecords, type KeysById } from '../../../console/page/keyStore.ts';
import type { ConsoleKey } from '../../../console/page/consoleKey.ts';
import type { TestKeyFields } from '../../../testing/createTestKey.ts';
import { at, makeKey } from '../../support/keys.ts';
import { publicRecord } from '../../../keys/record.ts';

function makeConsoleKey(id: string, fields: TestKeyFields = {}): ConsoleKey {
  return publicRecord(makeKey({ id, label: id, keyPrefix: 'sk_00000000', ...fields }).record);
}

/** Loads two pages with the keys `a` and `b`. Calls `meanwhile` before it returns the second page. */
async function load(before: readonly ConsoleKey[], meanwhile: (page: Page) => void): Promise<Page> {
  const page: Page = { byId: withRecords(new Map(), before), newer: new Set() };
  page.corrupt = await loadKeys({
    read: async (cursor) => {
      if (cursor === null)
        return { records: [makeConsoleKey('a')], corrupt: ['one record is unreadable'], cursor: 'more' };
      meanwhile(page);
      return { records: [makeConsoleKey('b')], corrupt: [], cursor: null };
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

/** Stores a key in the same way as after a change or a read of one key. */
function put(page: Page, key: ConsoleKey): void {
  page.byId = withRecords(page.byId, [key]);
  page.newer.add(key.id);
}

test('loadKeys replaces the stored keys with the keys of every page', async () => {
  const { byId, corrupt } = await load([makeConsoleKey('gone'), makeConsoleKey('a', { owner: 'before' })], () => {});
  expect([...byId.values()]).toEqual([makeConsoleKey('a'), makeConsoleKey('b')]);
  expect(corrupt).toEqual(['one record is unreadable']);
});

test('loadKeys keeps a key that was issued during the load', async () => {
  const { byId } = await load([], (page) => put(page, makeConsoleKey('new')));
  expect([...byId.keys()].toSorted()).toEqual(['a', 'b', 'new']);
});

test.each(['a', 'b'])('loadKeys keeps a revocation of key %s that happens during the load', async (id) => {
  const { byId } = await load([makeConsoleKey('a'), makeConsoleKey('b')], (page) =>
    put(page, makeConsoleKey(id, { revokedAt: at(0) })),
  );
  expect(byId.get(id)?.revokedAt).toBe(at(0));
});

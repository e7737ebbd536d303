import { expect, test } from '@jest/globals';
import { findPendingKey } from '../../../cli/seedPlan.ts';
import { makeKey } from '../../support/keys.ts';
import { publicRecord } from '../../../keys/record.ts';
import type { KeptKey } from '../../../cli/privateFile.ts';

function issue(id: string, label: string) {
  const issued = makeKey({ id, label, scopes: ['orders:read'], plan: 'free' });
  const kept: KeptKey = { key: issued.secret, record: publicRecord(issued.record) as unknown as KeptKey['record'] };
  return { issued, kept, entry: { label, scopes: ['orders:read'], plan: 'free' } };
}

const [a, b, c] = [issue('1', 'a'), issue('2', 'b'), issue('3', 'c')];
const KEPT = [a.kept, b.kept, c.kept];

test('findPendingKey returns undefined if the table has every key in the file of keys', () => {
  expect(findPendingKey(KEPT, { storedIds: new Set(['1', '2', '3', '4']), due: [] })).toBeUndefined();
  expect(findPendingKey([], { storedIds: new Set(), due: [a.entry] })).toBeUndefined();
});

test("findPendingKey returns the last key in the file of keys if only that key isn't stored", () => {
  expect(findPendingKey(KEPT, { storedIds: new Set(['1', '2']), due: [c.entry] })).toEqual(c.issued);
});

test('findPendingKey returns the last key in the file of keys, at any position in the seed', () => {
  const deps = { storedIds: new Set(['1', '2']), due: [a.entry, c.entry, b.entry] };
  expect(findPendingKey(KEPT, deps)).toEqual(c.issued);
});

test.each<[string, readonly KeptKey[], readonly string[], RegExp]>([
  ['the number of keys that the table lacks', KEPT, ['1'], /\b2 of its keys are not in this table/],
  ['the unreadable last line', [a.kept, { key: 'two words', record: { id: '3' } }], ['1'], /last line/],
  ["the label of a key that isn't in the seed", KEPT, ['1', '2'], /last key, for "c",/],
])('findPendingKey rejects a file of keys with an error about %s', (_, kept, storedIds, expected) => {
  expect(() => findPendingKey(kept, { storedIds: new Set(storedIds), due: [] })).toThrow(
    expect.objectContaining({ message: expect.stringMatching(expected) }),
  );
});

test.each([
  ["two of its keys aren't stored", KEPT, ['1']],
  ["a key before the last one isn't stored", KEPT, ['1', '3']],
  ["its last line doesn't have a valid key", [a.kept, { key: 'two words', record: { id: '3' } }], ['1']],
  ["its last line doesn't have a valid record", [a.kept, { key: c.kept.key, record: { id: '3' } }], ['1']],
])('findPendingKey rejects a file of keys with FILE_UNUSABLE if %s', (_, kept, storedIds) => {
  const deps = { storedIds: new Set(storedIds), due: [b.entry, c.entry] };
  expect(() => findPendingKey(kept, deps)).toThrow(expect.objectContaining({ code: 'FILE_UNUSABLE' }));
});

test.each([
  ["isn't pending", []],
  ['is pending with other scopes', [{ ...c.entry, scopes: ['orders:write'] }]],
  ['is pending without scopes, which allows every route', [{ label: 'c', plan: 'free' }]],
  ['is pending with another plan', [{ ...c.entry, plan: 'pro' }]],
  ['is pending with an owner', [{ ...c.entry, owner: 'acme' }]],
])("findPendingKey rejects a file of keys with FILE_UNUSABLE if its last key isn't stored and %s", (_, due) => {
  expect(() => findPendingKey(KEPT, { storedIds: new Set(['1', '2']), due })).toThrow(
    expect.objectContaining({ code: 'FILE_UNUSABLE' }),
  );
});

import { expect, test } from '@jest/globals';
import { pendingKey } from '../../../cli/seedFile.ts';
import type { KeptKey } from '../../../cli/privateFile.ts';
import { makeKey } from '../../support/keys.ts';
import { publicRecord } from '../../../keys/record.ts';

function issue(id: string, label: string) {
  const issued = makeKey({ id, label, scopes: ['orders:read'], plan: 'free' });
  const kept: KeptKey = { key: issued.secret, record: publicRecord(issued.record) as unknown as KeptKey['record'] };
  return { issued, kept, asked: { label, scopes: ['orders:read'], plan: 'free' } };
}

const [a, b, c] = [issue('1', 'a'), issue('2', 'b'), issue('3', 'c')];
const KEPT = [a.kept, b.kept, c.kept];

test('a file whose keys are all stored has none pending', () => {
  expect(pendingKey(KEPT, { storedIds: new Set(['1', '2', '3', '4']), due: [] })).toBeUndefined();
  expect(pendingKey([], { storedIds: new Set(), due: [a.asked] })).toBeUndefined();
});

test('a last key that is not stored is pending with the very secret and record that were kept', () => {
  expect(pendingKey(KEPT, { storedIds: new Set(['1', '2']), due: [c.asked] })).toEqual(c.issued);
});

test('a last key that is not stored is pending wherever the seed asks for it', () => {
  const deps = { storedIds: new Set(['1', '2']), due: [a.asked, c.asked, b.asked] };
  expect(pendingKey(KEPT, deps)).toEqual(c.issued);
});

test.each<[string, readonly KeptKey[], readonly string[], RegExp]>([
  ['how many keys the table lacks', KEPT, ['1'], /\b2 of its keys are not in this table/],
  ['that the last line cannot be read', [a.kept, { key: 'two words', record: { id: '3' } }], ['1'], /last line/],
  ['for whom the key is that nothing asks for', KEPT, ['1', '2'], /last key, for "c",/],
])('a refused file is told with %s', (_, kept, storedIds, expected) => {
  expect(() => pendingKey(kept, { storedIds: new Set(storedIds), due: [] })).toThrow(
    expect.objectContaining({ message: expect.stringMatching(expected) }),
  );
});

test.each([
  ['two of its keys are not stored', KEPT, ['1']],
  ['one before the last is not stored', KEPT, ['1', '3']],
  ['its last line is no key', [a.kept, { key: 'two words', record: { id: '3' } }], ['1']],
  ['its last line is no record', [a.kept, { key: c.kept.key, record: { id: '3' } }], ['1']],
])('a file is refused where %s', (_, kept, storedIds) => {
  const deps = { storedIds: new Set(storedIds), due: [b.asked, c.asked] };
  expect(() => pendingKey(kept, deps)).toThrow(expect.objectContaining({ code: 'FILE_UNUSABLE' }));
});

test.each([
  ['is not due', []],
  ['is due with other scopes', [{ ...c.asked, scopes: ['orders:write'] }]],
  ['is due with no scopes, which means all', [{ label: 'c', plan: 'free' }]],
  ['is due with another plan', [{ ...c.asked, plan: 'pro' }]],
  ['is due with an owner', [{ ...c.asked, owner: 'acme' }]],
])('a file is refused where its last key is not stored and %s', (_, due) => {
  expect(() => pendingKey(KEPT, { storedIds: new Set(['1', '2']), due })).toThrow(
    expect.objectContaining({ code: 'FILE_UNUSABLE' }),
  );
});

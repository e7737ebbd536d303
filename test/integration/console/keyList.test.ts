import { describe, expect, test } from '@jest/globals';
import { sortRecords, type SortField } from '../../../keys/recordOrder.ts';
import { chainOf, DAY_MS, filterKeys, type KeyFilter, lastUsedBand, NO_FILTER } from '../../../console/page/keyList.ts';
import { keysCsv } from '../../../console/page/keysCsv.ts';
import type { ConsoleKey } from '../../../console/server/keyRoutes.ts';
import { keyState } from '../../../keys/state.ts';
import type { TestKeyFields } from '../../../testing/createTestKey.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';
import { sampleKeys } from './sampleKeys.ts';
import { publicRecord } from '../../../keys/record.ts';

/** A key as the page has it, called by its id. What is shown of it is not drawn: it is searched, too. */
function keyOf(id: string, fields: TestKeyFields = {}): ConsoleKey {
  const { record } = makeKey({ id, label: id, keyPrefix: 'sk_00000000', ...fields });
  return publicRecord(record);
}

function idsOf(keys: readonly ConsoleKey[]): readonly string[] {
  return keys.map(({ id }) => id);
}

const KEYS = [
  keyOf('plain'),
  keyOf('acme', { owner: 'Acme', scopes: ['orders:read'], plan: 'free', lastUsedAt: at(-DAY_MS) }),
  keyOf('old', { owner: 'acme-eu', lastUsedAt: at(-100 * DAY_MS), metadata: { seats: 'twelve' } }),
  keyOf('soon', { expiresAt: at(10 * DAY_MS), lastUsedAt: at(0), scopes: ['orders:read', 'orders:write'] }),
  keyOf('gone', { revokedAt: at(0), revokedReason: 'found in a log', expiresAt: at(5 * DAY_MS) }),
  keyOf('off', { disabledAt: at(0) }),
  keyOf('late', { expiresAt: at(-1) }),
  keyOf('nothing', { scopes: [], lastUsedAt: at(0) }),
];

describe('keys are found', () => {
  test.each<[string, Partial<KeyFilter>, string[]]>([
    ['all of them without a filter', {}, idsOf(KEYS) as string[]],
    ['by a part of the label', { text: 'lai' }, ['plain']],
    ['by the owner, in any case', { text: 'ACME' }, ['acme', 'old']],
    ['by all words at once', { text: 'acme twelve' }, ['old']],
    ['by scope and plan', { text: 'orders:read free' }, ['acme']],
    ['by a reason', { text: 'log' }, ['gone']],
    ['by nothing that none has', { text: 'acme nowhere' }, []],
    ['by state', { state: 'active' }, ['plain', 'acme', 'old', 'soon', 'nothing']],
    ['by each other state', { state: 'disabled' }, ['off']],
    ['by a part of the owner', { owner: 'ACME' }, ['acme', 'old']],
    ['by a scope as a whole', { scope: 'orders:write' }, ['soon']],
    ['by expiry, of active keys alone', { attention: 'expiring' }, ['soon']],
    ['by long disuse', { attention: 'unused' }, ['old']],
    ['by no use at all, of active keys alone', { attention: 'never' }, ['plain']],
    ['by several filters at once', { state: 'active', owner: 'acme', attention: 'unused' }, ['old']],
  ])('%s', (_, filter, expected) => {
    expect(idsOf(filterKeys(KEYS, { ...NO_FILTER, ...filter }, NOW_MS))).toEqual(expected);
  });

  test('by the whole raw key, and by its start', () => {
    const { secret, record } = makeKey({ id: 'mine' });
    const keys = [...KEYS, publicRecord(record)];
    for (const text of [secret, secret.slice(0, 11), secret.slice(3, 9)]) {
      expect(idsOf(filterKeys(keys, { ...NO_FILTER, text }, NOW_MS))).toContain('mine');
    }
    expect(filterKeys(keys, { ...NO_FILTER, text: makeKey().secret }, NOW_MS)).toEqual([]);
  });
});

test('a key is found as expired from its expiry on, whenever it was read', () => {
  const keys = [keyOf('soon', { expiresAt: at(1) })];
  for (const [nowMs, state] of [
    [NOW_MS, 'active'],
    [NOW_MS + 1, 'expired'],
  ] as const) {
    expect(idsOf(filterKeys(keys, { ...NO_FILTER, state }, nowMs))).toEqual(['soon']);
    expect(keysCsv(keys, nowMs)).toContain(`,${state},`);
  }
});

describe('keys are put in order', () => {
  test.each<[SortField, boolean, string[]]>([
    ['lastUsedAt', true, ['soon', 'nothing', 'acme', 'old', 'plain', 'gone', 'off', 'late']],
    ['lastUsedAt', false, ['old', 'acme', 'soon', 'nothing', 'plain', 'gone', 'off', 'late']],
    ['expiresAt', false, ['late', 'gone', 'soon', 'plain', 'acme', 'old', 'off', 'nothing']],
    ['label', false, ['acme', 'gone', 'late', 'nothing', 'off', 'old', 'plain', 'soon']],
    ['state', true, ['gone', 'late', 'off', 'plain', 'acme', 'old', 'soon', 'nothing']],
  ])('by %s, descending: %p, and those without it come last', (field, isDescending, expected) => {
    expect(idsOf(sortRecords(KEYS, { field, isDescending }, NOW_MS))).toEqual(expected);
  });

  test('a key whose last use is ahead of the clock comes last, as one that was never used', () => {
    const keys = [keyOf('ahead', { lastUsedAt: at(DAY_MS) }), keyOf('used', { lastUsedAt: at(-DAY_MS) })];
    expect(idsOf(sortRecords(keys, { field: 'lastUsedAt', isDescending: true }, NOW_MS))).toEqual(['used', 'ahead']);
    expect(idsOf(filterKeys(keys, { ...NO_FILTER, attention: 'never' }, NOW_MS))).toEqual(['ahead']);
  });

  test('labels with numbers as people count', () => {
    const keys = ['key 10', 'Key 9', 'key 1'].map((label) => keyOf(label));
    expect(idsOf(sortRecords(keys, { field: 'label', isDescending: false }, NOW_MS))).toEqual([
      'key 1',
      'Key 9',
      'key 10',
    ]);
  });
});

test.each([
  [undefined, 'never'],
  [0, 'day'],
  [1, 'day'],
  [1.01, 'week'],
  [7, 'week'],
  [8, 'month'],
  [31, 'quarter'],
  [91, 'older'],
  // As clocks differ; a time further ahead is a mistake.
  [-30 / 86_400, 'day'],
  [-1, 'never'],
] as const)('a last use %p days ago is of the band %s', (days, band) => {
  expect(lastUsedBand(days === undefined ? {} : { lastUsedAt: at(-days * DAY_MS) }, NOW_MS)).toBe(band);
});

describe('the chain of a rotated key', () => {
  const chain = [
    keyOf('a', { rotatedTo: 'b' }),
    keyOf('b', { rotatedFrom: 'a', rotatedTo: 'c' }),
    keyOf('c', { rotatedFrom: 'b' }),
  ];
  const byId = new Map(chain.map((key) => [key.id, key]));

  test.each(chain)('is told from each of its keys: $id', (key) => {
    expect(chainOf(key, byId).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  test('names what the table has no more', () => {
    byId.delete('a');
    expect(chainOf(chain[2] as ConsoleKey, byId)).toEqual([
      { id: 'a', key: undefined },
      { id: 'b', key: chain[1] },
      { id: 'c', key: chain[2] },
    ]);
  });

  test('ends where a record leads back', () => {
    const self = keyOf('x', { rotatedTo: 'x', rotatedFrom: 'x' });
    expect(chainOf(self, new Map([['x', self]]))).toHaveLength(1);
    const [one, two] = [keyOf('1', { rotatedTo: '2' }), keyOf('2', { rotatedTo: '1' })];
    expect(chainOf(one, new Map([one, two].map((key) => [key.id, key])))).toHaveLength(2);
  });
});

test('sample keys are the same each time, with states and uses of every kind', () => {
  const keys = sampleKeys(400, NOW_MS);
  expect(keys).toEqual(sampleKeys(400, NOW_MS));
  expect(new Set(keys.map(({ id }) => id)).size).toBe(400);
  expect(new Set(keys.map((key) => keyState(key, NOW_MS))).size).toBe(4);
  expect(new Set(keys.map((key) => lastUsedBand(key, NOW_MS))).size).toBe(6);
});

import { describe, expect, test } from '@jest/globals';
import { sortRecords, type SortField } from '../../../keys/recordOrder.ts';
import { getRotationChain, filterKeys, type KeyFilter, NO_FILTER } from '../../../console/page/keyList.ts';
import { keysCsv } from '../../../console/page/keysCsv.ts';
import { DAY_MS, lastUsedBand } from '../../../components/urgency.ts';
import type { ConsoleKey } from '../../../console/page/consoleKey.ts';
import { keyState } from '../../../keys/state.ts';
import { idsOf, makeConsoleKey } from '../../support/consoleKeys.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';
import { sampleKeys } from '../../integration/console/sampleKeys.ts';
import { publicRecord } from '../../../keys/record.ts';

const KEYS = [
  makeConsoleKey('plain'),
  makeConsoleKey('acme', { owner: 'Acme', scopes: ['orders:read'], plan: 'free', lastUsedAt: at(-DAY_MS) }),
  makeConsoleKey('old', { owner: 'acme-eu', lastUsedAt: at(-100 * DAY_MS), metadata: { seats: 'twelve' } }),
  makeConsoleKey('soon', { expiresAt: at(10 * DAY_MS), lastUsedAt: at(0), scopes: ['orders:read', 'orders:write'] }),
  makeConsoleKey('gone', { revokedAt: at(0), revokedReason: 'found in a log', expiresAt: at(5 * DAY_MS) }),
  makeConsoleKey('off', { disabledAt: at(0) }),
  makeConsoleKey('late', { expiresAt: at(-1) }),
  makeConsoleKey('nothing', { scopes: [], lastUsedAt: at(0) }),
];

describe('the filter', () => {
  test.each<[string, Partial<KeyFilter>, string[]]>([
    ['returns all keys if it is empty', {}, idsOf(KEYS) as string[]],
    ['finds a key by a part of its label', { text: 'lai' }, ['plain']],
    ['ignores case in the search', { text: 'ACME' }, ['acme', 'old']],
    ['requires all words of the search', { text: 'acme twelve' }, ['old']],
    ['finds a key by its scope and plan', { text: 'orders:read free' }, ['acme']],
    ['finds a key by its revocation reason', { text: 'log' }, ['gone']],
    ["excludes every key if one word of the search doesn't match", { text: 'acme nowhere' }, []],
    ['selects active keys', { state: 'active' }, ['plain', 'acme', 'old', 'soon', 'nothing']],
    ['selects disabled keys', { state: 'disabled' }, ['off']],
    ['selects keys by a part of the owner', { owner: 'ACME' }, ['acme', 'old']],
    ['selects keys by a whole scope', { scope: 'orders:write' }, ['soon']],
    ['selects keys that expire within 30 days only if they are active', { attention: 'expiring30' }, ['soon']],
    ['selects keys that need attention for any reason', { attention: 'any' }, ['plain', 'old']],
    ['selects active keys by the band of their last use', { used: 'day' }, ['acme', 'soon', 'nothing']],
    ['selects keys without a use in 90 days', { attention: 'unused' }, ['old']],
    ['selects never used keys only if they are active', { attention: 'never' }, ['plain']],
    ['combines all its conditions', { state: 'active', owner: 'acme', attention: 'unused' }, ['old']],
  ])('%s', (_, filter, expected) => {
    expect(idsOf(filterKeys(KEYS, { ...NO_FILTER, ...filter }, NOW_MS))).toEqual(expected);
  });

  test('finds a key by its raw secret or a part of its prefix', () => {
    const { secret, record } = makeKey({ id: 'mine' });
    const keys = [...KEYS, publicRecord(record)];
    for (const text of [secret, secret.slice(0, 11), secret.slice(3, 9)]) {
      expect(idsOf(filterKeys(keys, { ...NO_FILTER, text }, NOW_MS))).toContain('mine');
    }
    expect(filterKeys(keys, { ...NO_FILTER, text: makeKey().secret }, NOW_MS)).toEqual([]);
  });
});

test('filterKeys and keysCsv compute the state of a key at the given time instead of the time of the read', () => {
  const keys = [makeConsoleKey('soon', { expiresAt: at(1) })];
  for (const [nowMs, state] of [
    [NOW_MS, 'active'],
    [NOW_MS + 1, 'expired'],
  ] as const) {
    expect(idsOf(filterKeys(keys, { ...NO_FILTER, state }, nowMs))).toEqual(['soon']);
    expect(keysCsv(keys, nowMs)).toContain(`,${state},`);
  }
});

describe('the sort order', () => {
  test.each<[SortField, boolean, string[]]>([
    ['lastUsedAt', true, ['soon', 'nothing', 'acme', 'old', 'plain', 'gone', 'off', 'late']],
    ['lastUsedAt', false, ['old', 'acme', 'soon', 'nothing', 'plain', 'gone', 'off', 'late']],
    ['expiresAt', false, ['late', 'gone', 'soon', 'plain', 'acme', 'old', 'off', 'nothing']],
    ['label', false, ['acme', 'gone', 'late', 'nothing', 'off', 'old', 'plain', 'soon']],
    ['state', true, ['gone', 'late', 'off', 'plain', 'acme', 'old', 'soon', 'nothing']],
  ])('puts keys without a value last if it sorts by %s (descending: %p)', (field, isDescending, expected) => {
    expect(idsOf(sortRecords(KEYS, { field, isDescending }, NOW_MS))).toEqual(expected);
  });

  test('treats a key whose last use is in the future as never used', () => {
    const keys = [
      makeConsoleKey('ahead', { lastUsedAt: at(DAY_MS) }),
      makeConsoleKey('used', { lastUsedAt: at(-DAY_MS) }),
    ];
    expect(idsOf(sortRecords(keys, { field: 'lastUsedAt', isDescending: true }, NOW_MS))).toEqual(['used', 'ahead']);
    expect(idsOf(filterKeys(keys, { ...NO_FILTER, attention: 'never' }, NOW_MS))).toEqual(['ahead']);
  });

  test('sorts numbers in labels by value', () => {
    const keys = ['key 10', 'Key 9', 'key 1'].map((label) => makeConsoleKey(label));
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
  // Clocks differ by seconds. A time further in the future is an error.
  [-30 / 86_400, 'day'],
  [-1, 'never'],
] as const)('a last use %p days ago belongs to the band "%s"', (days, band) => {
  expect(lastUsedBand(days === undefined ? {} : { lastUsedAt: at(-days * DAY_MS) }, NOW_MS)).toBe(band);
});

describe('the rotation chain', () => {
  const chain = [
    makeConsoleKey('a', { rotatedTo: 'b' }),
    makeConsoleKey('b', { rotatedFrom: 'a', rotatedTo: 'c' }),
    makeConsoleKey('c', { rotatedFrom: 'b' }),
  ];
  const byId = new Map(chain.map((key) => [key.id, key]));

  test.each(chain)('contains all three keys if it is read from key $id', (key) => {
    expect(getRotationChain(key, byId).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  test('contains the id of a key that is no longer in the table', () => {
    byId.delete('a');
    expect(getRotationChain(chain[2] as ConsoleKey, byId)).toEqual([
      { id: 'a', key: undefined },
      { id: 'b', key: chain[1] },
      { id: 'c', key: chain[2] },
    ]);
  });

  test('ends at a record that leads back into the chain', () => {
    const self = makeConsoleKey('x', { rotatedTo: 'x', rotatedFrom: 'x' });
    expect(getRotationChain(self, new Map([['x', self]]))).toHaveLength(1);
    const [one, two] = [makeConsoleKey('1', { rotatedTo: '2' }), makeConsoleKey('2', { rotatedTo: '1' })];
    expect(getRotationChain(one, new Map([one, two].map((key) => [key.id, key])))).toHaveLength(2);
  });
});

test('sampleKeys always returns the same keys', () => {
  const keys = sampleKeys(400, NOW_MS);
  expect(keys).toEqual(sampleKeys(400, NOW_MS));
  expect(new Set(keys.map(({ id }) => id)).size).toBe(400);
  expect(new Set(keys.map((key) => keyState(key, NOW_MS))).size).toBe(4);
  expect(new Set(keys.map((key) => lastUsedBand(key, NOW_MS))).size).toBe(6);
});

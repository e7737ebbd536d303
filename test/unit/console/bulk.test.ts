import { describe, expect, test } from '@jest/globals';
import { type BulkAction, bulkNotice, bulkTargets, changeAll, countKeys } from '../../../console/page/bulk.ts';
import { toChips } from '../../../console/page/filterNames.ts';
import { NO_FILTER } from '../../../console/page/keyList.ts';
import { rangeOf } from '../../../console/page/useChecked.ts';
import { idsOf, makeConsoleKey } from '../../support/consoleKeys.ts';
import { at } from '../../support/keys.ts';

const KEYS = [
  makeConsoleKey('active'),
  makeConsoleKey('disabled', { disabledAt: at(0) }),
  makeConsoleKey('expired', { expiresAt: at(-1) }),
  makeConsoleKey('revoked', { revokedAt: at(0) }),
];

describe('an action on several keys', () => {
  test.each<[BulkAction, string[]]>([
    ['disable', ['active', 'expired']],
    ['enable', ['disabled']],
    ['revoke', ['active', 'disabled', 'expired']],
  ])('%s changes only the keys that it can change', (action, expected) => {
    expect(idsOf(bulkTargets(action, KEYS))).toEqual(expected);
  });

  test('changes the other keys if one fails, at most four at a time', async () => {
    let running = 0;
    let most = 0;
    const keys = Array.from({ length: 10 }, (_, index) => makeConsoleKey(String(index)));
    const result = await changeAll(keys, async (key) => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      if (key.id === '3') throw new Error('was changed');
      return key;
    });
    expect(idsOf(result.changed).toSorted()).toEqual(['0', '1', '2', '4', '5', '6', '7', '8', '9']);
    expect(result).toMatchObject({ failures: 1, message: 'was changed' });
    expect(most).toBe(4);
    expect(bulkNotice('disabled', result)).toBe('9 keys disabled. 1 key failed: was changed');
  });

  test('reports the number of changed keys if none fails', async () => {
    expect(bulkNotice('enabled', await changeAll(KEYS.slice(0, 1), async (key) => key))).toBe('1 key enabled.');
    expect(countKeys(2000)).toBe('2,000 keys');
  });
});

describe('the range of a click with Shift', () => {
  test.each([
    ['a', 'c', ['a', 'b', 'c']],
    ['c', 'a', ['a', 'b', 'c']],
    ['b', 'b', ['b']],
    ['gone', 'b', ['b']],
  ])('from %s to %s contains all keys between', (from, to, expected) => {
    expect(
      rangeOf(
        ['a', 'b', 'c', 'd'].map((id) => makeConsoleKey(id)),
        from,
        to,
      ),
    ).toEqual(expected);
  });
});

test('the filter has a chip for each of its conditions, except for the searched text', () => {
  expect(toChips({ ...NO_FILTER, text: 'acme' })).toEqual([]);
  const filter = {
    text: '',
    state: 'active',
    attention: 'unused',
    used: 'older',
    owner: 'acme',
    scope: 'a:b',
  } as const;
  expect(toChips(filter).map(({ name }) => name)).toEqual([
    'Active',
    'Unused for 90 days',
    'Last used: over 90 days ago',
    'Owner: acme',
    'Scope: a:b',
  ]);
});

import { describe, expect, test } from '@jest/globals';
import { type KeysEvent, nextState, NOT_LOADED, offerActions, sortKeys } from '../../../elements/keysState.ts';
import type { OwnedKey, OwnerAccess } from '../../../elements/ownedKey.ts';
import { publicRecord } from '../../../keys/record.ts';
import type { TestKeyFields } from '../../../testing/createTestKey.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';

const ACCESS = { maxKeys: 20 } as OwnerAccess;
const FAILURE = new Error('offline');

function ownedKey(fields: TestKeyFields): OwnedKey {
  return { ...publicRecord(makeKey(fields).record), state: 'active' };
}

const OLD = ownedKey({ id: 'a', label: 'old', version: 1 });
const NEW = ownedKey({ id: 'a', label: 'new', version: 2 });
const loaded = (keys: readonly OwnedKey[], sinceMs: number): KeysEvent => ({
  kind: 'loaded',
  access: ACCESS,
  keys,
  sinceMs,
});
const written = (records: readonly OwnedKey[], atMs: number): KeysEvent => ({ kind: 'written', records, atMs });

describe('the loaded keys', () => {
  test.each<[string, readonly KeysEvent[], readonly string[]]>([
    ['are those of the last load', [loaded([OLD], 0), loaded([NEW], 1)], ['new']],
    ['lose a key that the list no longer has', [loaded([OLD], 0), loaded([], 1)], []],
    ['have a change at once', [loaded([OLD], 0), written([NEW], 1)], ['new']],
    ['keep a change that the list lacks so far', [written([NEW], 5), loaded([OLD], 10)], ['new']],
    ['keep a new key that the list lacks so far', [written([NEW], 5), loaded([], 10)], ['new']],
    ['believe the list if it is newer', [written([OLD], 5), loaded([NEW], 10)], ['new']],
    ['believe the list after ten seconds', [written([NEW], 5), loaded([], 10_006)], []],
    ['stay after a failure', [loaded([OLD], 0), { kind: 'failed', failure: FAILURE }], ['old']],
    ['go with the owner', [loaded([OLD], 0), { kind: 'reset' }], []],
  ])('%s', (_, events, labels) => {
    let state = NOT_LOADED;
    for (const event of events) state = nextState(state, event);
    expect(state.keys.map(({ label }) => label)).toEqual(labels);
  });

  test('have a failure until the next successful load', () => {
    const failed = nextState(NOT_LOADED, { kind: 'failed', failure: FAILURE });
    expect(failed.failure).toBe(FAILURE);
    expect(nextState(failed, loaded([], 0)).failure).toBeUndefined();
  });
});

test('sortKeys separates ended keys, and counts neither them nor rotated ones', () => {
  const keys = [
    ownedKey({ id: '1', createdAt: at(-4000) }),
    ownedKey({ id: '2', createdAt: at(-3000), disabledAt: at(-1) }),
    ownedKey({ id: '3', createdAt: at(-2000), revokedAt: at(-1) }),
    ownedKey({ id: '4', createdAt: at(-1000), rotatedTo: '1', expiresAt: at(1) }),
    ownedKey({ id: '5', expiresAt: at(-1) }),
  ];
  const { current, ended, counted } = sortKeys(keys, NOW_MS);
  expect(current.map(({ id }) => id)).toEqual(['4', '2', '1']);
  expect(ended.map(({ id }) => id).toSorted()).toEqual(['3', '5']);
  expect(counted).toBe(2);
});

test.each<[string, TestKeyFields, readonly string[]]>([
  ['an active key', {}, ['edit', 'rotate', 'disable', 'revoke']],
  ['a disabled key', { disabledAt: at(-1) }, ['edit', 'enable', 'revoke']],
  ['a rotated key', { rotatedTo: 'b', expiresAt: at(1) }, ['edit', 'disable', 'revoke']],
  ['an expired key', { expiresAt: at(-1) }, []],
  ['a revoked key', { revokedAt: at(-1) }, []],
])('%s offers the actions that it allows', (_, fields, actions) => {
  expect(offerActions(ownedKey(fields), NOW_MS)).toEqual(actions);
});

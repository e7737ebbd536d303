import { describe, expect, test } from '@jest/globals';
import {
  expiryChoices,
  type KeyForm,
  newForm,
  sameExpiry,
  toChanges,
  toForm,
  toNewKey,
} from '../../../elements/keyFields.ts';
import { toKeysLanguage } from '../../../elements/keysLanguage.ts';
import type { OwnedKey, OwnedKeyFields, OwnerAccess } from '../../../elements/ownedKey.ts';
import { publicRecord } from '../../../keys/record.ts';
import type { TestKeyFields } from '../../../testing/createTestKey.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';

const DAY_MS = 86_400_000;
const ENGLISH = toKeysLanguage('en', undefined);
const FREE: OwnerAccess = {
  scopes: null,
  plans: null,
  maxLifetimeSeconds: null,
  maxKeys: 20,
  revocationDelaySeconds: 60,
  hasUsage: false,
};
const RULED: OwnerAccess = { ...FREE, scopes: ['a', 'b'], plans: ['free', 'pro'], maxLifetimeSeconds: 40 * 86_400 };

function ownedKey(fields: TestKeyFields): OwnedKey {
  return { ...publicRecord(makeKey(fields).record), state: 'active' };
}

describe('a new key', () => {
  test.each<[string, OwnerAccess, Partial<KeyForm>, OwnedKeyFields]>([
    ['has only a label if the owner may choose nothing else', FREE, {}, { label: 'x' }],
    ['has all scopes and the first plan by default', RULED, {}, { label: 'x', scopes: ['a', 'b'], plan: 'free' }],
    ['has the chosen ones', RULED, { scopes: ['b'], plan: 'pro' }, { label: 'x', scopes: ['b'], plan: 'pro' }],
    ['expires after a number of days', FREE, { expiry: '7' }, { label: 'x', expiresAt: at(7 * DAY_MS) }],
    [
      'works from the listed addresses',
      FREE,
      { allowedIps: ' 203.0.113.7,\n2001:db8::/32 ' },
      { label: 'x', allowedIps: ['203.0.113.7', '2001:db8::/32'] },
    ],
  ])('%s', (_, access, form, expected) => {
    expect(toNewKey({ ...newForm(access), label: 'x', ...form }, access, NOW_MS, ENGLISH)).toEqual(expected);
  });

  test('needs a label', () => {
    const german = toKeysLanguage('de', undefined);
    expect(() => toNewKey({ ...newForm(FREE), label: ' ' }, FREE, NOW_MS, german)).toThrow(/^label: Geben Sie/);
  });
});

describe('a change of a key', () => {
  const key = ownedKey({ label: 'ci', scopes: ['a', 'b'], plan: 'free', allowedIps: ['203.0.113.7'] });

  test.each<[string, Partial<KeyForm>, OwnedKeyFields]>([
    ['is empty if nothing was edited', {}, {}],
    ['contains only the label if only the label was edited', { label: 'new' }, { label: 'new' }],
    ['ignores the order of the scopes', { scopes: ['b', 'a'] }, {}],
    ['contains the other scopes', { scopes: ['b'] }, { scopes: ['b'] }],
    ['contains the other plan', { plan: 'pro' }, { plan: 'pro' }],
    ['removes the addresses', { allowedIps: ' ' }, { allowedIps: null }],
    ['contains the new expiry', { expiry: '1' }, { expiresAt: at(DAY_MS) }],
  ])('%s', (_, form, expected) => {
    expect(toChanges({ ...toForm(key), ...form }, key, NOW_MS, ENGLISH)).toEqual(expected);
  });

  test('can remove an expiry', () => {
    const dated = ownedKey({ expiresAt: at(DAY_MS) });
    expect(toChanges({ ...toForm(dated), expiry: 'never' }, dated, NOW_MS, ENGLISH)).toEqual({ expiresAt: null });
    expect(toChanges(toForm(dated), dated, NOW_MS, ENGLISH)).toEqual({});
  });
});

test('the choices of an expiry are shorter than the longest lifetime', () => {
  expect(expiryChoices(RULED)).toEqual(['1', '7', '30', 'at']);
  expect(expiryChoices(FREE)).toContain('never');
});

test.each<[string, TestKeyFields, OwnerAccess, string | null]>([
  ["repeats the old key's lifetime", { createdAt: at(-DAY_MS), expiresAt: at(DAY_MS) }, RULED, at(2 * DAY_MS)],
  ['is cut at the longest lifetime', { createdAt: at(-90 * DAY_MS), expiresAt: at(DAY_MS) }, RULED, at(40 * DAY_MS)],
  ['is the longest lifetime if the old key never expires', {}, RULED, at(40 * DAY_MS)],
  ['is never without a longest lifetime', {}, FREE, null],
])("the preview of a successor's expiry %s", (_, fields, access, expected) => {
  expect(sameExpiry(ownedKey(fields), access, NOW_MS)).toBe(expected);
});

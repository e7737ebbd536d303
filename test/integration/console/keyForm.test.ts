import { describe, expect, test } from '@jest/globals';
import { changesOf, EMPTY_FORM, formOf, newKeyOf, type KeyForm } from '../../../console/page/keyForm.ts';
import { at, makeKey, NOW_MS } from '../../support/keys.ts';
import { publicRecord } from '../../../keys/record.ts';

const DAY_MS = 86_400_000;
const { record } = makeKey({
  label: 'ci',
  owner: 'acme',
  scopes: ['a', 'b'],
  plan: 'free',
  metadata: { seats: 3 },
  expiresAt: at(DAY_MS),
});
const KEY = publicRecord(record);

describe('a new key', () => {
  test.each<[string, Partial<KeyForm>, object]>([
    ['with a label alone may do everything and never expires', {}, {}],
    ['has its owner and plan', { owner: 'acme', plan: 'free' }, { owner: 'acme', plan: 'free' }],
    ['has the scopes that it is limited to', { isLimited: true, scopes: ' a  b ' }, { scopes: ['a', 'b'] }],
    ['has scopes with commas between', { isLimited: true, scopes: 'a, b,c' }, { scopes: ['a', 'b', 'c'] }],
    ['may do nothing without any', { isLimited: true }, { scopes: [] }],
    ['is not limited by scopes that are left over', { scopes: 'a' }, {}],
    ['expires days from now', { expiry: '30' }, { expiresAt: at(30 * DAY_MS) }],
    [
      'expires at a time',
      { expiry: 'at', expiresAt: '2031-01-31T12:00' },
      { expiresAt: new Date('2031-01-31T12:00').toISOString() },
    ],
    [
      'expires at the end of a date in UTC',
      { expiry: 'at', expiresAt: '2031-01-31' },
      { expiresAt: '2031-01-31T23:59:59.999Z' },
    ],
    [
      'expires at a time in another zone',
      { expiry: 'at', expiresAt: '2031-01-31T12:00+01:00' },
      { expiresAt: '2031-01-31T11:00:00.000Z' },
    ],
    ['has its metadata', { metadata: ' {"a":[1]} ' }, { metadata: { a: [1] } }],
  ])('%s', (_, form, expected) => {
    expect(newKeyOf({ ...EMPTY_FORM, label: 'x', ...form }, NOW_MS)).toEqual({ label: 'x', ...expected });
  });

  test.each<Partial<KeyForm>>([
    { metadata: '{' },
    { expiry: 'at' },
    { expiry: 'at', expiresAt: '2031-02-30T12:00' },
    { expiry: 'at', expiresAt: '12031-01-31T12:00' },
  ])('cannot be read from %p', (form) => {
    expect(() => newKeyOf({ ...EMPTY_FORM, ...form }, NOW_MS)).toThrow(/wanted/);
  });
});

describe('a change', () => {
  test.each<[string, Partial<KeyForm>, object]>([
    ['is none where the form is as the key', {}, {}],
    ['of the label is that alone', { label: 'new' }, { label: 'new' }],
    [
      'to an empty field takes it away',
      { owner: '', plan: '', metadata: ' ' },
      { owner: null, plan: null, metadata: null },
    ],
    ['of scopes replaces them', { scopes: 'a' }, { scopes: ['a'] }],
    ['to everything takes them away', { isLimited: false }, { scopes: null }],
    ['to no scope at all leaves none', { scopes: '' }, { scopes: [] }],
    ['of the expiry to never', { expiry: 'never' }, { expiresAt: null }],
    ['of the expiry to a day', { expiry: '7' }, { expiresAt: at(7 * DAY_MS) }],
  ])('%s', (_, form, expected) => {
    const begun = formOf(KEY);
    expect(changesOf({ ...begun, ...form }, begun, NOW_MS)).toEqual(expected);
  });

  test('of a key that never expires leaves that', () => {
    const { expiresAt: _, ...endless } = KEY;
    expect(changesOf({ ...formOf(endless), label: 'new' }, formOf(endless), NOW_MS)).toEqual({ label: 'new' });
  });
});

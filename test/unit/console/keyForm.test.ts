import { describe, expect, test } from '@jest/globals';
import { getChanges, EMPTY_FORM, toForm, toNewKey, type KeyForm } from '../../../console/page/keyForm.ts';
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

describe('toNewKey', () => {
  test.each<[string, Partial<KeyForm>, object]>([
    ['omits empty fields', {}, {}],
    ['returns the owner and the plan', { owner: 'acme', plan: 'free' }, { owner: 'acme', plan: 'free' }],
    ['splits scopes at spaces', { isLimited: true, scopes: ' a  b ' }, { scopes: ['a', 'b'] }],
    ['splits scopes at commas', { isLimited: true, scopes: 'a, b,c' }, { scopes: ['a', 'b', 'c'] }],
    ['returns an empty list of scopes for a limited key without any', { isLimited: true }, { scopes: [] }],
    ['ignores scopes that were typed before full access was chosen', { scopes: 'a' }, {}],
    ['adds a number of days to the current time', { expiry: '30' }, { expiresAt: at(30 * DAY_MS) }],
    [
      'reads an expiry in the local time zone',
      { expiry: 'at', expiresAt: '2031-01-31T12:00' },
      { expiresAt: new Date('2031-01-31T12:00').toISOString() },
    ],
    [
      'reads a date as the end of its day in UTC',
      { expiry: 'at', expiresAt: '2031-01-31' },
      { expiresAt: '2031-01-31T23:59:59.999Z' },
    ],
    [
      'converts an expiry in another time zone to UTC',
      { expiry: 'at', expiresAt: '2031-01-31T12:00+01:00' },
      { expiresAt: '2031-01-31T11:00:00.000Z' },
    ],
    [
      'splits the IP addresses at spaces, commas and line breaks',
      { allowedIps: ' 203.0.113.7,10.0.0.0/8\n::1 ' },
      { allowedIps: ['203.0.113.7', '10.0.0.0/8', '::1'] },
    ],
    ['parses the metadata', { metadata: ' {"a":[1]} ' }, { metadata: { a: [1] } }],
  ])('%s', (_, form, expected) => {
    expect(toNewKey({ ...EMPTY_FORM, label: 'x', ...form }, NOW_MS)).toEqual({ label: 'x', ...expected });
  });

  test.each<Partial<KeyForm>>([
    { metadata: '{' },
    { expiry: 'at' },
    { expiry: 'at', expiresAt: '2031-02-30T12:00' },
    { expiry: 'at', expiresAt: '12031-01-31T12:00' },
  ])('rejects the fields %p', (form) => {
    expect(() => toNewKey({ ...EMPTY_FORM, label: 'x', ...form }, NOW_MS)).toThrow(/expected/);
  });

  test.each(['', ' '])('rejects the label %p', (label) => {
    expect(() => toNewKey({ ...EMPTY_FORM, label }, NOW_MS)).toThrow(/^label: /);
  });
});

describe('getChanges', () => {
  test.each<[string, Partial<KeyForm>, object]>([
    ['returns an empty object if all fields are unedited', {}, {}],
    ['returns only the label if only the label was edited', { label: 'new' }, { label: 'new' }],
    [
      'removes fields that were emptied',
      { owner: '', plan: '', metadata: ' ' },
      { owner: null, plan: null, metadata: null },
    ],
    ['replaces the scopes', { scopes: 'a' }, { scopes: ['a'] }],
    ['ignores the space that a scope field adds', { scopes: 'a b ' }, {}],
    ['removes the scopes if full access was chosen', { isLimited: false }, { scopes: null }],
    ['returns an empty list if all scopes were deleted', { scopes: '' }, { scopes: [] }],
    ['removes the expiry', { expiry: 'never' }, { expiresAt: null }],
    ['changes the expiry to a number of days from now', { expiry: '7' }, { expiresAt: at(7 * DAY_MS) }],
  ])('%s', (_, form, expected) => {
    const original = toForm(KEY);
    expect(getChanges({ ...original, ...form }, original, NOW_MS)).toEqual(expected);
  });

  test('rejects a label that was emptied', () => {
    const original = toForm(KEY);
    expect(() => getChanges({ ...original, label: '' }, original, NOW_MS)).toThrow(/^label: /);
  });

  test('leaves the expiry of a key that never expires unchanged', () => {
    const { expiresAt: _, ...endless } = KEY;
    expect(getChanges({ ...toForm(endless), label: 'new' }, toForm(endless), NOW_MS)).toEqual({ label: 'new' });
  });
});

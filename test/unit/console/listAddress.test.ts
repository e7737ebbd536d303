import { describe, expect, test } from '@jest/globals';
import { type ListView, parseQuery, toQuery, WHOLE_LIST } from '../../../console/page/listAddress.ts';
import { NO_FILTER } from '../../../console/page/keyList.ts';
import { parseRoute, type Route, toHref, toListHref } from '../../../console/page/route.ts';
import { generateSecret } from '../../../keys/secret.ts';
import { makeKey } from '../../support/keys.ts';

const LISTS: readonly (readonly [query: string, list: ListView])[] = [
  ['', WHOLE_LIST],
  ['?q=acme+build', { ...WHOLE_LIST, filter: { ...NO_FILTER, text: 'acme build' } }],
  ['?state=revoked', { ...WHOLE_LIST, filter: { ...NO_FILTER, state: 'revoked' } }],
  [
    '?owner=a%26b&scope=orders%3Aread&attention=any&used=never',
    {
      ...WHOLE_LIST,
      filter: { ...NO_FILTER, owner: 'a&b', scope: 'orders:read', attention: 'any', used: 'never' },
    },
  ],
  ['?sort=-lastUsedAt', { ...WHOLE_LIST, sort: { field: 'lastUsedAt', isDescending: true } }],
  ['?sort=label', { ...WHOLE_LIST, sort: { field: 'label', isDescending: false } }],
];

describe('the address of the list', () => {
  test.each(LISTS)('contains the filter and the sort order as %j', (query, list) => {
    expect(new URLSearchParams(toQuery(list)).toString().split('&').toSorted()).toEqual(
      new URLSearchParams(query).toString().split('&').toSorted(),
    );
    expect(parseQuery(query)).toEqual(list);
  });

  test.each(['?state=none&attention=x&used=', '?sort=-', '?sort=keyHash', '?unknown=1', '?%'])(
    'means the whole list if it contains only unknown values: %j',
    (query) => {
      expect(parseQuery(query)).toEqual(WHOLE_LIST);
    },
  );

  test('shows the public prefix of a searched Latchkey key instead of the key', () => {
    const { secret } = makeKey();
    const prefix = secret.slice(0, 11);
    for (const text of [secret, secret.slice(0, 30), `acme ${secret}`]) {
      const query = toQuery({ ...WHOLE_LIST, filter: { ...NO_FILTER, text } });
      expect(query).toContain(prefix);
      expect(query).not.toContain(secret.slice(0, 12));
    }
  });

  test('shows the public prefix of a key whose prefix has several segments', () => {
    const secret = generateSecret('sk_live_');
    expect(toQuery({ ...WHOLE_LIST, filter: { ...NO_FILTER, text: secret } })).toBe(`?q=${secret.slice(0, 16)}`);
  });

  test.each(['AKIA1234567890ABCDEF', 'x7Gk2mQ9-vT4bW1zR', 'Zm9vYmFyYmF6cXV4MTIz', 'abcdefghijklmnopqrstuvwxyz'])(
    'leaves out %s, because it may be an imported key',
    (text) => {
      expect(toQuery({ ...WHOLE_LIST, filter: { ...NO_FILTER, text, owner: text } })).toBe('');
    },
  );

  test.each(['0d3c3fd5-2d4e-4b1e-9c62-5f7f3f0b7a11', 'nightly-export-of-invoices', 'webhook.relay.production'])(
    'keeps %s, because it is an id or made of words',
    (text) => {
      expect(parseQuery(toQuery({ ...WHOLE_LIST, filter: { ...NO_FILTER, text } })).filter.text).toBe(text);
    },
  );
});

describe('the address of a filtered list', () => {
  test.each(['reports:exportMonthlyCsv', 'orders_readwrite', 'https://example.com/Scope123x'])(
    'keeps the scope %s unchanged, because only the whole scope matches a key',
    (scope) => {
      const list = { ...WHOLE_LIST, filter: { ...NO_FILTER, scope } };
      expect(parseQuery(toQuery(list))).toEqual(list);
    },
  );
});

describe('the address of a view', () => {
  test.each<[string, Route]>([
    ['#/overview', { view: 'overview' }],
    ['#/keys', { view: 'keys', list: WHOLE_LIST }],
    ['#/keys/0d3c-5', { view: 'keys', id: '0d3c-5', list: WHOLE_LIST }],
    ['#/keys/a%2Fb%20c', { view: 'keys', id: 'a/b c', list: WHOLE_LIST }],
    ['#/keys/x?q=acme', { view: 'keys', id: 'x', list: { ...WHOLE_LIST, filter: { ...NO_FILTER, text: 'acme' } } }],
  ])('%s leads to the view and back', (hash, route) => {
    expect(parseRoute(hash)).toEqual(route);
    expect(toHref(route)).toBe(hash);
  });

  test.each(['', '#', '#/nothing', '#/keys/'])('is the list if it is %j', (hash) => {
    expect(parseRoute(hash)).toEqual({ view: 'keys', list: WHOLE_LIST });
  });

  test('keeps an id that is not encoded correctly', () => {
    expect(parseRoute('#/keys/%E0%A4%A')).toMatchObject({ id: '%E0%A4%A' });
  });

  test('contains the conditions of a link to the list', () => {
    expect(toListHref({ state: 'revoked' })).toBe('#/keys?state=revoked');
    expect(toListHref({}, { field: 'expiresAt', isDescending: false })).toBe('#/keys?sort=expiresAt');
  });
});

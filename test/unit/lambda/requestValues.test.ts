import { describe, expect, test } from '@jest/globals';
import { cookieValues, headerValues, protocolKeys, queryValues } from '../../../lambda/requestValues.ts';

/** The two maps of headers that an event can have, with one header each. */
const HEADER_MAPS = [
  ['multiValueHeaders', (name: string, value: string) => ({ multiValueHeaders: { [name]: [value] } })],
  ['headers', (name: string, value: string) => ({ headers: { [name]: value } })],
] as const;

const QUERY_MAPS = [
  [
    'multiValueQueryStringParameters',
    (name: string, value: string) => ({ multiValueQueryStringParameters: { [name]: [value] } }),
  ],
  ['queryStringParameters', (name: string, value: string) => ({ queryStringParameters: { [name]: value } })],
] as const;

describe.each(HEADER_MAPS)('headerValues with %s', (_, eventOf) => {
  test.each(['x-api-key', 'X-Api-Key', 'X-API-KEY', 'x-api-keY'])('finds the header %s', (name) => {
    expect(headerValues(eventOf(name, 'value'), 'x-api-key')).toBe('value');
  });

  test.each([
    ['of the same length', 'x-api-kex'],
    ['with another first letter', 'y-api-key'],
    ["that is a prefix of the header's name", 'x-api'],
    ["that starts with the header's name", 'x-api-key2'],
    ['without letters', ''],
    ['with control characters that differ from letters only in the case bit', 'x\rapi\rkey'],
    ['with a letter of another alphabet', 'x-api-Key'.replace('K', '\u212a')],
  ])('ignores a name %s', (__, name) => {
    expect(headerValues(eventOf(name, 'value'), 'x-api-key')).toBeUndefined();
  });

  test('ignores a name whose punctuation differs only in the case bit', () => {
    expect(headerValues(eventOf('x^key', 'value'), 'x~key')).toBeUndefined();
    expect(headerValues(eventOf('x~key', 'value'), 'x^key')).toBeUndefined();
  });
});

describe.each(QUERY_MAPS)('queryValues with %s', (_, eventOf) => {
  test('finds a parameter only by its exact name, including case', () => {
    expect(queryValues(eventOf('api_key', 'value'), 'api_key')).toBe('value');
    expect(queryValues(eventOf('API_KEY', 'value'), 'api_key')).toBeUndefined();
    expect(queryValues(eventOf('api_kex', 'value'), 'api_key')).toBeUndefined();
  });
});

describe('headerValues for a header with several values', () => {
  test('returns at least two values from a list or from names in several spellings', () => {
    const multiValueHeaders = { 'x-api-key': ['a', 'b'], 'X-Api-Key': ['c'], other: ['d'] };
    expect(headerValues({ multiValueHeaders }, 'x-api-key')).toEqual(['a', 'b']);
    expect(headerValues({ multiValueHeaders: { a: ['1'], A: ['2', '3'] } }, 'a')).toEqual(['1', '2']);
  });

  test('prefers the map of lists to the map of single values', () => {
    expect(headerValues({ multiValueHeaders: { a: ['1'] }, headers: { a: '2' } }, 'a')).toBe('1');
    expect(headerValues({ multiValueHeaders: {}, headers: { a: '2' } }, 'a')).toBe('2');
  });

  test.each([
    ['Bearer a,Bearer b', ['Bearer a', 'Bearer b']],
    ['Bearer a, Bearer b', ['Bearer a', 'Bearer b']],
    ['Digest x="1", bearer', ['Digest x="1"', 'bearer']],
    ['Bearer a,', ['Bearer a', '']],
    [' , Bearer a', ['', 'Bearer a']],
  ])('splits the joined value %j', (joined, values) => {
    expect(headerValues({ headers: { authorization: joined } }, 'authorization')).toEqual(values);
  });

  test.each(['', 'Bearer a', 'Bearer a,b', 'Digest x="1", y="2"', 'Digest x="1", forbearer y', 'Digest x, bearers'])(
    'keeps %j as one value',
    (value) => {
      expect(headerValues({ headers: { authorization: value } }, 'authorization')).toBe(value);
    },
  );
});

test("headerValues doesn't find a header by another name of the same length", () => {
  const headers = { 'X-Api-Key': 'value' };
  expect(headerValues({ headers }, 'x-api-key')).toBe('value');
  expect(headerValues({ headers }, 'x-api-kez')).toBeUndefined();
});

test.each([
  ['undefined', undefined],
  ['null', null],
  ['a string', 'text'],
  ['a number', 7],
])('headerValues returns undefined if the headers of an event are %s', (_, headers) => {
  expect(headerValues({ headers, multiValueHeaders: headers }, 'authorization')).toBeUndefined();
  // A string has its letters as indexed properties.
  expect(headerValues({ headers, multiValueHeaders: headers }, '0')).toBeUndefined();
});

test('headerValues ignores list entries that are not strings', () => {
  const multiValueHeaders = { a: [1, null, ['nested'], { length: 1 }, 'text'] };
  expect(headerValues({ multiValueHeaders }, 'a')).toBe('text');
  expect(headerValues({ headers: { a: 1 } }, 'a')).toBeUndefined();
});

describe('cookieValues', () => {
  test.each([
    ['the list of payload format 2.0', { cookies: ['a=1', 'key=value'], headers: {} }],
    ['one string of several cookies in that list', { cookies: ['a=1; key=value'] }],
    [
      'the lists of a header',
      { multiValueHeaders: { Cookie: ['a=1; key=value'] }, headers: { Cookie: 'a=1; key=value' } },
    ],
    ['a header in any case', { headers: { COOKIE: 'key=value' } }],
  ])('reads cookies from %s', (_, event) => {
    expect(cookieValues(event, 'key')).toBe('value');
  });

  test.each([
    ['undefined', undefined],
    ['a string', 'key=value'],
    ['a list of other types', [1, null, ['key=value'], { key: 'value' }]],
  ])('ignores cookies that are %s', (_, cookies) => {
    expect(cookieValues({ cookies, headers: cookies, multiValueHeaders: null }, 'key')).toBeUndefined();
  });

  test('returns two values of a name that occurs more often', () => {
    expect(cookieValues({ cookies: ['key=1', 'key=2; key=3'] }, 'key')).toEqual(['1', '2']);
  });
});

test('protocolKeys ignores header lines that are not strings', () => {
  const name = 'sec-websocket-protocol';
  expect(protocolKeys({ multiValueHeaders: { [name]: [null, 1, 'bearer', {}, 'value'] } })).toBe('value');
  expect(protocolKeys({ headers: { [name]: 7 }, multiValueHeaders: 'bearer, value' })).toBeUndefined();
});

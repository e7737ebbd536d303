import { describe, expect, test } from '@jest/globals';
import { headerValues, queryValues } from '../../../lambda/credentials.ts';

/** The two maps of headers that an event can have, of one header each. */
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

describe.each(HEADER_MAPS)('a header in %s', (_, eventOf) => {
  test.each(['x-api-key', 'X-Api-Key', 'X-API-KEY', 'x-api-keY'])('is found as %s', (name) => {
    expect(headerValues(eventOf(name, 'value'), 'x-api-key')).toBe('value');
  });

  test.each([
    ['of as many letters', 'x-api-kex'],
    ['that differs in its first letter', 'y-api-key'],
    ['that the wanted one begins with', 'x-api'],
    ['that begins with the wanted one', 'x-api-key2'],
    ['without letters', ''],
    ['with control characters that are small letters but for the case bit', 'x\rapi\rkey'],
    ['with a letter of another alphabet', 'x-api-Key'.replace('K', '\u212a')],
  ])('is not found under a name %s', (__, name) => {
    expect(headerValues(eventOf(name, 'value'), 'x-api-key')).toBeUndefined();
  });

  test('is not found under a name of other punctuation that differs in the case bit alone', () => {
    expect(headerValues(eventOf('x^key', 'value'), 'x~key')).toBeUndefined();
    expect(headerValues(eventOf('x~key', 'value'), 'x^key')).toBeUndefined();
  });
});

describe.each(QUERY_MAPS)('a parameter in %s', (_, eventOf) => {
  test('is found by its very name, whose letter case counts', () => {
    expect(queryValues(eventOf('api_key', 'value'), 'api_key')).toBe('value');
    expect(queryValues(eventOf('API_KEY', 'value'), 'api_key')).toBeUndefined();
    expect(queryValues(eventOf('api_kex', 'value'), 'api_key')).toBeUndefined();
  });
});

describe('of several values at least two are told', () => {
  test('of a name in several cases, and of a list', () => {
    const multiValueHeaders = { 'x-api-key': ['a', 'b'], 'X-Api-Key': ['c'], other: ['d'] };
    expect(headerValues({ multiValueHeaders }, 'x-api-key')).toEqual(['a', 'b']);
    expect(headerValues({ multiValueHeaders: { a: ['1'], A: ['2', '3'] } }, 'a')).toEqual(['1', '2']);
  });

  test('the map of several values comes before the other', () => {
    expect(headerValues({ multiValueHeaders: { a: ['1'] }, headers: { a: '2' } }, 'a')).toBe('1');
    expect(headerValues({ multiValueHeaders: {}, headers: { a: '2' } }, 'a')).toBe('2');
  });

  test.each([
    ['Bearer a,Bearer b', ['Bearer a', 'Bearer b']],
    ['Bearer a, Bearer b', ['Bearer a', 'Bearer b']],
    ['Digest x="1", bearer', ['Digest x="1"', 'bearer']],
    ['Bearer a,', ['Bearer a', '']],
    [' , Bearer a', ['', 'Bearer a']],
  ])('that were joined as %j', (joined, values) => {
    expect(headerValues({ headers: { authorization: joined } }, 'authorization')).toEqual(values);
  });

  test.each(['', 'Bearer a', 'Bearer a,b', 'Digest x="1", y="2"', 'Digest x="1", forbearer y', 'Digest x, bearers'])(
    '%j is one value',
    (value) => {
      expect(headerValues({ headers: { authorization: value } }, 'authorization')).toBe(value);
    },
  );
});

test('a header that was just found in another case is found by no other name of as many letters', () => {
  const headers = { 'X-Api-Key': 'value' };
  expect(headerValues({ headers }, 'x-api-key')).toBe('value');
  expect(headerValues({ headers }, 'x-api-kez')).toBeUndefined();
});

test.each([
  ['no map', undefined],
  ['null', null],
  ['a text', 'text'],
  ['a number', 7],
])('of an event with %s for its headers nothing is read', (_, headers) => {
  expect(headerValues({ headers, multiValueHeaders: headers }, 'authorization')).toBeUndefined();
  // A text has its letters by their places.
  expect(headerValues({ headers, multiValueHeaders: headers }, '0')).toBeUndefined();
});

test('of a list the texts alone are values', () => {
  const multiValueHeaders = { a: [1, null, ['nested'], { length: 1 }, 'text'] };
  expect(headerValues({ multiValueHeaders }, 'a')).toBe('text');
  expect(headerValues({ headers: { a: 1 } }, 'a')).toBeUndefined();
});

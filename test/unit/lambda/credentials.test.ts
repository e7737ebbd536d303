import { describe, expect, test } from '@jest/globals';
import { generateSecret } from '../../../keys/secret.ts';
import { readConfig } from '../../../lambda/config.ts';
import {
  presentedKey,
  type PresentedKey,
  headerValues,
  queryValues,
  authRequiredMessage,
  parseKeySources,
} from '../../../lambda/credentials.ts';

const KEY = generateSecret('sk_');
const OTHER = generateSecret('sk_');
const HEADER_FIRST = 'header:x-api-key,bearer,query:api_key';

interface Carried {
  readonly headers?: Record<string, string[]>;
  readonly query?: Record<string, string[]>;
}

function present({ headers = {}, query = {} }: Carried, sources = 'bearer,query:api_key'): PresentedKey {
  const { keySources, keyFormat } = readConfig({ LATCHKEY_TABLE: 'keys', LATCHKEY_KEY_SOURCES: sources });
  const event = { multiValueHeaders: headers, multiValueQueryStringParameters: query };
  return presentedKey({ kind: 'request', event }, keySources, keyFormat);
}

function presentToken(token: string, sources?: string): PresentedKey {
  const { keySources, keyFormat } = readConfig({
    LATCHKEY_TABLE: 'keys',
    ...(sources === undefined ? {} : { LATCHKEY_KEY_SOURCES: sources }),
  });
  return presentedKey({ kind: 'token', token }, keySources, keyFormat);
}

const KEY_OF = { kind: 'key', secret: KEY };
const ABSENT = { kind: 'absent' };
const MALFORMED = { kind: 'malformed' };

describe('presentedKey with a bearer header', () => {
  test.each([
    ['the Bearer scheme', `Bearer ${KEY}`],
    ['the bearer scheme in small letters', `bearer ${KEY}`],
    ['the BEARER scheme in capitals', `BEARER ${KEY}`],
    ['spaces around the key', `  Bearer    ${KEY}  `],
  ])('returns the key for %s', (_, value) => {
    expect(present({ headers: { authorization: [value] } })).toEqual(KEY_OF);
  });

  test.each([
    ['no key after the scheme', 'Bearer'],
    ['only spaces after the scheme', 'Bearer    '],
    ['an empty value', ''],
    ['another scheme', `Basic ${KEY}`],
    ['a scheme that starts with bearer', `BearerToken ${KEY}`],
    ['a key without a scheme', KEY],
    ['a tab instead of the space', `Bearer\t${KEY}`],
  ])('returns absent for %s', (_, value) => {
    expect(present({ headers: { authorization: [value] } })).toEqual(ABSENT);
  });

  test.each([
    ['a tab before the key', `Bearer \t${KEY}`],
    ['a second word', `Bearer ${KEY} more`],
    ['two keys with a comma', `Bearer ${KEY},${KEY}`],
    ['two bearer values joined by a comma', `Bearer ${KEY},Bearer ${OTHER}`],
    ['a key of another prefix', `Bearer ${generateSecret('pk_')}`],
  ])('returns malformed for %s', (_, value) => {
    expect(present({ headers: { authorization: [value] } })).toEqual(MALFORMED);
  });
});

describe('presentedKey with several sources', () => {
  const query = { api_key: [OTHER] };

  test.each([
    ['prefers a header to the query', [`Bearer ${KEY}`], KEY_OF],
    ['skips an empty bearer', ['Bearer '], { kind: 'key', secret: OTHER }],
    ['skips another scheme', ['Basic abc'], { kind: 'key', secret: OTHER }],
    ['skips a missing header', [], { kind: 'key', secret: OTHER }],
    ["doesn't skip a malformed key", ['Bearer nonsense'], MALFORMED],
    ["doesn't skip two headers", [`Bearer ${KEY}`, `Bearer ${KEY}`], MALFORMED],
    ['rejects two headers even if one has another scheme', [`Bearer ${KEY}`, 'Basic abc'], MALFORMED],
  ])('%s', (_, authorization, expected) => {
    expect(present({ headers: { authorization }, query })).toEqual(expected);
  });

  test('rejects two query parameters', () => {
    expect(present({ query: { api_key: [KEY, KEY] } })).toEqual(MALFORMED);
  });

  test("doesn't read sources after the one with a key", () => {
    const headers = { authorization: [`Bearer ${KEY}`] };
    expect(present({ headers, query: { api_key: [OTHER, OTHER] } })).toEqual(KEY_OF);
    expect(present({ headers: { ...headers, 'x-api-key': [OTHER] } }, HEADER_FIRST)).toEqual({
      kind: 'key',
      secret: OTHER,
    });
  });

  test("doesn't parse a scheme in the query parameter authorization", () => {
    expect(present({ query: { authorization: ['Basic abc'] } }, 'query:authorization')).toEqual(MALFORMED);
  });

  test('ignores sources that are not configured', () => {
    expect(present({ query: { api_key: [KEY] } }, 'bearer')).toEqual(ABSENT);
    expect(present({ headers: { authorization: [`Bearer ${KEY}`] } }, 'query:api_key')).toEqual(ABSENT);
  });
});

describe('presentedKey with a header source', () => {
  test.each([
    ['the bare key', KEY],
    ['spaces around the key', `  ${KEY} `],
  ])('returns the key for %s', (_, value) => {
    expect(present({ headers: { 'x-api-key': [value] } }, 'header:X-Api-Key')).toEqual(KEY_OF);
  });

  test.each([['an empty value', '']])('returns absent for %s', (_, value) => {
    expect(present({ headers: { 'x-api-key': [value] } }, 'header:X-Api-Key')).toEqual(ABSENT);
  });

  test.each([['a scheme before the key', `Bearer ${KEY}`]])('returns malformed for %s', (_, value) => {
    expect(present({ headers: { 'x-api-key': [value] } }, 'header:X-Api-Key')).toEqual(MALFORMED);
  });

  test('accepts only a bare key in the Authorization header', () => {
    const sources = 'header:authorization,query:api_key';
    expect(present({ headers: { authorization: [KEY] } }, sources)).toEqual(KEY_OF);
    expect(present({ headers: { authorization: ['Basic abc'] }, query: { api_key: [KEY] } }, sources)).toEqual(KEY_OF);
    expect(present({ headers: { authorization: ['Bearer'] } }, sources)).toEqual(ABSENT);
  });
});

describe('presentedKey with a token', () => {
  test.each([
    ['a bearer value', `Bearer ${KEY}`, undefined],
    ['a bearer value if only a header is configured', `Bearer ${KEY}`, 'header:x-api-key'],
    ['a bare key if a header is configured', KEY, 'header:x-api-key'],
    ['a bare key if a header is one of several sources', KEY, 'bearer,header:x-api-key'],
  ])('returns the key for %s', (_, token, sources) => {
    expect(presentToken(token, sources)).toEqual(KEY_OF);
  });

  test.each([
    ['a bare key if no header is configured', KEY, undefined],
    ['another scheme if a header is configured', `Basic ${KEY}`, 'header:x-api-key'],
    ['an empty bearer if a header is configured', 'Bearer', 'header:x-api-key'],
    ['an empty value', '', undefined],
  ])('returns absent for %s', (_, token, sources) => {
    expect(presentToken(token, sources)).toEqual(ABSENT);
  });

  test.each([['nonsense if a header is configured', 'nonsense', 'header:x-api-key']])(
    'returns malformed for %s',
    (_, token, sources) => {
      expect(presentToken(token, sources)).toEqual(MALFORMED);
    },
  );
});

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
])('headerValues returns an empty list if the headers of an event are %s', (_, headers) => {
  expect(headerValues({ headers, multiValueHeaders: headers }, 'authorization')).toBeUndefined();
  // A string has its letters as indexed properties.
  expect(headerValues({ headers, multiValueHeaders: headers }, '0')).toBeUndefined();
});

test('headerValues ignores list entries that are not strings', () => {
  const multiValueHeaders = { a: [1, null, ['nested'], { length: 1 }, 'text'] };
  expect(headerValues({ multiValueHeaders }, 'a')).toBe('text');
  expect(headerValues({ headers: { a: 1 } }, 'a')).toBeUndefined();
});

const HEADER = { kind: 'header', name: 'X-Api-Key', lowerCaseName: 'x-api-key' } as const;
const QUERY = { kind: 'query', name: 'api_key' } as const;

describe('a list of key sources', () => {
  test("can't be empty, because no request could carry a key", () => {
    expect(parseKeySources([])).toBeUndefined();
  });

  test('contains each header name both in its own spelling and in lower case', () => {
    expect(parseKeySources(['header:X-Api-Key', 'query:Api:Key'])).toEqual([
      HEADER,
      { kind: 'query', name: 'Api:Key' },
    ]);
  });

  test.each([
    ['one header in two spellings', ['header:X-Api-Key', 'header:x-api-key']],
    ['bearer twice', ['bearer', 'bearer']],
    ['one query parameter twice', ['query:key', 'query:key']],
  ])("can't contain %s", (_, entries) => {
    expect(parseKeySources(entries)).toBeUndefined();
  });

  test('can have two query parameters that differ only in case, because API Gateway distinguishes them', () => {
    expect(parseKeySources(['query:key', 'query:Key'])).toHaveLength(2);
  });
});

describe('the error message about a missing key', () => {
  test.each([
    ['a header source', [HEADER], 'X-Api-Key header'],
    ['a query source', [QUERY], '?api_key= query parameter'],
    ['a bearer source', [{ kind: 'bearer' }], 'Authorization: Bearer <key> header'],
    [
      'several sources in their order',
      [QUERY, HEADER, { kind: 'bearer' }],
      '?api_key= query parameter or X-Api-Key header or Authorization: Bearer <key> header',
    ],
  ] as const)('names %s', (_, sources, places) => {
    expect(authRequiredMessage(sources)).toBe(`API key is required. Pass via ${places}.`);
  });
});

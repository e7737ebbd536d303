import { describe, expect, test } from '@jest/globals';
import { generateSecret } from '../../../keys/secret.ts';
import { readConfig } from '../../../lambda/config.ts';
import { presentedKey, type PresentedKey } from '../../../lambda/credentials.ts';

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


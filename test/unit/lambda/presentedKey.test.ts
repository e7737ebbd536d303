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

describe('a bearer header', () => {
  test.each([
    ['Bearer', `Bearer ${KEY}`, KEY_OF],
    ['bearer in small letters', `bearer ${KEY}`, KEY_OF],
    ['BEARER in capitals', `BEARER ${KEY}`, KEY_OF],
    ['spaces around the key', `  Bearer    ${KEY}  `, KEY_OF],
    ['no key behind the scheme', 'Bearer', ABSENT],
    ['only spaces behind the scheme', 'Bearer    ', ABSENT],
    ['an empty value', '', ABSENT],
    ['another scheme', `Basic ${KEY}`, ABSENT],
    ['a scheme that starts alike', `BearerToken ${KEY}`, ABSENT],
    ['a key without a scheme', KEY, ABSENT],
    ['a tab for the space', `Bearer\t${KEY}`, ABSENT],
    ['a tab before the key', `Bearer \t${KEY}`, MALFORMED],
    ['a second word', `Bearer ${KEY} more`, MALFORMED],
    ['two keys with a comma', `Bearer ${KEY},${KEY}`, MALFORMED],
    ['two bearer values joined by a comma', `Bearer ${KEY},Bearer ${OTHER}`, MALFORMED],
    ['a key of another prefix', `Bearer ${generateSecret('pk_')}`, MALFORMED],
  ])('%s', (_, value, wanted) => {
    expect(present({ headers: { authorization: [value] } })).toEqual(wanted);
  });
});

describe('the order of the sources decides', () => {
  const query = { api_key: [OTHER] };

  test.each([
    ['a header wins over the query', [`Bearer ${KEY}`], KEY_OF],
    ['an empty bearer falls through', ['Bearer '], { kind: 'key', secret: OTHER }],
    ['another scheme falls through', ['Basic abc'], { kind: 'key', secret: OTHER }],
    ['no header falls through', [], { kind: 'key', secret: OTHER }],
    ['a malformed key does not fall through', ['Bearer nonsense'], MALFORMED],
    ['two headers do not fall through', [`Bearer ${KEY}`, `Bearer ${KEY}`], MALFORMED],
    ['two headers are refused also where one is of another scheme', [`Bearer ${KEY}`, 'Basic abc'], MALFORMED],
  ])('%s', (_, authorization, wanted) => {
    expect(present({ headers: { authorization }, query })).toEqual(wanted);
  });

  test('two query parameters are refused', () => {
    expect(present({ query: { api_key: [KEY, KEY] } })).toEqual(MALFORMED);
  });

  test('a source below the one that brought a key is not looked at', () => {
    const headers = { authorization: [`Bearer ${KEY}`] };
    expect(present({ headers, query: { api_key: [OTHER, OTHER] } })).toEqual(KEY_OF);
    expect(present({ headers: { ...headers, 'x-api-key': [OTHER] } }, HEADER_FIRST)).toEqual({
      kind: 'key',
      secret: OTHER,
    });
  });

  test('a query parameter has no scheme, whatever its name is', () => {
    expect(present({ query: { authorization: ['Basic abc'] } }, 'query:authorization')).toEqual(MALFORMED);
  });

  test('a source that is not configured does not count', () => {
    expect(present({ query: { api_key: [KEY] } }, 'bearer')).toEqual(ABSENT);
    expect(present({ headers: { authorization: [`Bearer ${KEY}`] } }, 'query:api_key')).toEqual(ABSENT);
  });
});

describe('a header of its own', () => {
  test.each([
    ['the bare key', KEY, KEY_OF],
    ['spaces around it', `  ${KEY} `, KEY_OF],
    ['an empty value', '', ABSENT],
    ['a scheme before it', `Bearer ${KEY}`, MALFORMED],
  ])('%s', (_, value, wanted) => {
    expect(present({ headers: { 'x-api-key': [value] } }, 'header:X-Api-Key')).toEqual(wanted);
  });

  test('Authorization as a header of its own takes the bare key, and a scheme with credentials falls through', () => {
    const sources = 'header:authorization,query:api_key';
    expect(present({ headers: { authorization: [KEY] } }, sources)).toEqual(KEY_OF);
    expect(present({ headers: { authorization: ['Basic abc'] }, query: { api_key: [KEY] } }, sources)).toEqual(KEY_OF);
    expect(present({ headers: { authorization: ['Bearer'] } }, sources)).toEqual(ABSENT);
  });
});

describe('a token that the gateway picked', () => {
  test.each([
    ['a bearer value', `Bearer ${KEY}`, undefined, KEY_OF],
    ['a bearer value where only a header is configured', `Bearer ${KEY}`, 'header:x-api-key', KEY_OF],
    ['a bare key where no header is configured', KEY, undefined, ABSENT],
    ['a bare key where a header is configured', KEY, 'header:x-api-key', KEY_OF],
    ['a bare key where a header is one of several sources', KEY, 'bearer,header:x-api-key', KEY_OF],
    ['another scheme where a header is configured', `Basic ${KEY}`, 'header:x-api-key', ABSENT],
    ['an empty bearer where a header is configured', 'Bearer', 'header:x-api-key', ABSENT],
    ['nonsense where a header is configured', 'nonsense', 'header:x-api-key', MALFORMED],
    ['nothing', '', undefined, ABSENT],
  ])('%s', (_, token, sources, wanted) => {
    expect(presentToken(token, sources)).toEqual(wanted);
  });
});

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

describe('presentedKey with a header and a scheme', () => {
  const TOKEN = 'header:Authorization:Token';

  test.each([
    ['the scheme as configured', 'header:Authorization:Api-Key', `Api-Key ${KEY}`],
    ['the scheme in another case', 'header:Authorization:Api-Key', `API-key ${KEY}`],
    ['several spaces', TOKEN, ` Token   ${KEY} `],
    ['a parameter in quotes', TOKEN, `Token token="${KEY}"`],
    ['a parameter without quotes', TOKEN, `token TOKEN=${KEY}`],
    ['the bearer scheme by its name', 'header:authorization:BEARER', `Bearer ${KEY}`],
  ])('returns the key for %s', (_, sources, value) => {
    expect(present({ headers: { authorization: [value] } }, sources)).toEqual(KEY_OF);
  });

  test('reads a scheme in any header', () => {
    expect(present({ headers: { 'x-auth': [`Bearer ${KEY}`] } }, 'header:X-Auth:Bearer')).toEqual(KEY_OF);
    expect(present({ headers: { 'x-auth': [KEY] } }, 'header:X-Auth:Bearer')).toEqual(ABSENT);
  });

  test.each([
    ['no key after the scheme', 'Token'],
    ['only spaces after the scheme', 'Token   '],
    ['an empty parameter', 'Token token=""'],
    ['another scheme', `Bearer ${KEY}`],
    ['a scheme that starts with the configured one', `Tokens ${KEY}`],
    ['a bare key', KEY],
    ['a tab instead of the space', `Token\t${KEY}`],
  ])('returns absent for %s', (_, value) => {
    expect(present({ headers: { authorization: [value] } }, TOKEN)).toEqual(ABSENT);
  });

  test.each([
    ['two keys joined by a comma', `Token ${KEY},Token ${OTHER}`],
    ['a second word', `Token ${KEY} more`],
    ['another parameter', `Token key="${KEY}"`],
    ['a second parameter', `Token token="${KEY}", nonce="1"`],
    ['a quote on one side', `Token token="${KEY}`],
  ])('returns malformed for %s', (_, value) => {
    expect(present({ headers: { authorization: [value] } }, TOKEN)).toEqual(MALFORMED);
  });

  test('reads the parameter token only after the scheme Token', () => {
    const headers = { authorization: [`Api-Key token="${KEY}"`] };
    expect(present({ headers }, 'header:Authorization:Api-Key')).toEqual(MALFORMED);
  });

  test('tries the next scheme of the same header', () => {
    const sources = 'bearer,header:Authorization:Api-Key,basic,header:Authorization';
    const values = [`Bearer ${KEY}`, `Api-Key ${KEY}`, `Basic ${btoa(`${KEY}:`)}`, KEY];
    for (const value of values) expect(present({ headers: { authorization: [value] } }, sources)).toEqual(KEY_OF);
    expect(present({ headers: { authorization: [`Token ${KEY}`] } }, sources)).toEqual(ABSENT);
  });
});

describe('presentedKey with Basic authentication', () => {
  const basic = (userPass: string) => `Basic ${Buffer.from(userPass, 'latin1').toString('base64')}`;

  test.each([
    ['an empty password', basic(`${KEY}:`)],
    ['any password, because it is ignored', basic(`${KEY}:p:a\u00e4`)],
    ['the scheme in small letters', basic(`${KEY}:x`).replace('B', 'b')],
    ['several spaces', basic(`${KEY}:`).replace(' ', '   ')],
  ])('returns the user name for %s', (_, value) => {
    expect(present({ headers: { authorization: [value] } }, 'basic')).toEqual(KEY_OF);
  });

  test.each([
    ['an empty user name', basic(':')],
    ['an empty user name with a password', basic(`:${KEY}`)],
    ['no credentials', 'Basic'],
    ['another scheme', `Bearer ${KEY}`],
  ])('returns absent for %s', (_, value) => {
    expect(present({ headers: { authorization: [value] } }, 'basic')).toEqual(ABSENT);
  });

  test.each([
    ['a user name without a colon', basic(KEY)],
    ['a character other than a colon after the key', basic(`${KEY}x`)],
    ['a raw key', `Basic ${KEY}`],
    ['characters outside base64', `${basic(`${KEY}:`)}!`],
    ['base64 without its padding', basic(`${KEY}:`).replace(/=+$/, '')],
    ['base64url', `Basic ${Buffer.from('\u00ff\u00ff\u00ff:', 'latin1').toString('base64url')}==`],
    ['base64 with spaces', basic(`${KEY}:`).replace('Basic c', 'Basic c ')],
    ['a space before the key', basic(` ${KEY}:`)],
    ['another user name', basic('alice:secret')],
    ['characters beyond ASCII', basic(`${KEY}\u00e4:`)],
  ])('returns malformed for %s', (_, value) => {
    expect(present({ headers: { authorization: [value] } }, 'basic')).toEqual(MALFORMED);
  });

  test('rejects a second Authorization header', () => {
    const value = basic(`${KEY}:`);
    expect(present({ headers: { authorization: [value, value] } }, 'basic')).toEqual(MALFORMED);
  });
});

describe('presentedKey with a cookie', () => {
  const cookies = (...lines: string[]) => present({ headers: { cookie: lines } }, 'cookie:key');

  test.each([
    ['the only cookie', [`key=${KEY}`]],
    ['one of several cookies', [`a=1; key=${KEY}; b=2`]],
    ['cookies without spaces', [`a=1;key=${KEY};`]],
    ['a value in quotes', [`key="${KEY}"`]],
    ['a cookie in a second header line, as HTTP/2 sends it', ['a=1', `key=${KEY}`]],
    ['names that contain its name', [`akey=1; key=${KEY}; key2=2; KEY=3; ke=y`]],
  ])('returns the key for %s', (_, lines) => {
    expect(cookies(...lines)).toEqual(KEY_OF);
  });

  test.each([
    ['other cookies', ['a=1; Key=2']],
    ['an empty value', ['key=']],
    ['an empty value in quotes', ['key=""']],
    ['a name without a value', ['key']],
    ['the name as a value', [`a=key=${KEY}`]],
  ])('returns absent for %s', (_, lines) => {
    expect(cookies(...lines)).toEqual(ABSENT);
  });

  test.each([
    ['two cookies of the name', [`key=${KEY}; key=${KEY}`]],
    ['two cookies of the name in two header lines', [`key=${KEY}`, `key=${OTHER}`]],
    ['an empty cookie of the same name', [`key=; key=${KEY}`]],
    ['an encoded key', [`key=${KEY.replace('_', '%5F')}`]],
    ['a quote on one side', [`key="${KEY}`]],
    ['another value', ['key=nonsense']],
  ])('returns malformed for %s', (_, lines) => {
    expect(cookies(...lines)).toEqual(MALFORMED);
  });
});

describe('presentedKey with a WebSocket subprotocol', () => {
  const protocols = (...lines: string[]) =>
    present({ headers: { 'sec-websocket-protocol': lines } }, 'websocket-protocol');

  test.each([
    ['the subprotocol after bearer', [`bearer, ${KEY}`]],
    ['subprotocols without spaces', [`bearer,${KEY}`]],
    ['subprotocols before and after', [`graphql-transport-ws, bearer, ${KEY}, chat`]],
    ['subprotocols in several header lines', ['chat', 'bearer', KEY]],
  ])('returns the key for %s', (_, lines) => {
    expect(protocols(...lines)).toEqual(KEY_OF);
  });

  test.each([
    ['no subprotocol', []],
    ['other subprotocols', ['chat, superchat']],
    ['a key without bearer', [KEY]],
    ['bearer as the last subprotocol', [`${KEY}, bearer`]],
    ['another case, because subprotocols are case-sensitive', [`Bearer, ${KEY}`]],
    ['an empty subprotocol after bearer', ['bearer, ']],
  ])('returns absent for %s', (_, lines) => {
    expect(protocols(...lines)).toEqual(ABSENT);
  });

  test.each([
    ['bearer twice', [`bearer, ${KEY}, bearer, ${OTHER}`]],
    ['another subprotocol after bearer', ['bearer, chat']],
  ])('returns malformed for %s', (_, lines) => {
    expect(protocols(...lines)).toEqual(MALFORMED);
  });

  test('reads the header from the map of single values', () => {
    const { keySources, keyFormat } = readConfig({
      LATCHKEY_TABLE: 'keys',
      LATCHKEY_KEY_SOURCES: 'websocket-protocol',
    });
    const event = { headers: { 'Sec-WebSocket-Protocol': `chat, bearer, ${KEY}` } };
    expect(presentedKey({ kind: 'request', event }, keySources, keyFormat)).toEqual(KEY_OF);
  });
});

describe('presentedKey with a token and other schemes', () => {
  test.each([
    ['a scheme', `Token ${KEY}`, 'header:Authorization:Token'],
    ['Basic credentials', `Basic ${btoa(`${KEY}:`)}`, 'basic'],
    ['a bearer value beside another scheme', `Bearer ${KEY}`, 'basic,bearer'],
    ['a scheme beside a bare header', `Token ${KEY}`, 'header:X-Api-Key,header:Authorization:Token'],
  ])('returns the key for %s', (_, token, sources) => {
    expect(presentToken(token, sources)).toEqual(KEY_OF);
  });

  test.each([
    ['a bearer value if every key source has another scheme', `Bearer ${KEY}`, 'basic,header:Authorization:Token'],
    ['a bare key if every header has a scheme', KEY, 'header:Authorization:Token'],
    ['a scheme that is not configured', `Token ${KEY}`, 'bearer,basic'],
  ])('returns absent for %s', (_, token, sources) => {
    expect(presentToken(token, sources)).toEqual(ABSENT);
  });

  test('ignores the key sources if a bare key is always accepted, as in AppSync', () => {
    const { keySources, keyFormat } = readConfig({ LATCHKEY_TABLE: 'keys', LATCHKEY_KEY_SOURCES: 'basic' });
    const presentIn = (token: string) =>
      presentedKey({ kind: 'token', token, acceptsBareKey: true }, keySources, keyFormat);
    expect([`Bearer ${KEY}`, KEY].map(presentIn)).toEqual([KEY_OF, KEY_OF]);
    expect(presentIn(`Basic ${btoa(`${KEY}:`)}`)).toEqual(ABSENT);
  });
});

import { describe, expect, test } from '@jest/globals';
import { authChallenge, authRequiredMessage, parseKeySources } from '../../../lambda/keySources.ts';

const HEADER = { kind: 'header', name: 'X-Api-Key', lowerCaseName: 'x-api-key' } as const;
const SCHEME = {
  kind: 'header',
  name: 'Authorization',
  lowerCaseName: 'authorization',
  scheme: 'Api-Key',
  lowerCaseScheme: 'api-key',
} as const;
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

  test('contains each scheme both in its own spelling and in lower case', () => {
    expect(parseKeySources(['header:Authorization:Api-Key', 'basic', 'cookie:key', 'websocket-protocol'])).toEqual([
      SCHEME,
      { kind: 'basic' },
      { kind: 'cookie', name: 'key' },
      { kind: 'websocket-protocol' },
    ]);
  });

  test('has one form of the bearer header', () => {
    expect(parseKeySources(['header:authorization:BEARER'])).toEqual([{ kind: 'bearer' }]);
  });

  test.each([
    'header:X-Api-Key:',
    'header:X-Api-Key:two words',
    "header:X-Api-Key:It's",
    'header:X-Api-Key:Api:Key',
    'header::Token',
    'header:Authorization:Basic',
    'basic:key',
    'cookie',
    'cookie:',
    'cookie:two words',
    'cookie:a=b',
    'websocket-protocol:bearer',
    'constructor',
  ])("can't contain %s", (entry) => {
    expect(parseKeySources([entry])).toBeUndefined();
  });

  test.each([
    ['one header in two spellings', ['header:X-Api-Key', 'header:x-api-key']],
    ['one scheme in two spellings', ['header:X-Key:Token', 'header:x-key:TOKEN']],
    ['the bearer header under both names', ['bearer', 'header:Authorization:Bearer']],
    ['one cookie twice', ['cookie:key', 'cookie:key']],
    ['bearer twice', ['bearer', 'bearer']],
    ['one query parameter twice', ['query:key', 'query:key']],
  ])("can't contain %s", (_, entries) => {
    expect(parseKeySources(entries)).toBeUndefined();
  });

  test('can have a header with and without a scheme', () => {
    const entries = ['header:Authorization', 'header:Authorization:Token', 'header:Authorization:Api-Key'];
    expect(parseKeySources(entries)).toHaveLength(3);
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
    ['a header with a scheme', [SCHEME], 'Authorization: Api-Key <key> header'],
    ['Basic credentials', [{ kind: 'basic' }], 'Basic authentication with the key as user name'],
    ['a cookie', [{ kind: 'cookie', name: 'key' }], 'key cookie'],
    ['a subprotocol', [{ kind: 'websocket-protocol' }], 'Sec-WebSocket-Protocol: bearer, <key> header'],
    [
      'several sources in their order',
      [QUERY, HEADER, { kind: 'bearer' }],
      '?api_key= query parameter or X-Api-Key header or Authorization: Bearer <key> header',
    ],
  ] as const)('names %s', (_, sources, places) => {
    expect(authRequiredMessage(sources)).toBe(`API key is required. Pass via ${places}.`);
  });
});

test.each([
  ['bearer,query:api_key', 'Bearer'],
  ['basic', 'Basic realm="API key"'],
  ['header:Authorization:Token', 'Token'],
  ['header:Authorization:Api-Key,bearer,basic', 'Api-Key, Bearer, Basic realm="API key"'],
  ['header:X-Api-Key', 'Bearer'],
  ['header:X-Api-Key:Token,cookie:key,websocket-protocol,header:Authorization', 'Bearer'],
])('the challenge for the key sources %s is %s', (sources, challenge) => {
  expect(authChallenge(parseKeySources(sources.split(',')) ?? [])).toBe(challenge);
});

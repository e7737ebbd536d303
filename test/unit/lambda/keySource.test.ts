import { describe, expect, test } from '@jest/globals';
import { authRequiredMessage, parseKeySources } from '../../../lambda/credentials.ts';

const HEADER = { kind: 'header', name: 'X-Api-Key', lowerCaseName: 'x-api-key' } as const;
const QUERY = { kind: 'query', name: 'api_key' } as const;

describe('a list of key sources', () => {
  test('is none where it is empty: no request could bring a key', () => {
    expect(parseKeySources([])).toBeUndefined();
  });

  test('keeps the spelling of names, with all that is behind the first colon, and has header names in lower case too', () => {
    expect(parseKeySources(['header:X-Api-Key', 'query:Api:Key'])).toEqual([
      HEADER,
      { kind: 'query', name: 'Api:Key' },
    ]);
  });

  test.each([
    ['one header in two spellings', ['header:X-Api-Key', 'header:x-api-key']],
    ['bearer twice', ['bearer', 'bearer']],
    ['one query parameter twice', ['query:key', 'query:key']],
  ])('rejects %s', (_, entries) => {
    expect(parseKeySources(entries)).toBeUndefined();
  });

  test('takes two query parameters that differ in case: API Gateway tells them apart', () => {
    expect(parseKeySources(['query:key', 'query:Key'])).toHaveLength(2);
  });
});

describe('a request that brought no key is told', () => {
  test.each([
    ['a header', [HEADER], 'X-Api-Key header'],
    ['a query parameter', [QUERY], '?api_key= query parameter'],
    ['a bearer header', [{ kind: 'bearer' }], 'Authorization: Bearer <key> header'],
    [
      'each of several places, in their order',
      [QUERY, HEADER, { kind: 'bearer' }],
      '?api_key= query parameter or X-Api-Key header or Authorization: Bearer <key> header',
    ],
  ] as const)('%s', (_, sources, places) => {
    expect(authRequiredMessage(sources)).toBe(`API key is required. Pass via ${places}.`);
  });
});

import { describe, expect, test } from '@jest/globals';
import { authRequiredMessage, parseKeySources } from '../../../lambda/credentials.ts';

const HEADER = { kind: 'header', name: 'X-Api-Key', lowerCaseName: 'x-api-key' } as const;
const QUERY = { kind: 'query', name: 'api_key' } as const;

describe('a list of key sources', () => {
  test('is invalid if it is empty, because no request could carry a key', () => {
    expect(parseKeySources([])).toBeUndefined();
  });

  test('keeps the spelling of names after the first colon, and adds header names in lower case', () => {
    expect(parseKeySources(['header:X-Api-Key', 'query:Api:Key'])).toEqual([
      HEADER,
      { kind: 'query', name: 'Api:Key' },
    ]);
  });

  test.each([
    ['one header in two spellings', ['header:X-Api-Key', 'header:x-api-key']],
    ['bearer twice', ['bearer', 'bearer']],
    ['one query parameter twice', ['query:key', 'query:key']],
  ])('is invalid if it has %s', (_, entries) => {
    expect(parseKeySources(entries)).toBeUndefined();
  });

  test('may have two query parameters that differ in case, as in API Gateway', () => {
    expect(parseKeySources(['query:key', 'query:Key'])).toHaveLength(2);
  });
});

describe('the message to a request without a key', () => {
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

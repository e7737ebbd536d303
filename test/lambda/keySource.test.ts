import { describe, expect, test } from '@jest/globals';
import { authRequiredMessage, parseKeySources } from '../../lambda/keySource.ts';

const HEADER = { kind: 'header', name: 'x-api-key' } as const;
const QUERY = { kind: 'query', name: 'api_key' } as const;

describe('a list of key sources', () => {
  test('is none where it is empty: no request could bring a key', () => {
    expect(parseKeySources([])).toBeUndefined();
  });

  test('has header names in lower case and query parameters as they are written, with all that is behind the first colon', () => {
    expect(parseKeySources(['header:X-Api-Key', 'query:Api:Key'])).toEqual([
      HEADER,
      { kind: 'query', name: 'Api:Key' },
    ]);
  });
});

describe('a request that brought no key is told', () => {
  test.each([
    ['a header', [HEADER], 'x-api-key header'],
    ['a query parameter', [QUERY], '?api_key= query parameter'],
    ['a bearer header', [{ kind: 'bearer' }], 'Authorization: Bearer <key> header'],
    [
      'each of several places, in their order',
      [QUERY, HEADER, { kind: 'bearer' }],
      '?api_key= query parameter or x-api-key header or Authorization: Bearer <key> header',
    ],
  ] as const)('%s', (_, sources, places) => {
    expect(authRequiredMessage(sources)).toBe(`API key is required. Pass via ${places}.`);
  });
});

import { describe, expect, test } from '@jest/globals';
import { authChallenge, authRequiredMessage, parseKeySources } from '../../../lambda/keySources.ts';

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

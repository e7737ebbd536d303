import { describe, expect, test } from '@jest/globals';
import { readOptions, type AuthorizerOptions } from '../../../lambda/verifier.ts';
import { readConfig } from '../../../lambda/config.ts';

const read = (options: AuthorizerOptions & { readonly tableName?: string }) =>
  readOptions({ tableName: 'keys', ...options });

test("readOptions returns the function's defaults without options", () => {
  expect(read({})).toEqual(readConfig({ LATCHKEY_TABLE: 'keys' }));
});

test('readOptions reads every option as the function reads its variable', () => {
  const config = read({
    keyPrefix: 'acme_',
    keySources: ['header:X-Api-Key', 'query:key'],
    acceptForeignKeys: true,
    lastUsedSeconds: 1,
    recordCacheSeconds: 2,
    resultsCacheSeconds: 3,
    staleIfErrorSeconds: 4,
    httpApiResponse: 'simple',
    scopes: { read: ['GET /orders'] },
    plans: { free: {}, pro: { shared: true } },
  });
  expect(config).toMatchObject({
    tableName: 'keys',
    keyFormat: { prefix: 'acme_', acceptForeignKeys: true },
    keySources: [
      { kind: 'header', name: 'X-Api-Key', lowerCaseName: 'x-api-key' },
      { kind: 'query', name: 'key' },
    ],
    lastUsedSeconds: 1,
    recordCacheSeconds: 2,
    resultsCacheSeconds: 3,
    staleIfErrorSeconds: 4,
    httpApiResponse: 'simple',
  });
  expect(config.scopes.openedBy({ scopes: ['read'] })?.patterns).toEqual([{ method: 'GET', path: '/orders' }]);
  expect(['free', 'pro', 'gold'].map((plan) => config.plans?.unknownPlanOf({ plan }))).toEqual([
    undefined,
    undefined,
    'gold',
  ]);
});

describe('invalid options', () => {
  test('are reported in one error, each by its own name', () => {
    const options = { tableName: '', keyPrefix: 'SK', unheardOf: 1, plans: { 'no plan': {} } };
    const problems = expect.stringMatching(
      /^unheardOf: [^;]*; tableName: [^;]*; keyPrefix: expected [^;]+, got "SK"; plans: [^;]*$/,
    );
    expect(() => read(options)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message: problems }));
  });

  test('include a name that no option has', () => {
    const options = { tableName: 'keys', recordCacheTtl: 60 };
    const problems = expect.stringMatching(/^recordCacheTtl: unknown option$/);
    expect(() => read(options)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message: problems }));
  });

  test('throw their own errors unchanged', () => {
    const scopes = Object.defineProperty({}, 'read', {
      enumerable: true,
      get: () => {
        throw new RangeError('its own trouble');
      },
    });
    expect(() => read({ scopes })).toThrow(RangeError);
  });
});

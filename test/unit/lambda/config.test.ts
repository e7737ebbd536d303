import { describe, expect, test } from '@jest/globals';
import { maskKeys } from '../../../keys/findKeys.ts';
import { LatchkeyError } from '../../../keys/errors.ts';
import { readConfig } from '../../../lambda/config.ts';
import { Plans } from '../../../lambda/plans.ts';
import { Scopes } from '../../../lambda/scopes.ts';

const TABLE = { LATCHKEY_TABLE: 'keys' };

function problemOf(environment: Record<string, string>): string {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof LatchkeyError && error.code === 'CONFIG_INVALID') return error.message;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

test('readConfig uses the defaults if only LATCHKEY_TABLE is set', () => {
  expect(readConfig(TABLE)).toEqual({
    tableName: 'keys',
    keyFormat: { prefixes: ['sk_'] },
    keySources: [{ kind: 'bearer' }, { kind: 'query', name: 'api_key' }],
    lastUsedSeconds: 900,
    limitsTable: undefined,
    onLimit: 'deny',
    onLimiterFailure: 'allow',
    usage: false,
    recordCacheSeconds: 60,
    staleIfErrorSeconds: 0,
    httpApiResponse: 'iam',
    scopes: expect.any(Scopes),
    resultsCacheSeconds: 0,
    usageIdentifier: 'plan',
    metrics: true,
    prime: true,
    debugSampleRate: 0,
  });
});

test('readConfig reads every environment variable', () => {
  expect(
    readConfig({
      LATCHKEY_TABLE: 'keys',
      LATCHKEY_KEY_PREFIXES: 'acme_',
      LATCHKEY_KEY_SOURCES: 'header:X-Api-Key,bearer,query:key',
      LATCHKEY_EXTERNAL_KEYS: 'true',
      LATCHKEY_LAST_USED_SECONDS: '1',
      LATCHKEY_RECORD_CACHE_SECONDS: '0',
      LATCHKEY_STALE_IF_ERROR_SECONDS: '3600',
      LATCHKEY_HTTP_API_RESPONSE: 'simple',
      LATCHKEY_RESULTS_CACHE_SECONDS: '300',
      LATCHKEY_METRICS: 'false',
      LATCHKEY_PRIME: 'false',
      LATCHKEY_DEBUG_SAMPLE_RATE: '0.25',
      LATCHKEY_SCOPES: '{"orders:read":["GET /orders"]}',
      LATCHKEY_USAGE_IDENTIFIER: 'presented-key',
      LATCHKEY_PLANS: '{"namespace":"0123456789abcdef","perKey":["free"],"shared":["pro"]}',
      LATCHKEY_LIMITS_TABLE: 'limits',
      LATCHKEY_ON_LIMIT: 'tell',
      LATCHKEY_ON_LIMITER_FAILURE: 'deny',
      LATCHKEY_USAGE: 'true',
    }),
  ).toEqual({
    tableName: 'keys',
    keyFormat: { prefixes: ['acme_'], externalKeys: {} },
    keySources: [
      { kind: 'header', name: 'X-Api-Key', lowerCaseName: 'x-api-key' },
      { kind: 'bearer' },
      { kind: 'query', name: 'key' },
    ],
    lastUsedSeconds: 1,
    limitsTable: 'limits',
    onLimit: 'tell',
    onLimiterFailure: 'deny',
    usage: true,
    recordCacheSeconds: 0,
    staleIfErrorSeconds: 3600,
    httpApiResponse: 'simple',
    scopes: expect.any(Scopes),
    plans: expect.any(Plans),
    resultsCacheSeconds: 300,
    usageIdentifier: 'presented-key',
    metrics: false,
    prime: false,
    debugSampleRate: 0.25,
  });
});

test.each([
  ['0', 0],
  ['1', 1],
  ['1.0', 1],
  ['1.00', 1],
  ['0.001', 0.001],
])('readConfig reads the debug sample rate %s as %d', (share, debugSampleRate) => {
  expect(readConfig({ ...TABLE, LATCHKEY_DEBUG_SAMPLE_RATE: share })).toMatchObject({ debugSampleRate });
});

test.each([
  ['LATCHKEY_PRIME', 'true', { prime: true }],
  ['LATCHKEY_METRICS', 'true', { metrics: true }],
  ['LATCHKEY_EXTERNAL_KEYS', 'false', { keyFormat: { prefixes: ['sk_'] } }],
  ['LATCHKEY_KEY_PREFIXES', 'sk_live_,sk_test_', { keyFormat: { prefixes: ['sk_live_', 'sk_test_'] } }],
  [
    'LATCHKEY_EXTERNAL_KEYS',
    '{"prefixes":["acme-","old_"],"minLength":20,"maxLength":1024}',
    { keyFormat: { externalKeys: { prefixes: ['acme-', 'old_'], minLength: 20, maxLength: 1024 } } },
  ],
  ['LATCHKEY_EXTERNAL_KEYS', '{}', { keyFormat: { externalKeys: {} } }],
  ['LATCHKEY_EXTERNAL_KEYS', '{"minLength":16,"maxLength":16}', { keyFormat: { prefixes: ['sk_'] } }],
  ['LATCHKEY_HTTP_API_RESPONSE', 'iam', { httpApiResponse: 'iam' }],
  ['LATCHKEY_RESULTS_CACHE_SECONDS', '3600', { resultsCacheSeconds: 3600 }],
  ['LATCHKEY_TRUSTED_PROXIES', '10', { trustedProxies: 10 }],
  ['LATCHKEY_TRUSTED_PROXIES', '10.0.0.0/8,2001:db8::7', { trustedProxies: { ranges: ['10.0.0.0/8', '2001:db8::7'] } }],
  ['LATCHKEY_LAST_USED_SECONDS', '31536000', { lastUsedSeconds: 31_536_000 }],
])('readConfig accepts %s=%s', (name, value, config) => {
  expect(readConfig({ ...TABLE, [name]: value })).toMatchObject(config);
});

test('readConfig rejects trusted proxies with a results cache', () => {
  const proxied = { ...TABLE, LATCHKEY_TRUSTED_PROXIES: '1' };
  expect(readConfig({ ...proxied, LATCHKEY_RESULTS_CACHE_SECONDS: '0' }).trustedProxies).toBe(1);
  expect(problemOf({ ...proxied, LATCHKEY_RESULTS_CACHE_SECONDS: '60' })).toMatch(
    /^LATCHKEY_RESULTS_CACHE_SECONDS: expected 0, because of LATCHKEY_TRUSTED_PROXIES, got 60: /,
  );
});

const LIMITED = {
  ...TABLE,
  LATCHKEY_PLANS:
    '{"namespace":"0123456789abcdef","perKey":[],"shared":[],"limits":{"free":{"quota":{"limit":1,"period":"day"},"per":"key"}}}',
  LATCHKEY_LIMITS_TABLE: 'limits',
};

test("readConfig rejects a plan that the authorizer enforces without a limits' table, and with a results cache", () => {
  expect(readConfig(LIMITED).plans?.limits).toEqual({ free: { quota: { limit: 1, period: 'day' }, per: 'key' } });
  const { LATCHKEY_LIMITS_TABLE: _, ...withoutTable } = LIMITED;
  expect(problemOf(withoutTable)).toMatch(/^LATCHKEY_LIMITS_TABLE: expected the name or ARN .* got nothing$/);
  const cached = { ...LIMITED, LATCHKEY_RESULTS_CACHE_SECONDS: '60' };
  expect(problemOf(cached)).toMatch(/^LATCHKEY_RESULTS_CACHE_SECONDS: expected 0, .* would not be counted$/);
});

test('readConfig ignores environment variables without the prefix LATCHKEY_', () => {
  expect(readConfig({ ...TABLE, AWS_REGION: 'us-east-1' })).toEqual(readConfig(TABLE));
});

test('readConfig maps each scope to its routes in LATCHKEY_SCOPES', () => {
  const { scopes } = readConfig({
    ...TABLE,
    LATCHKEY_SCOPES: '{"read":["GET /orders"],"live":["$connect"],"none":[]}',
  });
  expect(scopes.openedBy({ scopes: ['read', 'live', 'none', 'other'] })?.patterns).toEqual([
    { method: 'GET', path: '/orders' },
    '$connect',
  ]);
  expect(scopes.openedBy({ scopes: ['read', 'other'] })?.unknownScopes).toEqual(['other']);
});

test('readConfig returns a frozen configuration', () => {
  const config = readConfig(TABLE);
  expect([config, config.keyFormat, config.keySources, ...config.keySources].every(Object.isFrozen)).toBe(true);
});

describe('readConfig with an invalid value', () => {
  test.each([
    ['LATCHKEY_TABLE', ''],
    ['LATCHKEY_TABLE', 'my table'],
    ['LATCHKEY_TABLE', 'keys of mine'],
    ['LATCHKEY_KEY_PREFIXES', ''],
    ['LATCHKEY_KEY_PREFIXES', 'sk'],
    ['LATCHKEY_KEY_PREFIXES', 'SK_'],
    ['LATCHKEY_KEY_SOURCES', ''],
    ['LATCHKEY_KEY_SOURCES', 'bearer,'],
    ['LATCHKEY_KEY_SOURCES', 'bearer, query:api_key'],
    ['LATCHKEY_KEY_SOURCES', 'Bearer'],
    ['LATCHKEY_KEY_SOURCES', 'bearer,bearer'],
    ['LATCHKEY_KEY_SOURCES', 'header:X-Key,header:x-key'],
    ['LATCHKEY_KEY_SOURCES', 'header:'],
    ['LATCHKEY_KEY_SOURCES', 'header:two words'],
    ['LATCHKEY_KEY_SOURCES', 'query:'],
    ['LATCHKEY_KEY_SOURCES', 'query:two words'],
    ['LATCHKEY_KEY_SOURCES', 'query: key'],
    ['LATCHKEY_KEY_SOURCES', 'query:key '],
    ['LATCHKEY_KEY_SOURCES', 'header'],
    ['LATCHKEY_KEY_SOURCES', 'query'],
    ['LATCHKEY_KEY_PREFIXES', 'sk_,'],
    ['LATCHKEY_KEY_PREFIXES', 'sk_, sk_live_'],
    ['LATCHKEY_KEY_PREFIXES', 'sk_,sk_'],
    ['LATCHKEY_KEY_PREFIXES', 'sk__'],
    ['LATCHKEY_KEY_PREFIXES', 'abcdefghijklmnopqrstuvwx_'],
    ['LATCHKEY_KEY_PREFIXES', '["sk_"]'],
    ['LATCHKEY_KEY_PREFIXES', Array.from({ length: 17 }, (_, n) => `k${n}_`).join(',')],
    ['LATCHKEY_KEY_SOURCES', 'cookie:'],
    ['LATCHKEY_KEY_SOURCES', 'header:X-Key:'],
    ['LATCHKEY_KEY_SOURCES', 'websocket'],
    ['LATCHKEY_EXTERNAL_KEYS', ''],
    ['LATCHKEY_EXTERNAL_KEYS', 'null'],
    ['LATCHKEY_EXTERNAL_KEYS', '[]'],
    ['LATCHKEY_EXTERNAL_KEYS', '"acme-"'],
    ['LATCHKEY_EXTERNAL_KEYS', '{"prefix":"acme-"}'],
    ['LATCHKEY_EXTERNAL_KEYS', '{"prefixes":[]}'],
    ['LATCHKEY_EXTERNAL_KEYS', '{"prefixes":"acme-"}'],
    ['LATCHKEY_EXTERNAL_KEYS', '{"prefixes":[""]}'],
    ['LATCHKEY_EXTERNAL_KEYS', '{"prefixes":[7]}'],
    ['LATCHKEY_EXTERNAL_KEYS', '{"prefixes":["a-","a-"]}'],
    ['LATCHKEY_EXTERNAL_KEYS', '{"prefixes":["a b"]}'],
    ['LATCHKEY_EXTERNAL_KEYS', '{"prefixes":["a,b"]}'],
    ['LATCHKEY_EXTERNAL_KEYS', '{"prefixes":["abcdefghijklmnopqrstuvwxy"]}'],
    ['LATCHKEY_EXTERNAL_KEYS', '{"minLength":15}'],
    ['LATCHKEY_EXTERNAL_KEYS', '{"minLength":20.5}'],
    ['LATCHKEY_EXTERNAL_KEYS', '{"minLength":"20"}'],
    ['LATCHKEY_EXTERNAL_KEYS', '{"minLength":256}'],
    ['LATCHKEY_EXTERNAL_KEYS', '{"maxLength":1025}'],
    ['LATCHKEY_EXTERNAL_KEYS', '{"maxLength":null}'],
    ['LATCHKEY_EXTERNAL_KEYS', '{"minLength":40,"maxLength":39}'],
    ['LATCHKEY_EXTERNAL_KEYS', 'TRUE'],
    ['LATCHKEY_EXTERNAL_KEYS', '1'],
    ['LATCHKEY_TRUSTED_PROXIES', ''],
    ['LATCHKEY_TRUSTED_PROXIES', '0'],
    ['LATCHKEY_TRUSTED_PROXIES', '11'],
    ['LATCHKEY_TRUSTED_PROXIES', '1,2'],
    ['LATCHKEY_TRUSTED_PROXIES', 'true'],
    ['LATCHKEY_TRUSTED_PROXIES', '0.0.0.0/0'],
    ['LATCHKEY_TRUSTED_PROXIES', '10.0.0.0/8/8'],
    ['LATCHKEY_TRUSTED_PROXIES', '10.0.0.0/33'],
    ['LATCHKEY_TRUSTED_PROXIES', 'fe80::1%eth0'],
    ['LATCHKEY_TRUSTED_PROXIES', '10.0.0.0/8, 10.1.0.0/16'],
    ['LATCHKEY_LAST_USED_SECONDS', ''],
    ['LATCHKEY_LAST_USED_SECONDS', '0'],
    ['LATCHKEY_LAST_USED_SECONDS', '-1'],
    ['LATCHKEY_LAST_USED_SECONDS', '1.5'],
    ['LATCHKEY_LAST_USED_SECONDS', '1e3'],
    ['LATCHKEY_LAST_USED_SECONDS', ' 60'],
    ['LATCHKEY_LAST_USED_SECONDS', '060'],
    ['LATCHKEY_LAST_USED_SECONDS', '31536001'],
    ['LATCHKEY_LAST_USED_SECONDS', '999999999'],
    ['LATCHKEY_RECORD_CACHE_SECONDS', 'off'],
    ['LATCHKEY_STALE_IF_ERROR_SECONDS', 'NaN'],
    ['LATCHKEY_HTTP_API_RESPONSE', 'IAM'],
    ['LATCHKEY_HTTP_API_RESPONSE', ''],
    ['LATCHKEY_RESULTS_CACHE_SECONDS', '3601'],
    ['LATCHKEY_METRICS', ''],
    ['LATCHKEY_METRICS', 'off'],
    ['LATCHKEY_DEBUG_SAMPLE_RATE', ''],
    ['LATCHKEY_DEBUG_SAMPLE_RATE', '1.1'],
    ['LATCHKEY_DEBUG_SAMPLE_RATE', '2'],
    ['LATCHKEY_DEBUG_SAMPLE_RATE', '-0.1'],
    ['LATCHKEY_DEBUG_SAMPLE_RATE', '.5'],
    ['LATCHKEY_DEBUG_SAMPLE_RATE', '1e-3'],
    ['LATCHKEY_DEBUG_SAMPLE_RATE', '10%'],
    ['LATCHKEY_SCOPES', ''],
    ['LATCHKEY_SCOPES', '{'],
    ['LATCHKEY_SCOPES', 'null'],
    ['LATCHKEY_SCOPES', '[]'],
    ['LATCHKEY_SCOPES', '{"read":"GET /"}'],
    ['LATCHKEY_SCOPES', '7'],
    ['LATCHKEY_SCOPES', 'true'],
    ['LATCHKEY_SCOPES', '{"read":""}'],
    ['LATCHKEY_SCOPES', '{"read":null}'],
    ['LATCHKEY_SCOPES', '{"read,write":["GET /"]}'],
    ['LATCHKEY_SCOPES', '{"{read}":["GET /"]}'],
    ['LATCHKEY_SCOPES', '{"read":[1]}'],
    ['LATCHKEY_SCOPES', '{"read":[["GET /orders"]]}'],
    ['LATCHKEY_SCOPES', '{"read":["on GET /orders"]}'],
    ['LATCHKEY_SCOPES', '{"read":["GET v1/orders"]}'],
    ['LATCHKEY_SCOPES', '{"read":["GET /orders\\nPOST /orders"]}'],
    ['LATCHKEY_SCOPES', '{"re ad":["GET /"]}'],
    ['LATCHKEY_SCOPES', '{"read":["/orders"]}'],
    ['LATCHKEY_SCOPES', '{"read":["GET"]}'],
    ['LATCHKEY_SCOPES', '{"read":["GET orders"]}'],
    ['LATCHKEY_SCOPES', '{"read":["get /orders"]}'],
    ['LATCHKEY_SCOPES', '{"read":["ANY /orders"]}'],
    ['LATCHKEY_SCOPES', '{"read":["GET /orders/{id}"]}'],
    ['LATCHKEY_SCOPES', '{"read":["GET /orders?x"]}'],
    ['LATCHKEY_SCOPES', '{"read":["GET /${aws:username}"]}'],
    ['LATCHKEY_SCOPES', '{"read":["GET /a b"]}'],
    ['LATCHKEY_SCOPES', '{"read":["$disconnect"]}'],
    ['LATCHKEY_SCOPES', '{"read":["GRAPHQL /orders"]}'],
    ['LATCHKEY_SCOPES', '{"read":["GRAPHQL /*"]}'],
    ['LATCHKEY_SCOPES', '{"read":["S* /orders"]}'],
    ['LATCHKEY_SCOPES', '{"read":["SUBSCRIBE orders"]}'],
    ['LATCHKEY_SCOPES', '{"read":["SUBSCRIBE /orders/{id}"]}'],
    ['LATCHKEY_SCOPES', '{"read":["EVENT_CONNECT"]}'],
    ['LATCHKEY_USAGE_IDENTIFIER', ''],
    ['LATCHKEY_USAGE_IDENTIFIER', 'key'],
    ['LATCHKEY_PLANS', ''],
    ['LATCHKEY_PLANS', 'null'],
    ['LATCHKEY_PLANS', '[]'],
    ['LATCHKEY_PLANS', '{"namespace":"0123456789abcdef","perKey":["free"]}'],
    ['LATCHKEY_PLANS', '{"namespace":"0123456789abcdef","shared":["pro"]}'],
    ['LATCHKEY_PLANS', '{"namespace":"0123456789ABCDEF","perKey":[],"shared":[]}'],
    ['LATCHKEY_PLANS', '{"namespace":"0123456789abcdef0","perKey":[],"shared":[]}'],
    ['LATCHKEY_PLANS', '{"namespace":["0123456789abcdef"],"perKey":[],"shared":[]}'],
    ['LATCHKEY_PLANS', '{"perKey":[],"shared":[]}'],
    ['LATCHKEY_PLANS', '{"namespace":"0123456789abcdef","perKey":["free"],"shared":["free"]}'],
    ['LATCHKEY_PLANS', '{"namespace":"0123456789abcdef","perKey":["free","free"],"shared":[]}'],
    ['LATCHKEY_PLANS', '{"namespace":"0123456789abcdef","perKey":"free","shared":[]}'],
    ['LATCHKEY_PLANS', '{"namespace":"0123456789abcdef","perKey":[],"shared":[],"limits":[]}'],
  ])('throws an error that contains the expected form: %s=%j', (name, value) => {
    const [problem = ''] = problemOf({ ...TABLE, [name]: value }).split('; ');
    expect(problem).toMatch(new RegExp(`^${name}: expected .+, got `, 's'));
    expect(problem.endsWith(`, got ${maskKeys(JSON.stringify(value))}`)).toBe(true);
  });
});

test.each([
  [
    'LATCHKEY_KEY_SOURCES',
    ['bearer', 'basic', 'header:NAME', 'header:NAME:SCHEME', 'query:NAME', 'cookie:NAME', 'websocket-protocol'],
  ],
  ['LATCHKEY_SCOPES', ['METHOD /path', '$connect', 'GRAPHQL /graphql', 'SUBSCRIBE /channel', 'PUBLISH /channel']],
])('the error message about %s contains the forms %j', (name, forms) => {
  const problem = problemOf({ ...TABLE, [name]: 'cookie' });
  for (const form of forms) expect(problem).toContain(form);
});

test.each([
  ['LATCHKEY_TABLE', ['name', 'ARN']],
  ['LATCHKEY_EXTERNAL_KEYS', ['true', 'false', 'prefixes', 'minLength', 'maxLength', '16', '255', '1024']],
  ['LATCHKEY_KEY_PREFIXES', ['16', 'underscore', '24']],
  ['LATCHKEY_HTTP_API_RESPONSE', ['iam', 'simple']],
  ['LATCHKEY_LAST_USED_SECONDS', ['1', '31536000']],
  ['LATCHKEY_RESULTS_CACHE_SECONDS', ['0', '3600']],
  ['LATCHKEY_DEBUG_SAMPLE_RATE', ['0', '1']],
  ['LATCHKEY_USAGE_IDENTIFIER', ['plan', 'presented', 'key']],
  ['LATCHKEY_PLANS', ['namespace', 'perKey', 'shared']],
])('the error message about %s contains the words %j', (name, words) => {
  const [, expected = ''] = /: expected (.*), got /s.exec(problemOf({ ...TABLE, [name]: '?' })) ?? [];
  expect(expected.match(/\w+/g)).toEqual(expect.arrayContaining(words));
});

test('the error message about LATCHKEY_PLANS contains only the invalid names', () => {
  const plans = '{"namespace":"0123456789abcdef","perKey":["free","no plan"],"shared":["pro","-"]}';
  const problem = problemOf({ ...TABLE, LATCHKEY_PLANS: plans });
  expect(problem).toMatch(/^LATCHKEY_PLANS: expected /);
  expect(problem.endsWith(`, got ${JSON.stringify('["no plan","-"]')}`)).toBe(true);
});

test('readConfig rejects an unknown environment variable with the prefix LATCHKEY_', () => {
  expect(problemOf({ ...TABLE, LATCHKEY_KEY_SOURCE: 'bearer' })).toBe('LATCHKEY_KEY_SOURCE: unknown variable');
});

test.each([
  ['LATCHKEY_KEY_PREFIX', 'LATCHKEY_KEY_PREFIXES'],
  ['LATCHKEY_ACCEPT_FOREIGN_KEYS', 'LATCHKEY_EXTERNAL_KEYS'],
  ['LATCHKEY_USAGE_WRITE_SECONDS', 'LATCHKEY_LAST_USED_SECONDS'],
  ['LATCHKEY_RESULT_CACHE_SECONDS', 'LATCHKEY_RESULTS_CACHE_SECONDS'],
])('readConfig rejects the old name %s with an error that contains the new name %s', (oldName, newName) => {
  expect(problemOf({ ...TABLE, [oldName]: '60' })).toBe(`${oldName}: was renamed, set ${newName} instead`);
});

test('readConfig lists every problem in one error message', () => {
  const problem = problemOf({ LATCHKEY_KEY_PREFIXES: 'x', LATCHKEY_HTTP_API_RESPONSE: 'y' });
  const named = problem.split('; ').map((one) => one.split(': expected ')[0]);
  expect(named).toEqual(['LATCHKEY_TABLE', 'LATCHKEY_KEY_PREFIXES', 'LATCHKEY_HTTP_API_RESPONSE']);
});

test('readConfig masks an external key in its error message', () => {
  const key = 'AbCd3fGh1jKlMn0pQrSt';
  for (const name of ['LATCHKEY_KEY_PREFIXES', 'LATCHKEY_LAST_USED_SECONDS', 'LATCHKEY_HTTP_API_RESPONSE']) {
    expect(problemOf({ ...TABLE, [name]: key })).toMatch(/, got "AbCd… \(20 characters\)"$/);
  }
});

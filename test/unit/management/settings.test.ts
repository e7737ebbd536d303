import { describe, expect, test } from '@jest/globals';
import { DEFAULT_KEYS_PER_OWNER, readManagementSettings } from '../../../management/function/settings.ts';

const TABLES = { LATCHKEY_TABLE: 'keys', LATCHKEY_STATE_TABLE: 'state' };
const read = (management: unknown, others: Record<string, string> = {}) =>
  readManagementSettings({ ...TABLES, ...others, LATCHKEY_MANAGEMENT: JSON.stringify(management) });
const problemsOf = (management: unknown, others: Record<string, string> = {}) => {
  try {
    read(management, others);
    return [];
  } catch (error) {
    return (error as Error).message.split('; ');
  }
};

describe("the function's settings", () => {
  test('read every audience with the defaults of their rules', () => {
    const portal = { name: 'Acme', returnOrigins: ['https://app.example.com'] };
    const limits = { LATCHKEY_LIMITS_TABLE: 'limits' };
    const rate = { rateLimit: 5, burstLimit: 20 };
    expect(read({ owners: {}, portal, rateLimit: rate, revocationDelaySeconds: 60 }, limits)).toEqual({
      config: expect.objectContaining({ tableName: 'keys', limitsTable: 'limits' }),
      stateTable: 'state',
      usageTable: undefined,
      operators: true,
      owners: { rules: { maxKeysPerOwner: DEFAULT_KEYS_PER_OWNER }, ownerClaim: 'sub', orgClaim: undefined },
      portal: {
        rules: { maxKeysPerOwner: DEFAULT_KEYS_PER_OWNER },
        ...portal,
        logoUrl: undefined,
        accentColor: undefined,
      },
      rateLimit: rate,
      revocationDelaySeconds: 60,
    });
  });

  test('read the rules of owners', () => {
    const rules = { scopes: ['orders:read'], plans: ['free', 'pro'], maxLifetimeSeconds: 86_400, maxKeysPerOwner: 3 };
    expect(read({ operators: false, owners: { ...rules, ownerClaim: 'uid', orgClaim: 'org' } })).toMatchObject({
      operators: false,
      owners: { rules, ownerClaim: 'uid', orgClaim: 'org' },
    });
  });

  test("read the authorizer's own variables for verify", () => {
    const variables = { LATCHKEY_KEY_PREFIXES: 'sk_live_,sk_test_', LATCHKEY_RECORD_CACHE_SECONDS: '5' };
    expect(read({}, variables).config).toMatchObject({
      keyFormat: { prefixes: ['sk_live_', 'sk_test_'] },
      recordCacheSeconds: 5,
    });
  });

  test('report every problem in one message', () => {
    const owners = {
      scopes: ['a b'],
      plans: [],
      maxLifetimeSeconds: 0,
      maxKeysPerOwner: 1001,
      ownerClaim: '',
      other: 1,
    };
    const portal = { logoUrl: 'http://example.com/a.png', accentColor: 'red', returnOrigins: ['https://a.example/x'] };
    const rate = { rateLimit: 0, burstLimit: 1.5 };
    const variables = { LATCHKEY_STATE_TABLE: '?', LATCHKEY_RECORD_CACHE_SECONDS: 'x', LATCHKEY_TYPO: '1' };
    expect(problemsOf({ operators: 'yes', owners, portal, rateLimit: rate, extra: {} }, variables)).toEqual([
      expect.stringContaining('LATCHKEY_RECORD_CACHE_SECONDS: expected'),
      'LATCHKEY_TYPO: unknown variable',
      expect.stringContaining('LATCHKEY_STATE_TABLE: expected'),
      'LATCHKEY_MANAGEMENT.operators: expected true or false, got "yes"',
      expect.stringContaining('LATCHKEY_MANAGEMENT.owners.scopes: expected'),
      expect.stringContaining('LATCHKEY_MANAGEMENT.owners.plans: expected'),
      expect.stringContaining('LATCHKEY_MANAGEMENT.owners.maxLifetimeSeconds: expected'),
      expect.stringContaining('LATCHKEY_MANAGEMENT.owners.maxKeysPerOwner: expected'),
      expect.stringContaining('LATCHKEY_MANAGEMENT.owners.ownerClaim: expected'),
      'LATCHKEY_MANAGEMENT.owners.other: unknown field',
      expect.stringContaining('LATCHKEY_MANAGEMENT.portal.name: expected'),
      expect.stringContaining('LATCHKEY_MANAGEMENT.portal.logoUrl: expected'),
      expect.stringContaining('LATCHKEY_MANAGEMENT.portal.accentColor: expected'),
      expect.stringContaining('LATCHKEY_MANAGEMENT.portal.returnOrigins: expected'),
      expect.stringContaining('LATCHKEY_MANAGEMENT.rateLimit.rateLimit: expected'),
      expect.stringContaining('LATCHKEY_MANAGEMENT.rateLimit.burstLimit: expected'),
      'LATCHKEY_MANAGEMENT.extra: unknown field',
    ]);
  });

  test.each([
    ['no origin', { returnOrigins: [] }],
    ['an origin without TLS', { returnOrigins: ['http://app.example.com'] }],
    ['an origin with a path', { returnOrigins: ['https://app.example.com/'] }],
    ['a URL without TLS', { url: 'http://keys.example.com' }],
    ['a URL with a slash at its end', { url: 'https://keys.example.com/' }],
    ['a URL with a user', { url: 'https://user@keys.example.com' }],
    ['a URL with a fragment', { url: 'https://keys.example.com#code=' }],
  ])('reject a portal with %s', (_, fields) => {
    const portal = { name: 'Acme', returnOrigins: ['https://app.example.com'], ...fields };
    const [name] = Object.keys(fields);
    expect(problemsOf({ portal })).toEqual([expect.stringContaining(`LATCHKEY_MANAGEMENT.portal.${name}: expected`)]);
  });

  test('accept a portal behind another domain, and an application on this machine', () => {
    const portal = { name: 'Acme', returnOrigins: ['http://localhost:5173'], url: 'https://example.com/keys' };
    expect(read({ portal }).portal).toMatchObject({ url: 'https://example.com/keys' });
  });

  test.each([
    ['nothing', undefined],
    ['a text', 'on'],
    ['a list', '[]'],
    ['null', 'null'],
  ])('reject %s as LATCHKEY_MANAGEMENT', (_, text) => {
    expect(() => readManagementSettings({ ...TABLES, LATCHKEY_MANAGEMENT: text })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('expected a JSON object') }),
    );
  });

  test('reject an audience that is not an object, so that a typing error never opens it with default rules', () => {
    expect(problemsOf({ owners: true })).toEqual(['LATCHKEY_MANAGEMENT.owners: expected a JSON object, got true']);
  });

  test('require the table of limits for a rate limit', () => {
    expect(problemsOf({ owners: {}, rateLimit: { rateLimit: 5, burstLimit: 20 } })).toEqual([
      expect.stringContaining('LATCHKEY_LIMITS_TABLE: expected'),
    ]);
  });
});

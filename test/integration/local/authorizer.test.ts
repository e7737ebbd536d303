import { describe, expect, test } from '@jest/globals';
import {
  evaluatePolicy,
  matchesWildcards,
  parseStatements,
  ResultCache,
  type PolicyStatement,
} from '../../../local/authorizer.ts';

const ARN = 'arn:aws:execute-api:us-east-1:000000000000:api/prod/GET/keys/1';

const statement = (effect: 'Allow' | 'Deny', resource: string, action = 'execute-api:Invoke'): PolicyStatement => ({
  effect,
  actions: [action],
  resources: [resource],
});

const IP = '192.0.2.1';

describe('evaluatePolicy', () => {
  test('returns explicit-deny if any statement denies the request', () => {
    expect(evaluatePolicy([statement('Allow', '*'), statement('Deny', ARN)], ARN, IP)).toBe('explicit-deny');
    expect(evaluatePolicy([statement('Deny', ARN), statement('Allow', '*')], ARN, IP)).toBe('explicit-deny');
  });

  test.each([
    ['the policy lacks statements', []],
    ['a statement allows only another route', [statement('Allow', ARN.replace('keys', 'other'))]],
    ['a statement allows only another action', [statement('Allow', '*', 's3:GetObject')]],
    ['a statement denies only another route', [statement('Deny', ARN.replace('GET', 'PUT'))]],
  ])('returns implicit-deny if %s', (_, statements) => {
    expect(evaluatePolicy(statements, ARN, IP)).toBe('implicit-deny');
  });

  test.each([
    ['203.0.113.7', 'allow'],
    ['::ffff:203.0.113.7', 'allow'],
    ['2001:db8:1::', 'allow'],
    ['203.0.113.8', 'implicit-deny'],
    ['2001:db9::', 'implicit-deny'],
  ])('evaluates a condition on aws:SourceIp for a request from %s: %s', (sourceIp, effect) => {
    const Condition = { IpAddress: { 'aws:SourceIp': ['203.0.113.7', '2001:db8::/32'] } };
    const allowing = parseStatements({ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*', Condition }] });
    expect(evaluatePolicy(allowing ?? [], ARN, sourceIp)).toBe(effect);
  });

  test.each(['execute-api:Invoke', 'execute-api:invoke', 'execute-api:*', '*'])(
    'allows a request with the action %s',
    (action) => {
      expect(evaluatePolicy([statement('Allow', ARN, action)], ARN, IP)).toBe('allow');
    },
  );
});

describe('matchesWildcards', () => {
  test.each([
    ['*', ''],
    ['*', 'anything/at/all'],
    ['api/prod/*', 'api/prod/GET/keys'],
    ['api/*/GET/*', 'api/prod/GET/keys/1'],
    ['*/1', 'keys/11/1'],
    ['key?', 'keys'],
    ['a*b?d', 'a-b-bcd'],
    ['', ''],
  ])('returns true for the pattern %j and the string %j', (pattern, text) => {
    expect(matchesWildcards(pattern, text)).toBe(true);
  });

  test.each([
    ['api/*/PUT/*', 'api/prod/GET/keys/1'],
    ['key?', 'key'],
    ['key?', 'keyss'],
    ['keys', 'key'],
    ['keys.', 'keysx'],
  ])('returns false for the pattern %j and the string %j', (pattern, text) => {
    expect(matchesWildcards(pattern, text)).toBe(false);
  });

  test('evaluates a pattern of 200 stars without exponential backtracking', () => {
    expect(matchesWildcards(`${'*a'.repeat(200)}b`, 'a'.repeat(5000))).toBe(false);
  });
});

const withCondition = (Condition: object) => ({
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*', Condition }],
});

describe('parseStatements', () => {
  test('converts single values to lists', () => {
    const document = { Statement: { Effect: 'Allow', Action: 'execute-api:Invoke', Resource: ARN } };
    expect(parseStatements(document)).toEqual([statement('Allow', ARN)]);
  });

  test.each([
    ['a missing document', undefined],
    ['a document without statements', {}],
    ['an unknown effect', { Statement: [{ Effect: 'allow', Action: '*', Resource: '*' }] }],
    ['a statement without a resource', { Statement: [{ Effect: 'Allow', Action: '*' }] }],
    ['an empty condition', withCondition({})],
    ['another operator', withCondition({ NotIpAddress: { 'aws:SourceIp': '203.0.113.7' } })],
    ['another key', withCondition({ IpAddress: { 'aws:VpcSourceIp': '203.0.113.7' } })],
    [
      'several operators',
      withCondition({ IpAddress: { 'aws:SourceIp': '::1' }, Bool: { 'aws:ViaAWSService': 'true' } }),
    ],
    ['a condition without an address', withCondition({ IpAddress: { 'aws:SourceIp': [] } })],
    ['a condition with a malformed block', withCondition({ IpAddress: { 'aws:SourceIp': '203.0.113.7/33' } })],
  ])('rejects %s', (_, document) => {
    expect(parseStatements(document)).toBeUndefined();
  });
});

describe('ResultCache', () => {
  test('returns a result until its TTL passes', () => {
    let nowMs = 0;
    const cache = new ResultCache<string>({ ttlSeconds: 2, now: () => nowMs });
    cache.set(['key'], 'allow');
    nowMs = 1999;
    expect(cache.get(['key'])).toBe('allow');
    nowMs = 2000;
    expect(cache.get(['key'])).toBeUndefined();
  });

  test('does not store results with a TTL of 0', () => {
    const cache = new ResultCache<string>({ ttlSeconds: 0, now: () => 0 });
    cache.set(['key'], 'allow');
    expect(cache.get(['key'])).toBeUndefined();
  });

  test('distinguishes results by the list of identities', () => {
    const cache = new ResultCache<string>({ ttlSeconds: 2, now: () => 0 });
    cache.set(['a', 'b,c'], 'allow');
    expect(cache.get(['a', 'b,c'])).toBe('allow');
    expect(cache.get(['a,b', 'c'])).toBeUndefined();
    expect(cache.get(['a'])).toBeUndefined();
  });
});

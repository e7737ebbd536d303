import { describe, expect, test } from '@jest/globals';
import { Plans } from '../../../lambda/plans.ts';
import { policyOf, policyResources } from '../../../lambda/policy.ts';
import { CONNECT, GRAPHQL, type RoutePattern } from '../../../lambda/routes.ts';
import { Scopes } from '../../../lambda/scopes.ts';
import { makeKey } from '../../support/keys.ts';

const STAGE = 'arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod';
const METHOD_ARN = `${STAGE}/GET/orders`;
const ORDERS: RoutePattern = { method: 'GET', path: '/orders' };
const SCOPES = new Scopes(new Map([['read', [ORDERS, CONNECT, GRAPHQL]]]));
const plansOf = (namespace: string) => new Plans({ namespace, perKey: new Set(['free']), shared: new Set() });

describe('the resources of patterns', () => {
  test('are methods unless a WebSocket API is meant, and its one route where it is', () => {
    const patterns: readonly RoutePattern[] = [ORDERS, CONNECT, GRAPHQL];
    expect(policyResources(STAGE, patterns)).toEqual([`${STAGE}/GET/orders`]);
    expect(policyResources(STAGE, patterns, 'methods')).toEqual([`${STAGE}/GET/orders`]);
    expect(policyResources(STAGE, patterns, 'connect')).toEqual([`${STAGE}/$connect`]);
  });

  test('of GraphQL are none on a WebSocket API', () => {
    expect(policyResources(STAGE, [GRAPHQL], 'connect')).toEqual([]);
  });
});

describe('the answer to an active key', () => {
  const { record } = makeKey({ scopes: ['read'], plan: 'free' });
  const allow = { effect: 'allow', record } as const;
  const methods = { scopes: SCOPES, routes: 'methods', plans: plansOf('0'.repeat(16)) } as const;

  test('is the very same for the same key, stage and settings, whichever route is asked for', () => {
    const answer = policyOf(allow, METHOD_ARN, methods);
    expect(policyOf(allow, `${STAGE}/POST/reports`, methods)).toBe(answer);
    expect(policyOf({ effect: 'deny', code: 'INSUFFICIENT_SCOPE', record }, METHOD_ARN, methods)).toBe(answer);
  });

  test.each([
    ['other routes', { ...methods, routes: 'connect' }],
    ['other plans', { ...methods, plans: plansOf('1'.repeat(16)) }],
    ['no plans', { ...methods, plans: undefined }],
    ['other scopes', { ...methods, scopes: new Scopes() }],
  ] as const)('is another for %s on the same stage', (_, options) => {
    const before = policyOf(allow, METHOD_ARN, methods);
    const after = policyOf(allow, METHOD_ARN, options);
    expect(after).not.toEqual(before);
    expect(after).toEqual(policyOf({ ...allow, record: { ...record } }, METHOD_ARN, options));
  });
});

import { describe, expect, test } from '@jest/globals';
import type { KeyRecord } from '../../../keys/record.ts';
import { type KeySettings, toCachedKey } from '../../../lambda/cachedKey.ts';
import { Plans } from '../../../lambda/plans.ts';
import { type PolicyApi, toPolicy } from '../../../lambda/policy.ts';
import { CONNECT, GRAPHQL, type MethodArn, type RoutePattern } from '../../../lambda/routes.ts';
import { Scopes } from '../../../lambda/scopes.ts';
import { makeKey, at } from '../../support/keys.ts';

const STAGE = 'arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod';
const METHOD_ARN = `${STAGE}/GET/orders` as MethodArn;
const ORDERS: RoutePattern = { method: 'GET', path: '/orders' };
const SCOPES = new Scopes(new Map([['read', [ORDERS, CONNECT, GRAPHQL]]]));
const plansOf = (namespace: string) => new Plans({ namespace, perKey: new Set(['free']), shared: new Set() });

const keyOf = (record: KeyRecord, settings: KeySettings) => toCachedKey(record, settings);

describe('the policy of a scoped key', () => {
  const { record } = makeKey({ scopes: ['read'] });
  const key = keyOf(record, { scopes: SCOPES, plans: undefined });
  const resourceFor = (api: PolicyApi) =>
    Object(toPolicy({ effect: 'allow', key }, METHOD_ARN, api)).policyDocument.Statement[0].Resource;

  test.each([
    ['rest', 'GET/orders'],
    ['http', 'GET/orders'],
    ['websocket', '$connect'],
  ] as const)('contains only the resources that a %s API can have: %s', (api, end) => {
    expect(resourceFor(api)).toBe(`${STAGE}/${end}`);
  });

  test('denies every request on a WebSocket API if only GraphQL is mapped', () => {
    const graphql = keyOf(record, { scopes: new Scopes(new Map([['read', [GRAPHQL]]])), plans: undefined });
    expect(toPolicy({ effect: 'allow', key: graphql }, METHOD_ARN, 'websocket')).toMatchObject({
      policyDocument: { Statement: [{ Effect: 'Deny', Resource: `${STAGE}/*` }] },
    });
  });
});

describe('the policy for an active key', () => {
  const { record } = makeKey({ scopes: ['read'], plan: 'free' });
  const settings = { scopes: SCOPES, plans: plansOf('0'.repeat(16)) };
  const allow = { effect: 'allow', key: keyOf(record, settings) } as const;

  test('stays the same for a key, a stage and settings, even if another route is requested', () => {
    const answer = toPolicy(allow, METHOD_ARN, 'rest');
    expect(toPolicy(allow, `${STAGE}/POST/reports` as MethodArn, 'rest')).toEqual(answer);
    const refused = { effect: 'deny', code: 'INSUFFICIENT_SCOPE', key: allow.key } as const;
    expect(toPolicy(refused, METHOD_ARN, 'rest')).toEqual(answer);
  });

  test.each([
    ['another API type', settings, 'websocket'],
    ['other plans', { ...settings, plans: plansOf('1'.repeat(16)) }, 'rest'],
    ['a deployment without plans', { ...settings, plans: undefined }, 'rest'],
    ['other scopes', { ...settings, scopes: new Scopes() }, 'rest'],
  ] as const)('changes for %s on the same stage', (_, others, api) => {
    const other = { effect: 'allow', key: keyOf(record, others) } as const;
    expect(toPolicy(other, METHOD_ARN, api)).not.toEqual(toPolicy(allow, METHOD_ARN, 'rest'));
  });
});

/** "Quotas for configuring and running a WebSocket API": 8 KB for an authorizer's result. */
const MAX_RESULT_BYTES = 8192;

/** JSON writes each of these in six bytes. */
const LONGEST_TEXT = '\u0001'.repeat(256);
const LONGEST_SCOPE = 's'.repeat(1024);

/** A record whose every field has the registry's maximum length. */
const LARGEST: KeyRecord = {
  ...makeKey().record,
  id: 'a'.repeat(36),
  keyPrefix: 'p'.repeat(32),
  label: LONGEST_TEXT,
  owner: LONGEST_TEXT,
  scopes: [LONGEST_SCOPE],
  plan: 'p'.repeat(64),
  allowedIps: Array.from({ length: 20 }, (_, at) => `${'ffff:'.repeat(7)}ff${at + 10}/127`),
  // 1,024 bytes of JSON. Each quote is escaped once here, and again in the result.
  metadata: { a: '"'.repeat(508) },
  expiresAt: at(0),
};

const LONGEST_ARN =
  `arn:aws-us-gov:execute-api:us-isof-south-1:123456789012:a1b2c3d4e5/${'s'.repeat(128)}/$connect` as MethodArn;

test('the policy for the largest record fits the 8 KB limit of a WebSocket API', () => {
  const scopes = new Scopes(new Map([[LONGEST_SCOPE, [CONNECT]]]));
  const plans = new Plans({ namespace: '0'.repeat(16), perKey: new Set(['p'.repeat(64)]), shared: new Set() });
  const key = toCachedKey(LARGEST, { scopes, plans });
  // The longest value of an API key of API Gateway.
  const answer = toPolicy({ effect: 'allow', key }, LONGEST_ARN, 'websocket', {
    ownIdentifier: 'k'.repeat(128),
    isCached: true,
  });
  expect(Buffer.byteLength(JSON.stringify(LARGEST.metadata))).toBe(1024);
  expect(answer).toMatchObject({
    policyDocument: { Statement: [{ Effect: 'Allow' }] },
    usageIdentifierKey: 'k'.repeat(128),
  });
  expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThanOrEqual(MAX_RESULT_BYTES);
});

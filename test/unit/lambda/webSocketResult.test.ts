import { expect, test } from '@jest/globals';
import type { KeyRecord } from '../../../keys/record.ts';
import { Plans } from '../../../lambda/plans.ts';
import { toCachedKey } from '../../../lambda/cachedKey.ts';
import { toPolicy } from '../../../lambda/policy.ts';
import { CONNECT, type MethodArn } from '../../../lambda/routes.ts';
import { Scopes } from '../../../lambda/scopes.ts';
import { at, makeKey } from '../../support/keys.ts';

/** "Quotas for configuring and running a WebSocket API": 8 KB for an authorizer's result. */
const MAX_RESULT_BYTES = 8192;

/** JSON spells each of these in six bytes. */
const LONGEST_TEXT = '\u0001'.repeat(256);
const LONGEST_SCOPE = 's'.repeat(1024);

/** A record whose every field is as long as the registry lets it be. */
const LARGEST: KeyRecord = {
  ...makeKey().record,
  id: 'a'.repeat(36),
  keyPrefix: 'p'.repeat(24),
  label: LONGEST_TEXT,
  owner: LONGEST_TEXT,
  scopes: [LONGEST_SCOPE],
  plan: 'p'.repeat(64),
  // 1,024 bytes of JSON, which have each quote escaped once, and once more in the result.
  metadata: { a: '"'.repeat(508) },
  expiresAt: at(0),
};

const LONGEST_ARN =
  `arn:aws-us-gov:execute-api:us-isof-south-1:123456789012:a1b2c3d4e5/${'s'.repeat(128)}/$connect` as MethodArn;

test('the policy of the largest record fits the 8 KB limit of a WebSocket API', () => {
  const scopes = new Scopes(new Map([[LONGEST_SCOPE, [CONNECT]]]));
  const plans = new Plans({ namespace: '0'.repeat(16), perKey: new Set(['p'.repeat(64)]), shared: new Set() });
  const answer = toPolicy({ effect: 'allow', key: toCachedKey(LARGEST, { scopes, plans }) }, LONGEST_ARN, 'websocket');
  expect(Buffer.byteLength(JSON.stringify(LARGEST.metadata))).toBe(1024);
  expect(answer).toMatchObject({ policyDocument: { Statement: [{ Effect: 'Allow' }] } });
  expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThanOrEqual(MAX_RESULT_BYTES);
});

import { expect } from '@jest/globals';
import { generateSecret } from '../../keys/secret.ts';
import type { KeyRecord } from '../../keys/record.ts';
import { toTimestamp } from '../../keys/timestamp.ts';
import {
  httpApiEvent,
  httpApiV1Event,
  restRequestEvent,
  restTokenEvent,
  webSocketEvent,
} from '../../testing/authorizerEvents.ts';
import type { TestRequest } from '../../testing/request.ts';
import { makeKey } from './keys.ts';

/** An event, the function's response on any runtime, and the logged code. */
export interface FunctionCase {
  readonly name: string;
  readonly event: unknown;
  readonly outcome: { readonly answer: object } | { readonly errorType: string; readonly errorMessage: unknown };
  /** The logged code. Absent for an allowed request. */
  readonly logged?: string;
}

const IN_A_YEAR = toTimestamp(Date.now() + 365 * 24 * 3_600_000);
const A_DAY_AGO = toTimestamp(Date.now() - 24 * 3_600_000);

/** An active key. Its times depend on the real clock, which the bundle uses. */
export const ACTIVE = makeKey({
  label: 'build server',
  owner: 'acme',
  scopes: ['orders:read', 'orders:write'],
  plan: 'free',
  metadata: { plan: 'pro', seats: 3, nested: { list: [true, null, 0.1] } },
  expiresAt: IN_A_YEAR,
});
export const REVOKED = makeKey({ id: 'revoked', revokedAt: A_DAY_AGO });
export const EXPIRED = makeKey({ id: 'expired', expiresAt: A_DAY_AGO });
const DISABLED = makeKey({ id: 'disabled', disabledAt: A_DAY_AGO });
/** A well-formed key that isn't in any table. */
export const UNKNOWN = generateSecret('sk_');
/** A key whose record lacks the required attribute `label`. */
export const CORRUPT = makeKey({ id: 'corrupt' });

const { label: _, ...corrupt } = CORRUPT.record;
/** The records in the table before the first case. */
export const RECORDS: readonly KeyRecord[] = [
  ...[ACTIVE, REVOKED, EXPIRED, DISABLED].map(({ record }) => record),
  corrupt as KeyRecord,
];

const CONTEXT = {
  keyId: ACTIVE.record.id,
  keyPrefix: ACTIVE.secret.slice(0, 11),
  label: 'build server',
  owner: 'acme',
  scopes: 'orders:read orders:write',
  plan: 'free',
  metadata: '{"plan":"pro","seats":3,"nested":{"list":[true,null,0.1]}}',
  expiresAt: IN_A_YEAR,
};

const MESSAGES: Readonly<Record<string, string>> = {
  INVALID_KEY: 'Invalid API key.',
  KEY_EXPIRED: 'This API key has expired.',
  KEY_DISABLED: 'This API key is disabled.',
  KEY_REVOKED: 'This API key has been revoked.',
};

/** Returns a request with this key in the Authorization header. */
export const bearing = (secret: string): TestRequest => ({ headers: [['Authorization', `Bearer ${secret}`]] });

/** All kinds of events, with the stage in their ARNs. */
export const API_TYPES = [
  { apiType: 'rest-token', makeEvent: restTokenEvent, stage: 'prod' },
  { apiType: 'rest-request', makeEvent: restRequestEvent, stage: 'prod' },
  { apiType: 'http-api', makeEvent: httpApiEvent, stage: '$default' },
  { apiType: 'http-api-1.0', makeEvent: httpApiV1Event, stage: '$default' },
  { apiType: 'websocket', makeEvent: webSocketEvent, stage: 'prod' },
] as const;

/** The cases that every runtime must pass. */
export const FUNCTION_CASES: readonly FunctionCase[] = [
  ...API_TYPES.flatMap(({ apiType, makeEvent, stage }) => [
    {
      name: `allows an active key with its context from ${apiType}`,
      event: makeEvent(bearing(ACTIVE.secret)),
      outcome: policyAnswer('Allow', stage, ACTIVE.record.id, CONTEXT),
    },
    denial(`an unknown key from ${apiType}`, makeEvent(bearing(UNKNOWN)), { stage, code: 'INVALID_KEY' }),
    denial(`a malformed key from ${apiType}`, makeEvent(bearing('sk_nonsense')), { stage, code: 'INVALID_KEY' }),
    denial(`an expired key from ${apiType}`, makeEvent(bearing(EXPIRED.secret)), {
      stage,
      code: 'KEY_EXPIRED',
      id: 'expired',
    }),
    denial(`a disabled key from ${apiType}`, makeEvent(bearing(DISABLED.secret)), {
      stage,
      code: 'KEY_DISABLED',
      id: 'disabled',
    }),
    denial(`a revoked key from ${apiType}`, makeEvent(bearing(REVOKED.secret)), {
      stage,
      code: 'KEY_REVOKED',
      id: 'revoked',
    }),
    {
      name: `throws Unauthorized for a request without a key from ${apiType}`,
      event: makeEvent(),
      outcome: { errorType: 'Error', errorMessage: 'Unauthorized' },
      logged: 'AUTH_REQUIRED',
    },
    fault(`a key with a corrupt record from ${apiType}`, makeEvent(bearing(CORRUPT.secret)), 'RECORD_CORRUPT'),
  ]),
  fault('an event of another service', { Records: [{ body: 'private' }] }, 'EVENT_UNKNOWN'),
  fault('an empty event', {}, 'EVENT_UNKNOWN'),
];

function denial(name: string, event: unknown, { stage, code, id }: { stage: string; code: string; id?: string }) {
  const context = { errorCode: code, errorMessage: MESSAGES[code] };
  const outcome = policyAnswer('Deny', stage, id ?? 'anonymous', context);
  return { name: `denies ${name} on every route`, event, outcome, logged: code };
}

function fault(name: string, event: unknown, code: string): FunctionCase {
  const outcome = { errorType: 'LatchkeyError', errorMessage: expect.any(String) };
  return { name: `throws a LatchkeyError for ${name}`, event, outcome, logged: code };
}

function policyAnswer(effect: 'Allow' | 'Deny', stage: string, principalId: string, context: object) {
  const Resource = `arn:aws:execute-api:us-east-1:123456789012:abcdef1234/${stage}/*`;
  const policyDocument = {
    Version: '2012-10-17',
    Statement: [{ Action: 'execute-api:Invoke', Effect: effect, Resource }],
  };
  return { answer: { principalId, policyDocument, context } };
}

import type { PublicRecord } from '../keys/record.ts';
import type { Decision, DenyCode } from './authorize.ts';

/** What the integration, the gateway's responses and its access log get to know. */
export type AuthorizerContext = Record<string, string>;

const DENIAL_CONTEXTS: Readonly<Record<DenyCode, AuthorizerContext>> = {
  INVALID_KEY: denial('INVALID_KEY', 'Invalid API key.'),
  KEY_EXPIRED: denial('KEY_EXPIRED', 'This API key has expired.'),
  KEY_DISABLED: denial('KEY_DISABLED', 'This API key is disabled.'),
  KEY_REVOKED: denial('KEY_REVOKED', 'This API key has been revoked.'),
  INSUFFICIENT_SCOPE: denial('INSUFFICIENT_SCOPE', 'This API key may not use this route.'),
};

/** As long as somebody holds the record, the record cache above all: metadata is not written as JSON on every request. */
const KEY_CONTEXTS = new WeakMap<PublicRecord, AuthorizerContext>();

/** The context of a decision: strings only, as REST wants them, and nothing for what the record lacks. */
export function contextOf(decision: Exclude<Decision, { effect: 'unauthenticated' }>): AuthorizerContext {
  return decision.effect === 'allow' ? keyContextOf(decision.record) : denialContextOf(decision.code);
}

/** What a refused caller is told: one frozen object for all of them. */
export function denialContextOf(errorCode: DenyCode): AuthorizerContext {
  return DENIAL_CONTEXTS[errorCode];
}

/** What is told of an active key: made once for a record, and frozen. */
export function keyContextOf(record: PublicRecord): AuthorizerContext {
  const made = KEY_CONTEXTS.get(record);
  if (made !== undefined) return made;
  const context = Object.freeze(makeKeyContext(record));
  KEY_CONTEXTS.set(record, context);
  return context;
}

function makeKeyContext(record: PublicRecord): AuthorizerContext {
  const { id, keyPrefix, label, owner, scopes, plan, metadata, expiresAt } = record;
  return {
    keyId: id,
    ...(keyPrefix === undefined ? {} : { keyPrefix }),
    label,
    ...(owner === undefined ? {} : { owner }),
    ...(scopes === undefined ? {} : { scopes: scopes.join(' ') }),
    ...(plan === undefined ? {} : { plan }),
    ...(metadata === undefined ? {} : { metadata: JSON.stringify(metadata) }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

function denial(errorCode: DenyCode, errorMessage: string): AuthorizerContext {
  return Object.freeze({ errorCode, errorMessage });
}

import type { KeyRecord } from '../keys/record.ts';
import type { Decision, DenyCode } from './authorize.ts';

/** What the integration, the gateway's responses and its access log get to know. */
export type AuthorizerContext = Record<string, string>;

/** What a refused caller is told. */
const DENY_MESSAGES: Readonly<Record<DenyCode, string>> = {
  INVALID_KEY: 'Invalid API key.',
  KEY_EXPIRED: 'This API key has expired.',
  KEY_DISABLED: 'This API key is disabled.',
  KEY_REVOKED: 'This API key has been revoked.',
  INSUFFICIENT_SCOPE: 'This API key may not use this route.',
};

/** The context of a decision: strings only, as REST wants them, and nothing for what the record lacks. */
export function contextOf(decision: Exclude<Decision, { effect: 'unauthenticated' }>): AuthorizerContext {
  return decision.effect === 'allow' ? keyContextOf(decision.record) : denialContextOf(decision.code);
}

/** What a refused caller is told. */
export function denialContextOf(errorCode: DenyCode): AuthorizerContext {
  return { errorCode, errorMessage: DENY_MESSAGES[errorCode] };
}

/** What is told of an active key. */
export function keyContextOf(record: KeyRecord): AuthorizerContext {
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

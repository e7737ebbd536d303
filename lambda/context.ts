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
};

/** The context of a decision: strings only, as REST wants them, and nothing for what the record lacks. */
export function contextOf(decision: Decision): AuthorizerContext {
  if (decision.effect === 'unauthenticated') return {};
  if (decision.effect === 'deny') return { errorCode: decision.code, errorMessage: DENY_MESSAGES[decision.code] };
  return keyContextOf(decision.record);
}

/** The key's id, or `anonymous` where no key is known. */
export function principalIdOf(decision: Decision): string {
  return decision.effect === 'unauthenticated' ? 'anonymous' : (decision.record?.id ?? 'anonymous');
}

function keyContextOf({ id, keyPrefix, label, owner, scopes, metadata, expiresAt }: KeyRecord): AuthorizerContext {
  return {
    keyId: id,
    ...(keyPrefix === undefined ? {} : { keyPrefix }),
    label,
    ...(owner === undefined ? {} : { owner }),
    ...(scopes === undefined ? {} : { scopes: scopes.join(' ') }),
    ...(metadata === undefined ? {} : { metadata: JSON.stringify(metadata) }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

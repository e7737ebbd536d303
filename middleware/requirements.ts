import { LatchkeyError } from '../keys/errors.ts';
import { show } from '../keys/fields.ts';
import { maskKeys } from '../keys/findKeys.ts';
import { isScope, SCOPE_EXPECTED } from '../keys/scope.ts';

/** The requirements of a route on its keys. */
export interface KeyRequirements {
  /**
   * The scope, or the list of scopes, that the key must have. A key with a scope list needs all of them. Otherwise the
   * middleware refuses the request with `INSUFFICIENT_SCOPE`. A key without a scope list isn't restricted, so it has
   * every scope. The authorizer treats such a key in the same way.
   *
   * @default - any active key
   */
  readonly require?: string | readonly string[];
}

/**
 * Returns the required scopes. An empty list isn't valid, because it would demand nothing.
 *
 * @throws LatchkeyError `INPUT_INVALID`
 */
export function readRequired(require: KeyRequirements['require']): readonly string[] {
  if (require === undefined) return NONE;
  const scopes = typeof require === 'string' ? [require] : require;
  if (Array.isArray(scopes) && scopes.length > 0 && scopes.every(isScope)) return scopes;
  throw new LatchkeyError(
    'INPUT_INVALID',
    `require: expected a scope or a list of scopes, each ${SCOPE_EXPECTED}, got ${maskKeys(show(require))}`,
  );
}

const NONE: readonly string[] = Object.freeze([]);

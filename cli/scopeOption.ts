import { InvalidArgumentError } from 'commander';
import { isScope, SCOPE_WANTED, splitScopes } from '../keys/scope.ts';

/** For `--help`. */
export const SCOPE_HELP = 'what it may do: one scope, or several with commas between; may be given again';

/**
 * Reads one more `--scope`, which may hold several.
 *
 * @throws InvalidArgumentError of Commander
 */
export function addScope(text: string, scopes: readonly string[] = []): readonly string[] {
  const added = splitScopes(text);
  if (added.length > 0 && added.every(isScope)) return [...scopes, ...added];
  throw new InvalidArgumentError(`Wanted such as orders:read or orders:read,orders:write, ${SCOPE_WANTED}.`);
}

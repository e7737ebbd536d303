/** The expected format of a scope, as worded in error messages. */
export const SCOPE_EXPECTED = 'without spaces, commas, semicolons, quotes, braces, brackets or backslashes';
/** The expected format of a list of scopes, as worded in error messages. */
export const SCOPES_EXPECTED = `a list of scopes, each a text of its own, such as ["orders:read","orders:write"], ${SCOPE_EXPECTED}`;

/**
 * Returns whether the value is a valid scope. A scope is an RFC 6749 §3.3 scope token: visible ASCII without quotes and
 * backslashes. Commas, semicolons, apostrophes, braces and brackets also aren't valid. A string with one of these is
 * probably a list. It wouldn't open any route as a scope.
 */
export function isScope(value: unknown): value is string {
  return typeof value === 'string' && /^[!#-&(-+\--:<-Z^-z|~]+$/.test(value);
}

/**
 * Splits a string into scopes. Spaces, commas or semicolons separate them. It can also be a JSON array or a PostgreSQL
 * array (`{a,b}`). The returned parts may not be valid scopes: see `isScope`.
 */
export function splitScopes(text: string): readonly string[] {
  const list = text.trim();
  const json = list.startsWith('[') ? parseList(list) : undefined;
  if (json !== undefined) return json;
  const [, inner] = /^\{([^{}]*)\}$/.exec(list) ?? [];
  const parts = (inner ?? list).split(/[\s,;]+/).filter((part) => part !== '');
  // PostgreSQL quotes some elements.
  return inner === undefined ? parts : parts.map((part) => /^"([^"]+)"$/.exec(part)?.[1] ?? part);
}

function parseList(text: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((entry) => typeof entry === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

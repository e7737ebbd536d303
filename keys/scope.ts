/** What a message expects of a scope. */
export const SCOPE_EXPECTED = 'without spaces, commas, semicolons, quotes, braces, brackets or backslashes';
/** What a message expects of a list of scopes. */
export const SCOPES_EXPECTED = `a list of scopes, each a text of its own, such as ["orders:read","orders:write"], ${SCOPE_EXPECTED}`;

/**
 * Returns whether the value is a scope: a scope token of RFC 6749 §3.3 (visible ASCII without quotes and backslashes) without
 * commas, semicolons, apostrophes, braces and brackets. A text with one of these is probably a list, and would open no route.
 */
export function isScope(value: unknown): value is string {
  return typeof value === 'string' && /^[!#-&(-+\--:<-Z^-z|~]+$/.test(value);
}

/**
 * Reads a list of scopes from one text: with spaces, commas or semicolons between the scopes, as a JSON array, or as an array of
 * Postgres (`{a,b}`). Returns the parts between the separators, which may not be scopes: see `isScope`.
 */
export function splitScopes(text: string): readonly string[] {
  const list = text.trim();
  const json = list.startsWith('[') ? parseList(list) : undefined;
  if (json !== undefined) return json;
  const [, inner] = /^\{([^{}]*)\}$/.exec(list) ?? [];
  const parts = (inner ?? list).split(/[\s,;]+/).filter((part) => part !== '');
  // Postgres quotes some elements.
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

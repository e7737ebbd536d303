/** The length of a UUID. */
const MAX_ID_LENGTH = 36;

/**
 * Returns whether the string has the length of a UUID. Longer ids aren't valid, so it can't be the prefix of another
 * id.
 */
export function isLongestId(id: string): boolean {
  return id.length === MAX_ID_LENGTH;
}

/**
 * Returns whether the value can be the id of a key from Latchkey or another system. Returns `false` for a raw Latchkey
 * key, which is longer than a UUID and contains an underscore. May return `true` for a raw key of another system.
 */
export function isKeyId(id: unknown): id is string {
  return typeof id === 'string' && id.length <= MAX_ID_LENGTH && /^[0-9A-Za-z-]+$/.test(id);
}

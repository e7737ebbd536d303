/** The default prefix of the keys that Latchkey issues. */
export const DEFAULT_KEY_PREFIX = 'sk_';

/** Maximum length of a prefix. */
export const MAX_PREFIX_LENGTH = 24;

/** The expected format of a key prefix, as worded in error messages. */
export const KEY_PREFIX_EXPECTED = `segments of a lower-case letter, letters or digits, and an underscore, such as sk_live_, at most ${MAX_PREFIX_LENGTH} characters`;

/** Returns whether the string can be the prefix of keys that Latchkey issues. */
export function isKeyPrefix(text: string): boolean {
  return text.length <= MAX_PREFIX_LENGTH && /^(?:[a-z][a-z0-9]*_)+$/.test(text);
}

/** Returns whether the string from `start` on consists of visible ASCII characters without a comma. */
export function isVisible(text: string, start = 0): boolean {
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x21 || code > 0x7e || code === 0x2c) return false;
  }
  return true;
}

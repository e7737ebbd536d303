/**
 * The length of the shortest part of a secret that a text must not contain. It is one more than the length of an `sk_`
 * key's `keyPrefix`.
 */
const WINDOW = 12;

/** Returns all parts of 12 characters of a secret or a hash. */
export function windowsOf(text: string): readonly string[] {
  return Array.from({ length: text.length - WINDOW + 1 }, (_, start) => text.slice(start, start + WINDOW));
}

/** Returns the parts of the secrets that are in the text. */
export function tracesOf(secrets: readonly string[], text: string): readonly string[] {
  return secrets.flatMap(windowsOf).filter((window) => text.includes(window));
}

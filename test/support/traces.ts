/** The length of a part of a secret that no text may contain: one more than the `keyPrefix` of an `sk_` key. */
const WINDOW = 12;

/** Returns all parts of 12 characters of a secret or a hash. */
export function windowsOf(text: string): readonly string[] {
  return Array.from({ length: text.length - WINDOW + 1 }, (_, start) => text.slice(start, start + WINDOW));
}

/** Returns the parts of the secrets that the text contains. */
export function tracesOf(secrets: readonly string[], text: string): readonly string[] {
  return secrets.flatMap(windowsOf).filter((window) => text.includes(window));
}

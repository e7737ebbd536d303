/** What a text must not hold of a secret: every run of 12 characters, one more than the `keyPrefix` of an `sk_` key has. */
const WINDOW = 12;

/** Every run of 12 characters in a secret or a hash. */
export function windowsOf(text: string): readonly string[] {
  return Array.from({ length: text.length - WINDOW + 1 }, (_, start) => text.slice(start, start + WINDOW));
}

/** The runs of 12 characters of any of the secrets that the text holds. */
export function tracesOf(secrets: readonly string[], text: string): readonly string[] {
  return secrets.flatMap(windowsOf).filter((window) => text.includes(window));
}

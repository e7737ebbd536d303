/** Control characters, and those that turn the direction of text or break a line: a label must not steer a terminal. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** The text on one line, with each character that would steer a terminal as its escape, such as `\u001b`. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

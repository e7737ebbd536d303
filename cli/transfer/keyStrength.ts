import { isForeign } from '../../keys/acceptedKeys.ts';
import { MAX_SHOWN_LENGTH } from '../../keys/secret.ts';

/** What a key made elsewhere must have at least, so that one plain hash protects it (NIST SP 800-63B-4, docs/adr/0001). */
export const MIN_STRENGTH_BITS = 112;

/** Fewer than this and the key repeats itself, however long it is: 32 random hex digits have as few once in 10^9. */
const MIN_DISTINCT = 6;

/** What everybody knows of a key, such as `sk_` and `sk_live_`. */
const KNOWN = /^[a-z][a-z0-9]{0,14}_(?:(?:live|test)_)?/;
const SHOWN_CHARACTERS = 8;

const HEX = [/^[0-9a-f]*$/, /^[0-9A-F]*$/];
const CLASSES: readonly (readonly [RegExp, number])[] = [
  [/[0-9]/, 10],
  [/[a-z]/, 26],
  [/[A-Z]/, 26],
  [/[-_]/, 2],
  [/[^0-9A-Za-z_-]/, 30],
];

/**
 * An estimate of the bits that a guesser faces: the length times log2 of the alphabet seen. The alphabet is the sum of
 * the classes that occur (10 digits, 26 small and 26 capital letters, 2 for `-` and `_`, 30 for other ASCII), 16 where all
 * is hex. A known prefix counts nothing, nor does a key of fewer than 6 different characters. A text that is there several
 * times over counts once. It is an upper bound: that a
 * text was drawn at random cannot be seen from it.
 */
export function estimatedBits(key: string): number {
  const drawn = secretPartOf(key);
  if (new Set(drawn).size < MIN_DISTINCT) return 0;
  return Math.floor(repeatedPartOf(drawn).length * Math.log2(alphabetSize(drawn)));
}

/** The shortest start that, twice or more, gives the text, whose end may be cut off; or else the text. */
function repeatedPartOf(text: string): string {
  for (let length = 1; length * 2 <= text.length; length++) {
    if (text.startsWith(text.slice(length))) return text.slice(0, length);
  }
  return text;
}

/**
 * What may be shown of a key made elsewhere: its prefix and 8 characters, or 7 if it would look like one of Latchkey's, as long
 * as those that stay hidden are still strong enough by themselves; `undefined` where they are not, or the prefix is longer than may be shown.
 */
export function shownPartOf(key: string): string | undefined {
  const start = key.slice(0, key.length - secretPartOf(key).length + SHOWN_CHARACTERS);
  if (start.length > MAX_SHOWN_LENGTH || estimatedBits(key.slice(start.length)) < MIN_STRENGTH_BITS) return undefined;
  // The record has nothing else by which to tell that its key was not issued here.
  return isForeign({ keyPrefix: start }) ? start : start.slice(0, -1);
}

function secretPartOf(key: string): string {
  return key.slice(KNOWN.exec(key)?.[0].length ?? 0);
}

function alphabetSize(text: string): number {
  if (HEX.some((pattern) => pattern.test(text))) return /[a-fA-F]/.test(text) ? 16 : 10;
  return CLASSES.reduce((size, [pattern, count]) => (pattern.test(text) ? size + count : size), 0);
}

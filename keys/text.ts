import { holdsKey } from './findKeys.ts';
import { isPrintable } from './printable.ts';

const MAX_LENGTH = 256;
/** Spaces of every width, and the braille pattern without a dot, which is drawn as one. Beside other characters they stay. */
const ONLY_BLANK = /^[\p{Zs}\u2800]*$/u;

/** What is wanted of a text about a key, for messages. */
export const TEXT_WANTED = `a text of 1 to ${MAX_LENGTH} characters with no API key and no control or invisible characters in it, and not only of spaces`;

/** What is wanted of a text that says who acts, for messages. */
export const ACTOR_WANTED =
  'a text that tells who acts, with no API key and no control or invisible characters in it, and not only of spaces';

/** Whether the value can be a text about a key: a label, an owner, a reason. */
export function isText(value: unknown): value is string {
  return isTextOf(value, MAX_LENGTH);
}

/** An ARN has up to 2048 characters. */
const MAX_ACTOR_LENGTH = 2048;

/** Whether the value can tell who acts. */
export function isActor(value: unknown): value is string {
  return isTextOf(value, MAX_ACTOR_LENGTH);
}

function isTextOf(value: unknown, maxLength: number): value is string {
  const isShort = typeof value === 'string' && !ONLY_BLANK.test(value) && value.length <= maxLength;
  return isShort && isPrintable(value) && !holdsKey(value);
}

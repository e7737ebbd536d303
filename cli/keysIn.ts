import { findKeys } from '../keys/findKeys.ts';
import { mayHoldKey } from '../keys/maskKeys.ts';
import { parseSecret, shownPrefixOf, type KeySecret } from '../keys/secret.ts';

/** What a text may hold of keys. */
export interface KeysInText {
  /** Keys in Latchkey's own format, each once, with what may be shown of it. */
  readonly issued: readonly { readonly secret: KeySecret; readonly keyPrefix: string }[];
  /** Texts that may be keys issued elsewhere, the likeliest first. Only the table can tell. */
  readonly candidates: readonly KeySecret[];
  /** Whether some candidate looks like a key, and not only like a word, a path or a URL. */
  readonly isLikely: boolean;
}

/** Each candidate costs a read. */
const MAX_CANDIDATES = 100;
const ANY_KEY = { prefix: '', acceptForeignKeys: true };
/** What stands around a value in prose, shells, JSON and Markdown. */
const WRAPPING = new Set(`"'\`<>()[]{}“”‘’«»`);
/** What ends a sentence or a part of one. */
const PUNCTUATION = new Set('.,;:!?');
/** What stands between values. A key in base64 can end in `=`. */
const SEPARATORS = /[\s"'`<>()[\]{}“”‘’«»,;&?:]+/;
/** What stands before a value: `NAME=`, `"name":`. */
const NAME = /^[^=:]*[=:]/;

/**
 * Finds the keys in a text, however it carries them: alone or in quotes, as `NAME=key`, in a header, a URL's query or JSON. A
 * key that was issued elsewhere has no format, so that the whole text, each line and each value is a candidate.
 */
export function keysIn(text: string): KeysInText {
  // Latin text in UTF-16 without a byte order mark reads as UTF-8 with NULs between.
  const plain = text.replaceAll('\0', '').trim();
  const issued = new Map<KeySecret, string>();
  for (const { secret, prefix } of findKeys(plain)) issued.set(secret, shownPrefixOf(secret, prefix));
  const candidates = candidatesIn([...issued.keys()].reduce((rest, secret) => rest.replaceAll(secret, ' '), plain));
  return {
    issued: Array.from(issued, ([secret, keyPrefix]) => ({ secret, keyPrefix })),
    candidates: candidates.slice(0, MAX_CANDIDATES),
    isLikely: candidates.some((candidate) => candidate === plain || mayHoldKey(candidate)),
  };
}

function candidatesIn(text: string): readonly KeySecret[] {
  const words = text.split(/\s+/);
  const parts = [...words, ...text.split(SEPARATORS)];
  const values = parts.map((part) => part.replace(NAME, ''));
  const spellings = [...parts, ...values].flatMap((part) => [part, unwrapped(part), decoded(part)]);
  const distinct = [...new Set(spellings.flatMap((spelling) => parseSecret(spelling, ANY_KEY) ?? []))];
  return [...distinct.filter(mayHoldKey), ...distinct.filter((candidate) => !mayHoldKey(candidate))];
}

/** A value of a URL's query without its percent-encoding; as it is if it has none. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** The value without what stands around it. By a loop: an expression for it takes quadratic time on a run of quotes. */
function unwrapped(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && WRAPPING.has(text.charAt(start))) start++;
  while (end > start && (WRAPPING.has(text.charAt(end - 1)) || PUNCTUATION.has(text.charAt(end - 1)))) end--;
  return text.slice(start, end);
}

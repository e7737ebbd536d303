import { findKeys, mayHoldKey } from '../keys/findKeys.ts';
import { parseSecret, getShownPrefix, type KeySecret } from '../keys/secret.ts';

/** What a text may hold of keys. */
export interface KeysInText {
  /** Keys in Latchkey's own format, each once, with what may be shown of it. */
  readonly issued: readonly { readonly secret: KeySecret; readonly keyPrefix: string }[];
  /** Texts that may be keys issued elsewhere, the likeliest first, and of these the shortest. Only the table can tell. */
  readonly candidates: readonly KeyCandidate[];
}

/** One spelling of what may be a key, such as `NAME=key` or `key`. Spellings of one key overlap. */
export interface KeyCandidate {
  readonly secret: KeySecret;
  /** Whether it looks like a key, and not only like a word, a path or a URL. */
  readonly isLikely: boolean;
  /** Everywhere it stands in the text. */
  readonly places: readonly Place[];
}

/** Part of the text, from `start` up to but without `end`. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

const ANY_KEY = { prefix: '', acceptForeignKeys: true };
/** What stands around a value in prose, shells, JSON and Markdown. */
const WRAPPING = new Set(`"'\`<>()[]{}“”‘’«»`);
/** What ends a sentence or a part of one. */
const PUNCTUATION = new Set('.,;:!?');
/** What stands between values, also the escapes of JSON. A key in base64 can end in `=`. */
const SEPARATORS = /(?:[\s"'`<>()[\]{}“”‘’«»,;&?:|]|\\[nrt]?)+/g;
/** A path, or a URL without its scheme. */
const PATH = /^\//;
/** What stands before a value: `NAME=`, `"name":`. */
const NAME = /^[^=:]*[=:]/;

/**
 * Finds the keys in a text, however it carries them: alone or in quotes, as `NAME=key`, in a header, a URL's query or JSON. A
 * key that was issued elsewhere has no format, so that the whole text, each line, each value and each segment of a path is a
 * candidate.
 */
export function keysIn(text: string): KeysInText {
  // Latin text in UTF-16 without a byte order mark reads as UTF-8 with NULs between.
  const plain = text.replaceAll('\0', '').trim();
  const issued = new Map<KeySecret, string>();
  for (const { secret, prefix } of findKeys(plain)) issued.set(secret, getShownPrefix(secret, prefix));
  const rest = [...issued.keys()].reduce((left, secret) => left.replaceAll(secret, ' '), plain);
  return {
    issued: Array.from(issued, ([secret, keyPrefix]) => ({ secret, keyPrefix })),
    candidates: candidatesIn(rest),
  };
}

function candidatesIn(text: string): readonly KeyCandidate[] {
  const places = new Map<KeySecret, Place[]>();
  for (const place of partsOf(text)) {
    const part = text.slice(place.start, place.end);
    for (const spelling of new Set([part, unwrapped(part), decoded(part)])) {
      const secret = parseSecret(spelling, ANY_KEY);
      if (secret === undefined) continue;
      const known = places.get(secret);
      if (known === undefined) places.set(secret, [place]);
      else known.push(place);
    }
  }
  const candidates = Array.from(places, ([secret, at]) => {
    return { secret, isLikely: secret === text || mayHoldKey(secret), places: at };
  });
  return candidates.toSorted((a, b) => Number(b.isLikely) - Number(a.isLikely) || a.secret.length - b.secret.length);
}

/** Words, what stands between separators, the segments of paths, and all of these without a name before them. */
function partsOf(text: string): readonly Place[] {
  const parts = [...placesBetween(text, /\s+/g), ...placesBetween(text, SEPARATORS)];
  const segments = parts
    .filter(({ start, end }) => PATH.test(text.slice(start, end)))
    .flatMap(({ start, end }) => placesBetween(text.slice(start, end), /\//g, start));
  const all = [...parts, ...segments];
  const values = all.map(({ start, end }) => {
    const name = NAME.exec(text.slice(start, end))?.[0] ?? '';
    return { start: start + name.length, end };
  });
  const distinct = new Map([...all, ...values].map((place) => [`${place.start}-${place.end}`, place]));
  return [...distinct.values()];
}

function placesBetween(text: string, separator: RegExp, offset = 0): readonly Place[] {
  const places: Place[] = [];
  let start = 0;
  for (const { 0: found, index } of text.matchAll(separator)) {
    if (index > start) places.push({ start: offset + start, end: offset + index });
    start = index + found.length;
  }
  if (start < text.length) places.push({ start: offset + start, end: offset + text.length });
  return places;
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

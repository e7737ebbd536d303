import { findKeys, mayHoldKey } from '../keys/findKeys.ts';
import { ANY_KEY, parseSecret, getShownPrefix, type KeySecret } from '../keys/secret.ts';

/** The keys in a text. */
interface KeysInText {
  /** The keys in Latchkey's format, each once, with the part that lists may show. */
  readonly issued: readonly { readonly secret: KeySecret; readonly keyPrefix: string }[];
  /**
   * Strings that may be keys of other systems. Likely ones come first, then the order is by length. Only a lookup in
   * the table can identify them.
   */
  readonly candidates: readonly KeyCandidate[];
}

/** A string that may be a key, such as `NAME=key` or `key`. Several spellings of one key overlap in the text. */
export interface KeyCandidate {
  readonly secret: KeySecret;
  /** `true` if the string looks like a key, and not like a word, a path or a URL. */
  readonly isLikely: boolean;
  /** All positions of the string in the text. */
  readonly places: readonly Place[];
}

/** A part of the text, from `start` (inclusive) to `end` (exclusive). */
interface Place {
  readonly start: number;
  readonly end: number;
}

/** The characters around a value in prose, shells, JSON and Markdown. */
const WRAPPING = new Set(`"'\`<>()[]{}“”‘’«»`);
/** The characters that end a sentence or a part of one. */
const PUNCTUATION = new Set('.,;:!?');
/**
 * The characters between values, including JSON's escapes. `=` isn't a separator, because a Base64 key can end with it.
 */
const SEPARATORS = /(?:[\s"'`<>()[\]{}“”‘’«»,;&?:|]|\\[nrt]?)+/g;
/** Matches the start of a path, or of a URL without its scheme. */
const PATH = /^\//;
/** Matches the name before a value: `NAME=` or `"name":`. */
const NAME = /^[^=:]*[=:]/;

/**
 * Finds the keys in a text. A key can be the whole text, or in quotes, `NAME=key`, a header, a URL's query or JSON.
 * Keys of other systems don't have a fixed format. Each word, each value and each segment of a path is therefore
 * a candidate.
 */
export function keysIn(text: string): KeysInText {
  // UTF-16 without a byte order mark contains NULs between its Latin letters if it's decoded as UTF-8.
  const plain = text.replaceAll('\0', '').trim();
  const issued = new Map<KeySecret, string>();
  for (const { secret, prefix } of findKeys(plain)) issued.set(secret, getShownPrefix(secret, prefix));
  const rest = [...issued.keys()].reduce((left, secret) => left.replaceAll(secret, ' '), plain);
  return {
    issued: Array.from(issued, ([secret, keyPrefix]) => ({ secret, keyPrefix })),
    candidates: findCandidates(rest),
  };
}

function findCandidates(text: string): readonly KeyCandidate[] {
  const places = new Map<KeySecret, Place[]>();
  for (const place of splitParts(text)) {
    const part = text.slice(place.start, place.end);
    for (const spelling of new Set([part, unwrap(part), decode(part)])) {
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

/**
 * Returns the words, the strings between separators and the segments of paths. It also returns each of these without
 * the name before it.
 */
function splitParts(text: string): readonly Place[] {
  const parts = [...splitPlaces(text, /\s+/g), ...splitPlaces(text, SEPARATORS)];
  const segments = parts
    .filter(({ start, end }) => PATH.test(text.slice(start, end)))
    .flatMap(({ start, end }) => splitPlaces(text.slice(start, end), /\//g, start));
  const all = [...parts, ...segments];
  const values = all.map(({ start, end }) => {
    const name = NAME.exec(text.slice(start, end))?.[0] ?? '';
    return { start: start + name.length, end };
  });
  const distinct = new Map([...all, ...values].map((place) => [`${place.start}-${place.end}`, place]));
  return [...distinct.values()];
}

function splitPlaces(text: string, separator: RegExp, offset = 0): readonly Place[] {
  const places: Place[] = [];
  let start = 0;
  for (const { 0: found, index } of text.matchAll(separator)) {
    if (index > start) places.push({ start: offset + start, end: offset + index });
    start = index + found.length;
  }
  if (start < text.length) places.push({ start: offset + start, end: offset + text.length });
  return places;
}

/** Decodes a value from a URL's query. Other values stay unchanged. */
function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/**
 * Removes quotes, brackets and punctuation around a value. A regular expression would take quadratic time on a long
 * sequence of quotes.
 */
function unwrap(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && WRAPPING.has(text.charAt(start))) start++;
  while (end > start && (WRAPPING.has(text.charAt(end - 1)) || PUNCTUATION.has(text.charAt(end - 1)))) end--;
  return text.slice(start, end);
}

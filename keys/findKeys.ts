import { MAX_DEPTH } from './json.ts';
import { isKeyPrefix, MAX_PREFIX_LENGTH } from './keyPrefix.ts';
import { getShownPrefix, type KeySecret, parseSecret } from './secret.ts';

/** A key found in a string. */
export interface FoundKey {
  readonly secret: KeySecret;
  readonly prefix: string;
  /** The position of the key in the string. */
  readonly index: number;
}

/**
 * The part of a key after its prefix. Other letters may surround the key. Its checksum identifies its exact position.
 */
const REST = /_(?=([0-9A-Za-z]{49}))/g;

/**
 * Yields the Latchkey keys in a string from left to right. It detects them by format and checksum. It detects keys with
 * every valid prefix if `prefix` is omitted.
 */
export function* findKeys(text: string, prefix?: string): Generator<FoundKey> {
  for (const { index, 1: rest = '' } of text.matchAll(REST)) {
    const found = prefixesBefore(text, index, prefix).flatMap((candidate) => {
      const secret = parseSecret(candidate + rest, { prefixes: [candidate] });
      return secret === undefined ? [] : [{ secret, prefix: candidate, index: index + 1 - candidate.length }];
    });
    yield* found.slice(0, 1);
  }
}

/**
 * Returns whether a value, or any string in it, contains a Latchkey key. Records must not contain keys, because people
 * can read records. The search stops at the maximum depth of a record, because deeper values aren't valid in any field.
 */
export function holdsKey(value: unknown): boolean {
  return typeof value === 'string' ? isKeyIn(value) : holdsKeyWithin(value, MAX_DEPTH, new Set());
}

/** Visits each object once, because an object that contains itself twice has 2^32 paths. */
function holdsKeyWithin(value: unknown, depth: number, seen: Set<object>): boolean {
  if (typeof value === 'string') return isKeyIn(value);
  if (typeof value !== 'object' || value === null || depth === 0 || seen.has(value)) return false;
  seen.add(value);
  return Object.entries(value).some(([name, inner]) => isKeyIn(name) || holdsKeyWithin(inner, depth - 1, seen));
}

function isKeyIn(text: string): boolean {
  return findKeys(text).next().done !== true;
}

/** Returns the possible prefixes that end with the underscore at `end`. The longest comes first. */
function prefixesBefore(text: string, end: number, prefix: string | undefined): readonly string[] {
  if (prefix !== undefined) return text.endsWith(prefix, end + 1) ? [prefix] : [];
  const before = text.slice(Math.max(0, end + 1 - MAX_PREFIX_LENGTH), end + 1);
  return Array.from(before, (_, start) => before.slice(start)).filter(isKeyPrefix);
}

/** The minimum length of a key to import (see `parseSecret`). */
const MIN_LENGTH = 16;
const RUN = new RegExp(String.raw`[^\s\\"'\`]{${MIN_LENGTH},}`, 'g');
const SHOWN_CHARACTERS = 4;
/** Punctuation that isn't part of a key at the end of a word. */
const PUNCTUATION = new Set([',', '.', ';', ':', ')']);

/**
 * Matches a UUID or its prefix, a ULID, an ISO 8601 time, and CloudFormation's name for a CDK resource. Messages may
 * show all of them.
 */
const SAFE =
  /\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){1,3}(?:-[0-9a-fA-F]{0,12})?(?![0-9A-Za-z-])|\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b|\d{4}-\d\d-\d\dT\d\d:\d\d[\d:.]*(?:Z|[+-]\d\d:\d\d)?|\b[A-Za-z][0-9A-Za-z-]{0,128}[0-9A-F]{8}-[0-9A-Za-z]{12,13}\b/g;
const PATH_OR_URL = /^(?:\.{0,2}|~|[A-Za-z]:|[a-z]+:\/)\//;
/**
 * Matches a word, a number, or a word with a number: `orders`, `LATCHKEY`, `LatchkeyStack2`, `staleIfError`, `us`,
 * `2030`. A word has at most 23 letters of one case. These have fewer than the 112 bits that `import` requires of a
 * key.
 */
const WORD =
  /^(?:\d{1,14}|[A-Z]{1,23}\d{0,4}|[A-Z]?[a-z]{0,22}(?:[A-Z][a-z]{2,22}|At|By|Db|Id|If|In|Is|My|No|Of|On|Or|To|Up)*\d{0,4})$/;
/**
 * The fewest characters of codes in a possible key. A path or host name often contains two short codes, such as `s3x`
 * and `AbC123`.
 */
const MIN_CODE_CHARACTERS = 10;
/** Matches four or more groups of one length with both letters and digits, such as `abcd-1234-efgh-5678`. */
const GROUPED_CODES = [4, 5, 6, 8].map(
  (length) =>
    new RegExp(
      String.raw`\b(?=[0-9A-Za-z-]*\d)(?=[0-9A-Za-z-]*[A-Za-z])[0-9A-Za-z]{${length}}(?:-[0-9A-Za-z]{${length}}){3,}\b`,
    ),
);

/**
 * Masks the keys in a string for a message. A Latchkey key keeps its prefix and 8 characters, which `list` also shows.
 * Another possible key keeps its first 4 characters, followed by its length. A possible key has 16 or more visible
 * characters. Words, paths, ids and times stay unmasked. A key that looks like one of these also stays unmasked.
 */
export function maskKeys(text: string): string {
  return maskIssuedKeys(text).replaceAll(RUN, maskRun);
}

/** Masks the Latchkey keys in a string. Their checksums distinguish them from other strings. */
export function maskIssuedKeys(text: string): string {
  let masked = '';
  let end = 0;
  for (const { secret, prefix, index } of findKeys(text)) {
    if (index < end) continue;
    masked += `${text.slice(end, index)}${getShownPrefix(secret, prefix)}…`;
    end = index + secret.length;
  }
  return masked + text.slice(end);
}

/**
 * Returns the parts of the user's input that may be keys, each with its masked form. The longest part comes first. Use
 * it for messages that also contain names and ids from the table.
 */
export function typedKeys(texts: readonly string[]): readonly (readonly [typed: string, shown: string])[] {
  const values = texts.flatMap((text) => [text, text.slice(text.indexOf('=') + 1)]);
  const runs = [...values, ...values.flatMap((value) => value.match(RUN) ?? [])];
  const changed = [...new Set(runs)].map((run) => [run, maskKeys(run)] as const);
  return changed.filter(([run, shown]) => shown !== run).toSorted(([a], [b]) => b.length - a.length);
}

/** Returns whether the string contains a possible key. */
export function mayHoldKey(text: string): boolean {
  return maskKeys(text) !== text;
}

/**
 * Masks a path or a URL by segment, and keeps the safe segments. A Base64 key can also contain a slash. It's masked as
 * a whole.
 */
function maskRun(run: string): string {
  if (PATH_OR_URL.test(run) && !isBase64(run)) return run.split('/').map(maskPart).join('/');
  let end = run.length;
  while (PUNCTUATION.has(run.charAt(end - 1))) end--;
  return maskPart(run.slice(0, end)) + run.slice(end);
}

/** Returns whether the characters are Base64 without a word. A path contains a word. */
function isBase64(run: string): boolean {
  return /^[0-9A-Za-z+/=]+$/.test(run) && !run.split(/[+/=]/).some((part) => part.length > 2 && WORD.test(part));
}

function maskPart(part: string): string {
  return mayBeKey(part) ? `${part.slice(0, SHOWN_CHARACTERS)}… (${part.length} characters)` : part;
}

function mayBeKey(part: string): boolean {
  if (part.length < MIN_LENGTH) return false;
  const rest = part.replaceAll(SAFE, ' ');
  const codes = rest.split(/[^0-9A-Za-z]+/).filter((piece) => !WORD.test(piece));
  return codes.join('').length >= MIN_CODE_CHARACTERS || GROUPED_CODES.some((pattern) => pattern.test(rest));
}

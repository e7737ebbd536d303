import { MAX_DEPTH } from './json.ts';
import { type KeySecret, parseSecret, getShownPrefix } from './secret.ts';

/** A key that was found in a text. */
export interface FoundKey {
  readonly secret: KeySecret;
  readonly prefix: string;
  /** The position of the key in the text. */
  readonly index: number;
}

/** The longest key: a prefix of 16 characters, 43 random ones and the checksum. */
export const MAX_KEY_LENGTH = 16 + 43 + 6;

/** The rest of a key after its prefix. Other letters may surround a key: its checksum shows where it is. */
const REST = /_(?=([0-9A-Za-z]{49}))/g;
const MAX_NAME = 15;

/**
 * Yields the keys of Latchkey in a text from left to right, by their format and checksum. Without a prefix, it finds keys with
 * every prefix that a deployment can have.
 */
export function* findKeys(text: string, prefix?: string): Generator<FoundKey> {
  for (const { index, 1: rest = '' } of text.matchAll(REST)) {
    const found = prefixesBefore(text, index, prefix).flatMap((candidate) => {
      const secret = parseSecret(candidate + rest, { prefix: candidate, acceptForeignKeys: false });
      return secret === undefined ? [] : [{ secret, prefix: candidate, index: index + 1 - candidate.length }];
    });
    yield* found.slice(0, 1);
  }
}

/**
 * Returns whether a value, or any text in it, contains a key of Latchkey. People can read records, so a record must not contain
 * one. The search stops at the deepest nesting of a record, because no field accepts a deeper value.
 */
export function holdsKey(value: unknown): boolean {
  return typeof value === 'string' ? isKeyIn(value) : holdsKeyWithin(value, MAX_DEPTH, new Set());
}

/** Visits each object once: an object that contains itself twice has 2^32 paths. */
function holdsKeyWithin(value: unknown, depth: number, seen: Set<object>): boolean {
  if (typeof value === 'string') return isKeyIn(value);
  if (typeof value !== 'object' || value === null || depth === 0 || seen.has(value)) return false;
  seen.add(value);
  return Object.entries(value).some(([name, inner]) => isKeyIn(name) || holdsKeyWithin(inner, depth - 1, seen));
}

function isKeyIn(text: string): boolean {
  return findKeys(text).next().done !== true;
}

/** Returns the possible prefixes that end with the underscore at `end`, the longest first. */
function prefixesBefore(text: string, end: number, prefix: string | undefined): readonly string[] {
  if (prefix !== undefined) return text.endsWith(prefix, end + 1) ? [prefix] : [];
  const [name = ''] = /[a-z0-9]*$/.exec(text.slice(Math.max(0, end - MAX_NAME), end)) ?? [];
  const starts = Array.from(name, (_, start) => start).filter((start) => /^[a-z]/.test(name.slice(start)));
  return starts.map((start) => `${name.slice(start)}_`);
}

/** The shortest key that can be imported (see `parseSecret`). */
const MIN_LENGTH = 16;
const RUN = new RegExp(String.raw`[^\s\\"'\`]{${MIN_LENGTH},}`, 'g');
const SHOWN_CHARACTERS = 4;
/** Punctuation at the end of a word, which isn't part of a key there. */
const PUNCTUATION = new Set([',', '.', ';', ':', ')']);

/** Matches a UUID or its start, a ULID, a time in ISO 8601, and CloudFormation's name of a CDK resource. All are safe to show. */
const SAFE =
  /\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){1,3}(?:-[0-9a-fA-F]{0,12})?(?![0-9A-Za-z-])|\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b|\d{4}-\d\d-\d\dT\d\d:\d\d[\d:.]*(?:Z|[+-]\d\d:\d\d)?|\b[A-Za-z][0-9A-Za-z-]{0,128}[0-9A-F]{8}-[0-9A-Za-z]{12,13}\b/g;
const PATH_OR_URL = /^(?:\.{0,2}|~|[A-Za-z]:|[a-z]+:\/)\//;
/**
 * Matches `orders`, `LATCHKEY`, `LatchkeyStack2`, `staleIfError`, `us`, `2030`: a word, a number, or a word and a number. 23
 * letters of one case have less than the 112 bits that `import` requires of a key.
 */
const WORD =
  /^(?:\d{1,14}|[A-Z]{1,23}\d{0,4}|[A-Z]?[a-z]{0,22}(?:[A-Z][a-z]{2,22}|At|By|Db|Id|If|In|Is|My|No|Of|On|Or|To|Up)*\d{0,4})$/;
/** A path segment or host name often has two short codes, such as `s3x` and `AbC123`. */
const MIN_CODE_CHARACTERS = 10;
/** Four or more groups of one length, with both letters and digits, such as `abcd-1234-efgh-5678`. */
const GROUPED_CODES = [4, 5, 6, 8].map(
  (length) =>
    new RegExp(
      String.raw`\b(?=[0-9A-Za-z-]*\d)(?=[0-9A-Za-z-]*[A-Za-z])[0-9A-Za-z]{${length}}(?:-[0-9A-Za-z]{${length}}){3,}\b`,
    ),
);

/**
 * Returns the text for a message, with keys masked. A key of Latchkey keeps its prefix and 8 characters, which `list` shows. Any
 * other run of 16 or more visible characters that may be a key keeps its first 4, followed by its length. Words, paths, ids and
 * times stay, and so does a key that looks like one of these.
 */
export function maskKeys(text: string): string {
  return maskIssuedKeys(text).replaceAll(RUN, maskRun);
}

/** Returns the text with the keys of Latchkey masked. Their checksums distinguish them from all other texts. */
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
 * Returns the parts of typed texts that may be keys, each with its masked form, the longest first. It's for messages that also
 * contain names and ids of the table.
 */
export function typedKeys(texts: readonly string[]): readonly (readonly [typed: string, shown: string])[] {
  const values = texts.flatMap((text) => [text, text.slice(text.indexOf('=') + 1)]);
  const runs = [...values, ...values.flatMap((value) => value.match(RUN) ?? [])];
  const changed = [...new Set(runs)].map((run) => [run, maskKeys(run)] as const);
  return changed.filter(([run, shown]) => shown !== run).toSorted(([a], [b]) => b.length - a.length);
}

/** Returns whether the text has a run of characters that may be a key. */
export function mayHoldKey(text: string): boolean {
  return maskKeys(text) !== text;
}

/** A path or a URL keeps its safe segments. A key in base64 can also have a slash, and is masked as a whole. */
function maskRun(run: string): string {
  if (PATH_OR_URL.test(run) && !isBase64(run)) return run.split('/').map(maskPart).join('/');
  let end = run.length;
  while (PUNCTUATION.has(run.charAt(end - 1))) end--;
  return maskPart(run.slice(0, end)) + run.slice(end);
}

/** A path contains a word. A key in base64 that begins with a slash contains none. */
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

import { type KeyFormat, type KeySecret, parseSecret } from '../keys/secret.ts';

/** An event before an event source has read it: values of any type by name. */
export type EventFields = Readonly<Record<string, unknown>>;

/** The part of an event that may contain the key. */
export type Credentials = RequestCredentials | TokenCredentials;

/** An event with maps of headers and query parameters. */
interface RequestCredentials {
  readonly kind: 'request';
  readonly event: EventFields;
}

/** One header's value. The gateway doesn't pass the header's name. */
interface TokenCredentials {
  readonly kind: 'token';
  readonly token: string;
  /** Accepts a bare key even if no key source is a header. */
  readonly acceptsBareKey?: boolean;
}

/** The key of a request: absent, malformed or well-formed. */
export type PresentedKey =
  { readonly kind: 'absent' } | { readonly kind: 'malformed' } | { readonly kind: 'key'; readonly secret: KeySecret };

const ABSENT: PresentedKey = Object.freeze({ kind: 'absent' });
const MALFORMED: PresentedKey = Object.freeze({ kind: 'malformed' });

/**
 * Returns the key of the first key source that the request uses, in the configured order. It doesn't throw or do any
 * I/O.
 */
export function presentedKey(credentials: Credentials, sources: readonly KeySource[], format: KeyFormat): PresentedKey {
  if (credentials.kind === 'token') {
    const token = trimSpaces(credentials.token);
    return parseKey(token, tokenKeyStart(token, credentials, sources), format) ?? ABSENT;
  }
  for (const source of sources) {
    const values = sourceValues(source, credentials.event);
    if (typeof values === 'object') return MALFORMED;
    const value = trimSpaces(values ?? '');
    const presented = parseKey(value, keyStart(value, source), format);
    if (presented !== undefined) return presented;
  }
  return ABSENT;
}

const SPACE = 0x20;
const BEARER = 'bearer';

/** Removes leading and trailing spaces. Other white space isn't part of the syntax, so it makes the key malformed. */
function trimSpaces(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) === SPACE) start++;
  while (end > start && text.charCodeAt(end - 1) === SPACE) end--;
  return end - start === text.length ? text : text.slice(start, end);
}

/** Parses the key that begins at `start`. Returns `undefined` if `start` is the end of the text. */
function parseKey(text: string, start: number, format: KeyFormat): PresentedKey | undefined {
  if (start === text.length) return undefined;
  const secret = parseSecret(text, format, start);
  return secret === undefined ? MALFORMED : { kind: 'key', secret };
}

/**
 * Returns the index at which the key begins in a token. The token is a bearer header, or a bare key if a key source is
 * a header.
 */
function tokenKeyStart(
  token: string,
  { acceptsBareKey = false }: TokenCredentials,
  sources: readonly KeySource[],
): number {
  const start = bearerKeyStart(token);
  if (start < token.length) return start;
  return acceptsBareKey || sources.some((source) => source.kind === 'header') ? bareKeyStart(token) : token.length;
}

/**
 * Returns the index at which the key begins in a trimmed value. Returns the value's length if the value doesn't contain
 * a key or uses another authentication scheme.
 */
function keyStart(value: string, source: KeySource): number {
  if (source.kind === 'bearer') return bearerKeyStart(value);
  return source.kind === 'header' && source.lowerCaseName === 'authorization' ? bareKeyStart(value) : 0;
}

/**
 * Returns the index at which the key begins in a bearer header (RFC 6750 §2.1). The scheme is case-insensitive (RFC
 * 9110 §11.1).
 */
function bearerKeyStart(text: string): number {
  if (text.charCodeAt(BEARER.length) !== SPACE || !startsWithIgnoreCase(text, BEARER)) return text.length;
  let start = BEARER.length + 1;
  while (text.charCodeAt(start) === SPACE) start++;
  return start;
}

/**
 * Returns the index of a bare key. A word and a space before more text are a scheme and its credentials. A bearer
 * scheme without credentials doesn't contain a key.
 */
function bareKeyStart(text: string): number {
  return text.includes(' ') || text.toLowerCase() === BEARER ? text.length : 0;
}

/** The values of a name in a request: one value, a list of at least two values, or `undefined`. */
export type HeaderValues = string | readonly string[] | undefined;

function sourceValues(source: KeySource, event: EventFields): HeaderValues {
  if (source.kind === 'query') return queryValues(event, source.name);
  return headerValues(event, source.kind === 'bearer' ? 'authorization' : source.lowerCaseName);
}

/** Returns the values of a header. Pass its name in lower case. */
export function headerValues({ multiValueHeaders, headers }: EventFields, name: string): HeaderValues {
  return findValues(multiValueHeaders, name, true) ?? splitJoined(findValues(headers, name, true));
}

/** Returns the values of a query parameter. */
export function queryValues(
  { multiValueQueryStringParameters, queryStringParameters }: EventFields,
  name: string,
): HeaderValues {
  return findValues(multiValueQueryStringParameters, name, false) ?? findValues(queryStringParameters, name, false);
}

/** Returns the values of a name in a map of an event. Accepts a map of any shape. */
function findValues(map: unknown, name: string, ignoreCase: boolean): HeaderValues {
  if (typeof map !== 'object' || map === null) return undefined;
  let found: HeaderValues;
  // Unlike Object.keys, this doesn't allocate a list of names. Events are parsed from JSON, so they don't inherit
  // names.
  for (const other in map) {
    if (other.length !== name.length) continue;
    if (other !== name && !(ignoreCase && startsWithIgnoreCase(other, name))) continue;
    found = addValue(found, (map as EventFields)[other]);
  }
  return found;
}

/** Adds a value, or the values of a list. It stops at two values, because two already prove that there are several. */
function addValue(found: HeaderValues, value: unknown): HeaderValues {
  if (typeof found === 'object') return found;
  if (typeof value === 'string') return found === undefined ? value : [found, value];
  if (!Array.isArray(value)) return found;
  let all: HeaderValues = found;
  for (const entry of value) if (typeof entry === 'string') all = addValue(all, entry);
  return all;
}

/**
 * Splits the joined values of a header. The values were joined if an empty value or another bearer key is next to a
 * comma. Other commas aren't proof, because schemes such as Digest contain commas.
 */
function splitJoined(joined: HeaderValues): HeaderValues {
  if (typeof joined !== 'string' || !joined.includes(',')) return joined;
  const parts = joined.split(',').map((part) => part.trim());
  const isJoined = parts.some((part, at) => part === '' || (at > 0 && /^bearer( |$)/i.test(part)));
  return isJoined ? parts : joined;
}

const CAPITAL_A = 0x41;
const CAPITAL_Z = 0x5a;
/** The difference between an upper-case and a lower-case letter in ASCII. */
const CASE_BIT = 0x20;

/**
 * Returns whether the text starts with the prefix, ignoring the case of ASCII letters. The prefix must be in lower
 * case. The function doesn't allocate memory.
 */
function startsWithIgnoreCase(text: string, prefix: string): boolean {
  for (let at = 0; at < prefix.length; at++) {
    const code = text.charCodeAt(at);
    const isCapital = code >= CAPITAL_A && code <= CAPITAL_Z;
    if ((isCapital ? code | CASE_BIT : code) !== prefix.charCodeAt(at)) return false;
  }
  return true;
}

/** A part of a request that may carry its key. Names are spelled as in the setting. */
export type KeySource =
  | { readonly kind: 'bearer' }
  | {
      readonly kind: 'header';
      /** The name in identity sources and messages. AWS documents that mappings of REST APIs are case-sensitive. */
      readonly name: string;
      /** The name for look-ups in requests, because their header names are case-insensitive. */
      readonly lowerCaseName: string;
    }
  | { readonly kind: 'query'; readonly name: string };

/** A key source in the format of the settings. */
export type KeySourceSetting = 'bearer' | `header:${string}` | `query:${string}`;

export const DEFAULT_KEY_SOURCES: readonly KeySource[] = Object.freeze([
  Object.freeze({ kind: 'bearer' }),
  Object.freeze({ kind: 'query', name: 'api_key' }),
]);

/** The expected format of a list of key sources, for messages. */
export const KEY_SOURCES_EXPECTED =
  'a list of bearer, header:NAME and query:NAME, separated by commas, none of them twice';

/** The characters of a header's name (RFC 9110 §5.6.2). */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const QUERY_NAME = /^[!-+\--~]+$/;

/**
 * Parses a list of key sources. Returns `undefined` if the list is empty, or if an entry is invalid or listed twice.
 * Headers that differ only in case are the same source.
 */
export function parseKeySources(entries: readonly string[]): readonly KeySource[] | undefined {
  const sources: KeySource[] = [];
  for (const entry of entries) {
    const source = parseKeySource(entry);
    if (source === undefined) return undefined;
    sources.push(Object.freeze(source));
  }
  const distinct = new Set(sources.map(toIdentity));
  return sources.length > 0 && distinct.size === sources.length ? Object.freeze(sources) : undefined;
}

function parseKeySource(entry: string): KeySource | undefined {
  if (entry === 'bearer') return { kind: 'bearer' };
  const [kind, ...parts] = entry.split(':');
  const name = parts.join(':');
  if (kind === 'header' && HEADER_NAME.test(name)) return { kind, name, lowerCaseName: name.toLowerCase() };
  if (kind === 'query' && QUERY_NAME.test(name)) return { kind, name };
  return undefined;
}

function toIdentity(source: KeySource): string {
  return JSON.stringify(source.kind === 'header' ? [source.kind, source.lowerCaseName] : source);
}

/** Returns the message for a request without a key. It lists the key sources of the deployment. */
export function authRequiredMessage(sources: readonly KeySource[]): string {
  return `API key is required. Pass via ${sources.map(describeSource).join(' or ')}.`;
}

function describeSource(source: KeySource): string {
  if (source.kind === 'bearer') return 'Authorization: Bearer <key> header';
  return source.kind === 'header' ? `${source.name} header` : `?${source.name}= query parameter`;
}

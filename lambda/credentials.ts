import { type KeyFormat, type KeySecret, parseSecret } from '../keys/secret.ts';
import type { HeaderKeySource, KeySource } from './keySources.ts';
import {
  cookieValues,
  type EventFields,
  headerValues,
  protocolKeys,
  queryValues,
  type RequestValues,
  startsWithIgnoreCase,
  trimSpaces,
  unquote,
} from './requestValues.ts';

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
  /** Accepts a bearer header and a bare key, and ignores the key sources. */
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
  if (credentials.kind === 'token') return tokenKey(credentials, sources, format);
  for (const source of sources) {
    const values = sourceValues(source, credentials.event);
    if (typeof values === 'object') return MALFORMED;
    const presented = parseValue(trimSpaces(values ?? ''), source, format);
    if (presented !== undefined) return presented;
  }
  return ABSENT;
}

const SPACE = 0x20;
const BEARER = 'bearer';
const BASIC = 'basic';

function sourceValues(source: KeySource, event: EventFields): RequestValues {
  switch (source.kind) {
    case 'bearer':
    case 'basic':
      return headerValues(event, 'authorization');
    case 'header':
      return headerValues(event, source.lowerCaseName);
    case 'query':
      return queryValues(event, source.name);
    case 'cookie':
      return cookieValues(event, source.name);
    case 'websocket-protocol':
      return protocolKeys(event);
  }
}

/** Returns the key in a trimmed value. Returns `undefined` if the value is empty or uses another scheme. */
function parseValue(value: string, source: KeySource, format: KeyFormat): PresentedKey | undefined {
  if (source.kind === 'bearer') return parseKey(value, credentialsStart(value, BEARER), format);
  if (source.kind === 'basic') return parseBasic(value, format);
  if (source.kind !== 'header') return parseKey(value, 0, format);
  if (source.lowerCaseScheme !== undefined) return parseScheme(value, source.lowerCaseScheme, format);
  return parseKey(value, source.lowerCaseName === 'authorization' ? bareKeyStart(value) : 0, format);
}

/** Parses the key that begins at `start`. Returns `undefined` if `start` is the end of the text. */
function parseKey(text: string, start: number, format: KeyFormat): PresentedKey | undefined {
  if (start === text.length) return undefined;
  const secret = parseSecret(text, format, start);
  return secret === undefined ? MALFORMED : { kind: 'key', secret };
}

/**
 * Returns the index at which the credentials of a scheme begin (RFC 9110 §11.4). Returns the text's length if the text
 * has another scheme. The scheme is case-insensitive. Pass it in lower case.
 */
function credentialsStart(text: string, scheme: string): number {
  if (text.charCodeAt(scheme.length) !== SPACE || !startsWithIgnoreCase(text, scheme)) return text.length;
  let start = scheme.length + 1;
  while (text.charCodeAt(start) === SPACE) start++;
  return start;
}

/**
 * Parses Basic credentials (RFC 7617), whose user name is the key. The password is ignored. Base64 that isn't canonical
 * and a user name without a colon are malformed.
 */
function parseBasic(text: string, format: KeyFormat): PresentedKey | undefined {
  const start = credentialsStart(text, BASIC);
  if (start === text.length) return undefined;
  const encoded = text.slice(start);
  const decoded = Buffer.from(encoded, 'base64');
  // A key is ASCII. Latin-1 keeps every other byte as another character, which no key contains.
  const userPass = decoded.toString('latin1');
  const end = userPass.indexOf(':');
  if (end < 0 || decoded.toString('base64') !== encoded) return MALFORMED;
  return parseKey(userPass.slice(0, end), 0, format);
}

/** The parameter in which clients of Ruby on Rails send a token: `Token token="KEY"`. */
const TOKEN_PARAMETER = 'token=';

/** Parses the key after a scheme. */
function parseScheme(text: string, scheme: string, format: KeyFormat): PresentedKey | undefined {
  const start = credentialsStart(text, scheme);
  if (scheme !== 'token' || start === text.length) return parseKey(text, start, format);
  const key = text.slice(start);
  return parseKey(
    startsWithIgnoreCase(key, TOKEN_PARAMETER) ? unquote(key.slice(TOKEN_PARAMETER.length)) : key,
    0,
    format,
  );
}

/**
 * Returns the index of a bare key. A word and a space before more text are a scheme and its credentials. A bearer
 * scheme without credentials doesn't contain a key.
 */
function bareKeyStart(text: string): number {
  return text.includes(' ') || text.toLowerCase() === BEARER ? text.length : 0;
}

/**
 * Returns the key of a token. A token may be a bearer header, unless every key source has another scheme. It may be a
 * bare key if a key source is a header without a scheme.
 */
function tokenKey(credentials: TokenCredentials, sources: readonly KeySource[], format: KeyFormat): PresentedKey {
  const token = trimSpaces(credentials.token);
  const { acceptsBareKey = false } = credentials;
  if (acceptsBareKey || !sources.every(hasOtherScheme)) {
    const start = credentialsStart(token, BEARER);
    const isBare = start === token.length && (acceptsBareKey || sources.some(isBareHeader));
    const presented = parseKey(token, isBare ? bareKeyStart(token) : start, format);
    if (presented !== undefined || acceptsBareKey) return presented ?? ABSENT;
  }
  for (const source of sources) {
    const presented = hasOtherScheme(source) ? parseValue(token, source, format) : undefined;
    if (presented !== undefined) return presented;
  }
  return ABSENT;
}

/** Returns whether the source is a header with a scheme other than a bearer header's. */
function hasOtherScheme(source: KeySource): boolean {
  return source.kind === 'basic' || (source.kind === 'header' && source.lowerCaseScheme !== undefined);
}

function isBareHeader(source: KeySource): source is HeaderKeySource {
  return source.kind === 'header' && source.lowerCaseScheme === undefined;
}

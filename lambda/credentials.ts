import { type KeyFormat, type KeySecret, parseSecret } from '../keys/secret.ts';

/** Where a surface finds what a request carries. */
export type Credentials = RequestCredentials | TokenCredentials;

/** The event's own maps of headers and query parameters. */
interface RequestCredentials {
  readonly kind: 'request';
  readonly event: EventFields;
}

/** The gateway picked one header's value, and does not say which header it was. */
interface TokenCredentials {
  readonly kind: 'token';
  readonly token: string;
  /** Whether a bare key is taken whatever the key sources are. */
  readonly acceptsBareKey?: boolean;
}

/** What a request brought: nothing, something that no key reads like, or what may be a key. */
export type PresentedKey =
  { readonly kind: 'absent' } | { readonly kind: 'malformed' } | { readonly kind: 'key'; readonly secret: KeySecret };

const SPACE = 0x20;
const BEARER = 'bearer';

const ABSENT: PresentedKey = Object.freeze({ kind: 'absent' });
const MALFORMED: PresentedKey = Object.freeze({ kind: 'malformed' });

/** The key of the first source, in the configured order, that brought one. Never throws, does no I/O. */
export function presentedKey(credentials: Credentials, sources: readonly KeySource[], format: KeyFormat): PresentedKey {
  if (credentials.kind === 'token') {
    const token = trimSpaces(credentials.token);
    return parseKey(token, tokenKeyStart(token, credentials, sources), format) ?? ABSENT;
  }
  for (const source of sources) {
    const values = valuesOf(source, credentials.event);
    if (typeof values === 'object') return MALFORMED;
    const value = trimSpaces(values ?? '');
    const presented = parseKey(value, keyStart(value, source), format);
    if (presented !== undefined) return presented;
  }
  return ABSENT;
}

/** Of what begins at `start`; `undefined` where that is the text's end. Only what is well-formed is cut out. */
function parseKey(text: string, start: number, format: KeyFormat): PresentedKey | undefined {
  if (start === text.length) return undefined;
  const secret = parseSecret(text, format, start);
  return secret === undefined ? MALFORMED : { kind: 'key', secret };
}

function valuesOf(source: KeySource, event: EventFields): HeaderValues {
  if (source.kind === 'query') return queryValues(event, source.name);
  return headerValues(event, source.kind === 'bearer' ? 'authorization' : source.lowerCaseName);
}

/** Where the key begins in a trimmed value: at its end where it has none, or is of another authentication scheme. */
function keyStart(value: string, source: KeySource): number {
  if (source.kind === 'bearer') return bearerKeyStart(value);
  return source.kind === 'header' && source.lowerCaseName === 'authorization' ? bareKeyStart(value) : 0;
}

/** A token that the gateway picked is a bearer header, or a bare key where one may come in a header of its own. */
function tokenKeyStart(
  token: string,
  { acceptsBareKey = false }: TokenCredentials,
  sources: readonly KeySource[],
): number {
  const start = bearerKeyStart(token);
  if (start < token.length) return start;
  return acceptsBareKey || sources.some((source) => source.kind === 'header') ? bareKeyStart(token) : token.length;
}

/** A word, a space and more are a scheme and its credentials, and so is the bearer scheme with nothing behind it. */
function bareKeyStart(text: string): number {
  return text.includes(' ') || text.toLowerCase() === BEARER ? text.length : 0;
}

/** RFC 6750 §2.1, the scheme in any case (RFC 9110 §11.1). */
function bearerKeyStart(text: string): number {
  if (text.charCodeAt(BEARER.length) !== SPACE || !startsWithIgnoreCase(text, BEARER)) return text.length;
  let start = BEARER.length + 1;
  while (text.charCodeAt(start) === SPACE) start++;
  return start;
}

/** Drops spaces only: another white space is no part of the syntax and makes the key malformed. */
function trimSpaces(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) === SPACE) start++;
  while (end > start && text.charCodeAt(end - 1) === SPACE) end--;
  return end - start === text.length ? text : text.slice(start, end);
}

/** Where a request may carry its key. Names are spelled as in the setting. */
export type KeySource =
  | { readonly kind: 'bearer' }
  | {
      readonly kind: 'header';
      /** For identity sources and messages: AWS says that a REST API compares the case of header names in mappings. */
      readonly name: string;
      /** For requests, whose header names match in any case. */
      readonly lowerCaseName: string;
    }
  | { readonly kind: 'query'; readonly name: string };

/** A key source as settings spell it. */
export type KeySourceSetting = 'bearer' | `header:${string}` | `query:${string}`;

export const DEFAULT_KEY_SOURCES: readonly KeySource[] = Object.freeze([
  Object.freeze({ kind: 'bearer' }),
  Object.freeze({ kind: 'query', name: 'api_key' }),
]);

/** What is wanted of a list of key sources, for messages. */
export const KEY_SOURCES_EXPECTED =
  'a list of bearer, header:NAME and query:NAME, separated by commas, none of them twice';

/** RFC 9110 §5.6.2: what a header's name is made of. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const QUERY_NAME = /^[!-+\--~]+$/;

/**
 * Reads a list of key sources. Returns `undefined` if the list is empty, or if an entry is invalid or listed twice. Headers that
 * differ only in case are one source.
 */
export function parseKeySources(entries: readonly string[]): readonly KeySource[] | undefined {
  const sources: KeySource[] = [];
  for (const entry of entries) {
    const source = parseKeySource(entry);
    if (source === undefined) return undefined;
    sources.push(Object.freeze(source));
  }
  const distinct = new Set(sources.map(identityOf));
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

function identityOf(source: KeySource): string {
  return JSON.stringify(source.kind === 'header' ? [source.kind, source.lowerCaseName] : source);
}

/** What a request is told that brought no key: where this deployment looks for one. */
export function authRequiredMessage(sources: readonly KeySource[]): string {
  return `API key is required. Pass via ${sources.map(describeSource).join(' or ')}.`;
}

function describeSource(source: KeySource): string {
  if (source.kind === 'bearer') return 'Authorization: Bearer <key> header';
  return source.kind === 'header' ? `${source.name} header` : `?${source.name}= query parameter`;
}

/** What a request carries under a name: one value, in a list two of several or more, or none. */
export type HeaderValues = string | readonly string[] | undefined;

/** The values of a header, whose name is given in lower case. */
export function headerValues({ multiValueHeaders, headers }: EventFields, name: string): HeaderValues {
  return valuesIn(multiValueHeaders, name, true) ?? takeApart(valuesIn(headers, name, true));
}

/** The values of a query parameter. */
export function queryValues(
  { multiValueQueryStringParameters, queryStringParameters }: EventFields,
  name: string,
): HeaderValues {
  return valuesIn(multiValueQueryStringParameters, name, false) ?? valuesIn(queryStringParameters, name, false);
}

/**
 * One text for all values of a header is taken apart at a comma that an empty value or another bearer key stands beside: other
 * schemes, such as Digest, have commas of their own.
 */
function takeApart(joined: HeaderValues): HeaderValues {
  if (typeof joined !== 'string' || !joined.includes(',')) return joined;
  const parts = joined.split(',').map((part) => part.trim());
  const isJoined = parts.some((part, at) => part === '' || (at > 0 && /^bearer( |$)/i.test(part)));
  return isJoined ? parts : joined;
}

/** The values of a name in a map of an event, letter case aside where `anyCase` says so. Reads any shape. */
function valuesIn(map: unknown, wanted: string, anyCase: boolean): HeaderValues {
  if (typeof map !== 'object' || map === null) return undefined;
  let found: HeaderValues;
  // Unlike Object.keys, it makes no list of the names. What is parsed from JSON inherits none.
  for (const name in map) {
    if (name.length !== wanted.length || (name !== wanted && !(anyCase && startsWithIgnoreCase(name, wanted))))
      continue;
    found = withValue(found, (map as EventFields)[name]);
  }
  return found;
}

/** With a value, or each of a list of values, behind what was found so far. Of thousands, two tell that there are several. */
function withValue(found: HeaderValues, value: unknown): HeaderValues {
  if (typeof found === 'object') return found;
  if (typeof value === 'string') return found === undefined ? value : [found, value];
  if (!Array.isArray(value)) return found;
  let all: HeaderValues = found;
  for (const entry of value) if (typeof entry === 'string') all = withValue(all, entry);
  return all;
}

const CAPITAL_A = 0x41;
const CAPITAL_Z = 0x5a;
/** What a capital letter of ASCII lacks of the small one. */
const CASE_BIT = 0x20;

/** Whether the text begins with what is wanted, in small letters, letter case of ASCII aside. Makes no other text of it. */
export function startsWithIgnoreCase(text: string, wanted: string): boolean {
  for (let at = 0; at < wanted.length; at++) {
    const code = text.charCodeAt(at);
    const isCapital = code >= CAPITAL_A && code <= CAPITAL_Z;
    if ((isCapital ? code | CASE_BIT : code) !== wanted.charCodeAt(at)) return false;
  }
  return true;
}

/** An event before any surface has read it: by name, values of any kind. */
export type EventFields = Readonly<Record<string, unknown>>;

/** A part of a request that may carry its key. Names are spelled as in the setting. */
export type KeySource =
  | { readonly kind: 'bearer' }
  | { readonly kind: 'basic' }
  | HeaderKeySource
  | { readonly kind: 'query'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'websocket-protocol' };

/** A header with a bare key, or with a scheme before the key. */
export interface HeaderKeySource {
  readonly kind: 'header';
  /** The name in identity sources and messages. AWS documents that mappings of REST APIs are case-sensitive. */
  readonly name: string;
  /** The name for look-ups in requests, because their header names are case-insensitive. */
  readonly lowerCaseName: string;
  /** The authentication scheme before the key. The header contains a bare key if it is `undefined`. */
  readonly scheme?: string;
  /** The scheme for comparisons, because schemes are case-insensitive (RFC 9110 §11.1). */
  readonly lowerCaseScheme?: string;
}

/**
 * A key source in the format of the settings. `header:NAME` contains a bare key. `header:NAME:SCHEME` contains a scheme
 * and the key, such as `Token KEY`.
 */
export type KeySourceSetting =
  'bearer' | 'basic' | 'websocket-protocol' | `header:${string}` | `query:${string}` | `cookie:${string}`;

export const DEFAULT_KEY_SOURCES: readonly KeySource[] = Object.freeze([
  Object.freeze({ kind: 'bearer' }),
  Object.freeze({ kind: 'query', name: 'api_key' }),
]);

/** The expected format of a list of key sources, for messages. */
export const KEY_SOURCES_EXPECTED =
  'a list of bearer, basic, header:NAME, header:NAME:SCHEME, query:NAME, cookie:NAME and websocket-protocol, separated ' +
  'by commas, none of them twice';

/** The characters of the name of a header or a cookie (RFC 9110 §5.6.2, RFC 6265 §4.1.1). */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const QUERY_NAME = /^[!-+\--~]+$/;
/** A scheme without the quote and the backtick of RFC 9110, because mappings of API Gateway quote its challenge. */
const SCHEME = /^[A-Za-z][A-Za-z0-9._-]*$/;

/**
 * Parses a list of key sources. Returns `undefined` if the list is empty, or if an entry is invalid or listed twice.
 * Headers and schemes that differ only in case are the same source.
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
  if (entry === 'bearer' || entry === 'basic' || entry === 'websocket-protocol') return { kind: entry };
  const [kind, ...parts] = entry.split(':');
  const name = parts.join(':');
  if (kind === 'header') return parseHeader(parts);
  if (kind === 'query' && QUERY_NAME.test(name)) return { kind, name };
  if (kind === 'cookie' && TOKEN.test(name)) return { kind, name };
  return undefined;
}

/** Parses `NAME` or `NAME:SCHEME`. */
function parseHeader([name = '', scheme, ...others]: readonly string[]): KeySource | undefined {
  if (!TOKEN.test(name) || others.length > 0) return undefined;
  const lowerCaseName = name.toLowerCase();
  if (scheme === undefined) return { kind: 'header', name, lowerCaseName };
  const lowerCaseScheme = scheme.toLowerCase();
  // The credentials of Basic are encoded, and are a key source of their own.
  if (!SCHEME.test(scheme) || lowerCaseScheme === 'basic') return undefined;
  if (lowerCaseName === 'authorization' && lowerCaseScheme === 'bearer') return { kind: 'bearer' };
  return { kind: 'header', name, lowerCaseName, scheme, lowerCaseScheme };
}

function toIdentity(source: KeySource): string {
  return JSON.stringify(
    source.kind === 'header' ? [source.kind, source.lowerCaseName, source.lowerCaseScheme] : source,
  );
}

/** Returns the message for a request without a key. It lists the key sources of the deployment. */
export function authRequiredMessage(sources: readonly KeySource[]): string {
  return `API key is required. Pass via ${sources.map(describeSource).join(' or ')}.`;
}

function describeSource(source: KeySource): string {
  switch (source.kind) {
    case 'bearer':
      return 'Authorization: Bearer <key> header';
    case 'basic':
      return 'Basic authentication with the key as user name';
    case 'header':
      return source.scheme === undefined ? `${source.name} header` : `${source.name}: ${source.scheme} <key> header`;
    case 'query':
      return `?${source.name}= query parameter`;
    case 'cookie':
      return `${source.name} cookie`;
    case 'websocket-protocol':
      return 'Sec-WebSocket-Protocol: bearer, <key> header';
  }
}

const BEARER_CHALLENGE = 'Bearer';

/**
 * Returns the value of `WWW-Authenticate` for a request without a key: one challenge for each scheme of the
 * `Authorization` header (RFC 9110 §11.6.1). Returns `Bearer` if the sources don't use a scheme, because a 401 response
 * must contain a challenge.
 */
export function authChallenge(sources: readonly KeySource[]): string {
  const challenges = sources.map(toChallenge).filter((challenge) => challenge !== undefined);
  return challenges.join(', ') || BEARER_CHALLENGE;
}

function toChallenge(source: KeySource): string | undefined {
  if (source.kind === 'bearer') return BEARER_CHALLENGE;
  if (source.kind === 'basic') return 'Basic realm="API key"';
  return source.kind === 'header' && source.lowerCaseName === 'authorization' ? source.scheme : undefined;
}

import { parseSecret, type KeyFormat, type KeySecret } from '../keys/secret.ts';
import { startsInAnyCase } from './anyCase.ts';
import { headerValues, queryValues, type CarriedValues } from './carriedValues.ts';
import type { KeySource } from './keySource.ts';
import type { EventFields } from './eventFields.ts';

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
  readonly takesBareKey?: boolean;
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

function valuesOf(source: KeySource, event: EventFields): CarriedValues {
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
  { takesBareKey = false }: TokenCredentials,
  sources: readonly KeySource[],
): number {
  const start = bearerKeyStart(token);
  if (start < token.length) return start;
  return takesBareKey || sources.some((source) => source.kind === 'header') ? bareKeyStart(token) : token.length;
}

/** A word, a space and more are a scheme and its credentials, and so is the bearer scheme with nothing behind it. */
function bareKeyStart(text: string): number {
  return text.includes(' ') || text.toLowerCase() === BEARER ? text.length : 0;
}

/** RFC 6750 §2.1, the scheme in any case (RFC 9110 §11.1). */
function bearerKeyStart(text: string): number {
  if (text.charCodeAt(BEARER.length) !== SPACE || !startsInAnyCase(text, BEARER)) return text.length;
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

import { parseSecret, type KeyFormat, type KeySecret } from '../keys/secret.ts';
import type { KeySource } from './keySource.ts';

/** Where a surface finds what a request carries. A name that is not there has no values. */
export type Credentials = RequestCredentials | TokenCredentials;

interface RequestCredentials {
  readonly kind: 'request';
  /** Every value of a header, whose name is given in lower case. */
  readonly header: (name: string) => readonly string[];
  /** Every value of a query parameter. */
  readonly query: (name: string) => readonly string[];
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

const ABSENT: PresentedKey = Object.freeze({ kind: 'absent' });
const MALFORMED: PresentedKey = Object.freeze({ kind: 'malformed' });

/** The key of the first source, in the configured order, that brought one. Never throws, does no I/O. */
export function presentedKey(credentials: Credentials, sources: readonly KeySource[], format: KeyFormat): PresentedKey {
  if (credentials.kind === 'token') return parseKey(tokenKeyOf(credentials, sources), format) ?? ABSENT;
  for (const source of sources) {
    const values = valuesOf(source, credentials);
    if (values.length > 1) return MALFORMED;
    const presented = parseKey(keyTextOf(source, values[0] ?? ''), format);
    if (presented !== undefined) return presented;
  }
  return ABSENT;
}

function parseKey(text: string, format: KeyFormat): PresentedKey | undefined {
  if (text === '') return undefined;
  const secret = parseSecret(text, format);
  return secret === undefined ? MALFORMED : { kind: 'key', secret };
}

function valuesOf(source: KeySource, credentials: RequestCredentials): readonly string[] {
  if (source.kind === 'query') return credentials.query(source.name);
  return credentials.header(source.kind === 'bearer' ? 'authorization' : source.name);
}

/** The key as text, or an empty text where the value has none or is of another authentication scheme. */
function keyTextOf(source: KeySource, value: string): string {
  const text = trimSpaces(value);
  if (source.kind === 'bearer') return bearerKeyOf(text);
  return source.kind === 'header' && source.name === 'authorization' ? bareKeyOf(text) : text;
}

/** A token that the gateway picked is a bearer header, or a bare key where one may come in a header of its own. */
function tokenKeyOf({ token, takesBareKey = false }: TokenCredentials, sources: readonly KeySource[]): string {
  const text = trimSpaces(token);
  const bearerKey = bearerKeyOf(text);
  if (bearerKey !== '') return bearerKey;
  return takesBareKey || sources.some((source) => source.kind === 'header') ? bareKeyOf(text) : '';
}

/** A word, a space and more are a scheme and its credentials, and so is the bearer scheme with nothing behind it. */
function bareKeyOf(text: string): string {
  return text.includes(' ') || text.toLowerCase() === 'bearer' ? '' : text;
}

/** RFC 6750 §2.1, the scheme in any case (RFC 9110 §11.1). */
function bearerKeyOf(text: string): string {
  const scheme = text.slice(0, 'bearer '.length).toLowerCase();
  return scheme === 'bearer ' ? trimSpaces(text.slice(scheme.length)) : '';
}

/** Drops spaces only: another white space is no part of the syntax and makes the key malformed. */
function trimSpaces(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) === SPACE) start++;
  while (end > start && text.charCodeAt(end - 1) === SPACE) end--;
  return end - start === text.length ? text : text.slice(start, end);
}

type Fields = Readonly<Record<string, unknown>>;

const BEARER = /^bearer +([^]+)$/i;
const ANOTHER_SCHEME = / |^bearer$/i;

/**
 * Returns the credentials of an event, by the key sources in `LATCHKEY_KEY_SOURCES`. More than one is invalid. It
 * follows docs/responses.md instead of the code that reads events, so tests can compare both.
 */
export function expectedCredentials(event: Fields, keySources: string): readonly string[] {
  const sources = keySources.split(',');
  if (event['type'] !== 'REQUEST') return tokenCredentials(event, sources);
  for (const source of sources) {
    const values = valuesOf(event, source);
    const credentials = values.length > 1 ? values : textsIn(withoutSpaces(values[0]), source);
    if (credentials.length > 0) return credentials;
  }
  return [];
}

/** Returns the credentials of an event with one token. An event without a type is AppSync's, which ignores the sources. */
function tokenCredentials({ type, authorizationToken }: Fields, sources: readonly string[]): readonly string[] {
  const text = withoutSpaces(authorizationToken);
  const schemes = type === undefined ? [] : sources.filter((source) => /^basic$|^header:[^:]+:/.test(source));
  const isBareTaken = type === undefined || sources.some((source) => /^header:[^:]+$/.test(source));
  const isBearerTaken = schemes.length < sources.length;
  const bearer = isBearerTaken ? (BEARER.exec(text)?.slice(1) ?? (isBareTaken ? bareTexts(text) : [])) : [];
  return [...bearer, ...schemes.flatMap((source) => textsIn(text, source))];
}

function withoutSpaces(value: unknown): string {
  return typeof value === 'string' ? value.replaceAll(/^ +| +$/g, '') : '';
}

function bareTexts(text: string): readonly string[] {
  return text === '' || ANOTHER_SCHEME.test(text) ? [] : [text];
}

function textsIn(text: string, source: string): readonly string[] {
  if (source === 'bearer') return BEARER.exec(text)?.slice(1) ?? [];
  if (source === 'header:authorization') return bareTexts(text);
  if (source === 'basic') return userNames(/^basic +([^]+)$/i.exec(text)?.[1] ?? '');
  const [, , scheme] = /^(header):[^:]+:(.+)$/.exec(source) ?? [];
  if (scheme !== undefined) return schemeTexts(text, scheme);
  return text === '' ? [] : [text];
}

/** Returns the user name of Basic credentials, or a text that is no key if they are malformed. */
function userNames(encoded: string): readonly string[] {
  if (encoded === '') return [];
  const isCanonical =
    /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded) && btoa(atob(encoded)) === encoded;
  const [userName, ...password] = isCanonical ? atob(encoded).split(':') : [];
  if (userName === undefined || password.length === 0) return ['malformed'];
  return userName === '' ? [] : [userName];
}

/** Returns the text after a scheme. After Token, it may be a parameter in quotes. */
function schemeTexts(text: string, scheme: string): readonly string[] {
  const [, after] = new RegExp(`^${scheme} +([^]+)$`, 'i').exec(text) ?? [];
  const [, parameter] = (/^token$/i.test(scheme) && /^token=([^]*)$/i.exec(after ?? '')) || [];
  const key = parameter?.replace(/^"([^]*)"$/, '$1') ?? after;
  return key === undefined || key === '' ? [] : [key];
}

function cookiesNamed(event: Fields, name: string): readonly string[] {
  const listed = [event['cookies']].flat().filter((cookie) => typeof cookie === 'string');
  const lists = [...(Array.isArray(event['cookies']) ? listed : []), ...linesOf(event, /^cookie$/i)];
  return lists
    .flatMap((list) => [...list.matchAll(new RegExp(`(?:^|;) *${name}=([^;]*)`, 'g'))])
    .map(([, value]) => withoutSpaces(value).replace(/^"([^]*)"$/, '$1'));
}

function keyProtocols(event: Fields): readonly string[] {
  const protocols = linesOf(event, /^sec-websocket-protocol$/i).flatMap((line) => line.split(',').map(withoutSpaces));
  return protocols.flatMap((protocol, at) => (protocol === 'bearer' ? protocols.slice(at + 1, at + 2) : []));
}

function linesOf(event: Fields, name: RegExp): readonly string[] {
  const lines = valuesNamed(event['multiValueHeaders'], name);
  return lines.length > 0 ? lines : valuesNamed(event['headers'], name);
}

function valuesOf(event: Fields, source: string): readonly string[] {
  const [kind, name = 'authorization'] = source.split(':');
  if (kind === 'query') {
    const all = valuesNamed(event['multiValueQueryStringParameters'], new RegExp(`^${name}$`));
    return all.length > 0 ? all : valuesNamed(event['queryStringParameters'], new RegExp(`^${name}$`));
  }
  if (kind === 'cookie') return cookiesNamed(event, name);
  if (kind === 'websocket-protocol') return keyProtocols(event);
  const inAnyCase = new RegExp(`^${name}$`, 'i');
  const all = valuesNamed(event['multiValueHeaders'], inAnyCase);
  if (all.length > 0) return all;
  const values = valuesNamed(event['headers'], inAnyCase);
  return values.length > 1 ? values : values.flatMap(unjoined);
}

function valuesNamed(map: unknown, name: RegExp): readonly string[] {
  if (typeof map !== 'object' || map === null) return [];
  const entries = Object.entries(map).filter(([key]) => name.test(key));
  return entries.flatMap(([, value]) => value).filter((value) => typeof value === 'string');
}

/**
 * Splits joined headers, because an HTTP API joins headers of one name with commas. It splits a value
 * only if a part is empty or a bearer key.
 */
function unjoined(value: string): readonly string[] {
  const parts = value.split(',').map((part) => part.trim());
  const isJoined = parts.some((part, at) => part === '' || (at > 0 && /^bearer(?: |$)/i.test(part)));
  return isJoined && parts.length > 1 ? parts : [value];
}

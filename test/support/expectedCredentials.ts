type Fields = Readonly<Record<string, unknown>>;

const BEARER = /^bearer +([^]+)$/i;
const ANOTHER_SCHEME = / |^bearer$/i;

/**
 * Returns the credentials of an event, by the key sources in `LATCHKEY_KEY_SOURCES`. More than one is invalid. It
 * follows docs/responses.md instead of the code that reads events, so tests can compare both.
 */
export function expectedCredentials(event: Fields, keySources: string): readonly string[] {
  const sources = keySources.split(',');
  if (event['type'] !== 'REQUEST') {
    const isBareTaken = event['type'] === undefined || sources.some((source) => source.startsWith('header:'));
    const text = withoutSpaces(event['authorizationToken']);
    return BEARER.exec(text)?.slice(1) ?? (isBareTaken ? bareTexts(text) : []);
  }
  for (const source of sources) {
    const values = valuesOf(event, source);
    const credentials = values.length > 1 ? values : textsIn(withoutSpaces(values[0]), source);
    if (credentials.length > 0) return credentials;
  }
  return [];
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
  return text === '' ? [] : [text];
}

function valuesOf(event: Fields, source: string): readonly string[] {
  const [kind, name = 'authorization'] = source.split(':');
  if (kind === 'query') {
    const all = valuesNamed(event['multiValueQueryStringParameters'], new RegExp(`^${name}$`));
    return all.length > 0 ? all : valuesNamed(event['queryStringParameters'], new RegExp(`^${name}$`));
  }
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

/** An event before an event source has read it: values of any type by name. */
export type EventFields = Readonly<Record<string, unknown>>;

/** The values of a name in a request: one value, a list of at least two values, or `undefined`. */
export type RequestValues = string | readonly string[] | undefined;

/** Returns the values of a header. Pass its name in lower case. */
export function headerValues({ multiValueHeaders, headers }: EventFields, name: string): RequestValues {
  return findValues(multiValueHeaders, name, true) ?? splitJoined(findValues(headers, name, true));
}

/** Returns the values of a query parameter. */
export function queryValues(
  { multiValueQueryStringParameters, queryStringParameters }: EventFields,
  name: string,
): RequestValues {
  return findValues(multiValueQueryStringParameters, name, false) ?? findValues(queryStringParameters, name, false);
}

/** Returns the values of a cookie (RFC 6265 §4.2). Its name is case-sensitive. Its value may be in double quotes. */
export function cookieValues(event: EventFields, name: string): RequestValues {
  let found: RequestValues;
  for (const text of cookieTexts(event)) {
    for (const part of text.split(';')) {
      const pair = trimSpaces(part);
      if (pair.charCodeAt(name.length) === EQUALS && pair.startsWith(name)) {
        found = addValue(found, unquote(trimSpaces(pair.slice(name.length + 1))));
      }
    }
  }
  return found;
}

const EQUALS = 0x3d;

/** Returns every list of cookies. Only events in payload format 2.0 have cookies outside the headers. */
function cookieTexts(event: EventFields): readonly string[] {
  const { cookies } = event;
  const listed = Array.isArray(cookies) ? cookies.filter((cookie) => typeof cookie === 'string') : [];
  return [...listed, ...headerLines(event, 'cookie')];
}

/** Returns the text without the double quotes around it, if it has both. */
export function unquote(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

/** The WebSocket subprotocol after which the client sends its key. Subprotocols are case-sensitive (RFC 6455 §4.1). */
const KEY_PROTOCOL = 'bearer';

/** Returns the subprotocols that follow `bearer` in `Sec-WebSocket-Protocol`. The header may have several lines. */
export function protocolKeys(event: EventFields): RequestValues {
  const protocols = headerLines(event, 'sec-websocket-protocol').join().split(',').map(trimSpaces);
  let found: RequestValues;
  for (let at = 0; at < protocols.length; at++) {
    if (protocols[at] === KEY_PROTOCOL) found = addValue(found, protocols[at + 1]);
  }
  return found;
}

/** Returns every line of a header whose lines are one list. Pass its name in lower case. */
export function headerLines({ multiValueHeaders, headers }: EventFields, name: string): readonly string[] {
  const lines = listValues(multiValueHeaders, name);
  return lines.length > 0 ? lines : listValues(headers, name);
}

function listValues(map: unknown, name: string): readonly string[] {
  if (typeof map !== 'object' || map === null) return [];
  const entries = Object.entries(map).filter(([other]) => isSameName(other, name, true));
  return entries.flatMap(([, value]): unknown => value).filter((value) => typeof value === 'string');
}

const SPACE = 0x20;

/** Removes leading and trailing spaces. Other white space isn't part of the syntax, so it makes the key malformed. */
export function trimSpaces(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) === SPACE) start++;
  while (end > start && text.charCodeAt(end - 1) === SPACE) end--;
  return end - start === text.length ? text : text.slice(start, end);
}

/** Returns the values of a name in a map of an event. Accepts a map of any shape. */
function findValues(map: unknown, name: string, ignoreCase: boolean): RequestValues {
  if (typeof map !== 'object' || map === null) return undefined;
  let found: RequestValues;
  // Unlike Object.keys, this doesn't allocate a list of names. Events are parsed from JSON, so they don't inherit
  // names.
  for (const other in map) {
    if (isSameName(other, name, ignoreCase)) found = addValue(found, (map as EventFields)[other]);
  }
  return found;
}

function isSameName(other: string, name: string, ignoreCase: boolean): boolean {
  return other.length === name.length && (other === name || (ignoreCase && startsWithIgnoreCase(other, name)));
}

/** Adds a value, or the values of a list. It stops at two values, because two already prove that there are several. */
function addValue(found: RequestValues, value: unknown): RequestValues {
  if (typeof found === 'object') return found;
  if (typeof value === 'string') return found === undefined ? value : [found, value];
  if (!Array.isArray(value)) return found;
  let all: RequestValues = found;
  for (const entry of value) if (typeof entry === 'string') all = addValue(all, entry);
  return all;
}

/**
 * Splits the joined values of a header. The values were joined if an empty value or another bearer key is next to a
 * comma. Other commas aren't proof, because schemes such as Digest contain commas.
 */
function splitJoined(joined: RequestValues): RequestValues {
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
export function startsWithIgnoreCase(text: string, prefix: string): boolean {
  for (let at = 0; at < prefix.length; at++) {
    const code = text.charCodeAt(at);
    const isCapital = code >= CAPITAL_A && code <= CAPITAL_Z;
    if ((isCapital ? code | CASE_BIT : code) !== prefix.charCodeAt(at)) return false;
  }
  return true;
}

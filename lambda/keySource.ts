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
export const KEY_SOURCES_WANTED =
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

/** Where a request may carry its key. Header names are in lower case. */
export type KeySource =
  | { readonly kind: 'bearer' }
  | { readonly kind: 'header'; readonly name: string }
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

/** Reads a list of key sources, or `undefined` where an entry is none, stands twice, or the list is empty. */
export function parseKeySources(entries: readonly string[]): readonly KeySource[] | undefined {
  const sources: KeySource[] = [];
  for (const entry of entries) {
    const source = parseKeySource(entry);
    if (source === undefined) return undefined;
    sources.push(Object.freeze(source));
  }
  const distinct = new Set(sources.map((source) => JSON.stringify(source)));
  return sources.length > 0 && distinct.size === sources.length ? Object.freeze(sources) : undefined;
}

function parseKeySource(entry: string): KeySource | undefined {
  if (entry === 'bearer') return { kind: 'bearer' };
  const [kind, ...parts] = entry.split(':');
  const name = parts.join(':');
  if (kind === 'header' && HEADER_NAME.test(name)) return { kind, name: name.toLowerCase() };
  if (kind === 'query' && QUERY_NAME.test(name)) return { kind, name };
  return undefined;
}

/** What a request is told that brought no key: where this deployment looks for one. */
export function authRequiredMessage(sources: readonly KeySource[]): string {
  return `API key is required. Pass via ${sources.map(describeSource).join(' or ')}.`;
}

function describeSource(source: KeySource): string {
  if (source.kind === 'bearer') return 'Authorization: Bearer <key> header';
  return source.kind === 'header' ? `${source.name} header` : `?${source.name}= query parameter`;
}

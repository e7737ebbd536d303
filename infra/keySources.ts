import type { Duration } from 'aws-cdk-lib';
import { IdentitySource } from 'aws-cdk-lib/aws-apigateway';
import type { ParameterMapping } from 'aws-cdk-lib/aws-apigatewayv2';
import type { IConstruct } from 'constructs';
import type { KeySource } from '../lambda/keySources.ts';
import { propError } from './propChecks.ts';

/**
 * Checks that a TOKEN authorizer can pass on the key source. API Gateway passes it one header.
 *
 * @throws LatchkeyError `CONFIG_INVALID` for several key sources, or for one other than `bearer`, `basic` or a header
 */
export function checkTokenSource(owner: IConstruct, keySources: readonly KeySource[]): void {
  const kinds = keySources.map(({ kind }) => kind);
  if (kinds.length === 1 && kinds.every((kind) => TOKEN_KINDS.has(kind))) return;
  throw propError(
    owner,
    `type: expected exactly one key source for "TOKEN", bearer, basic or a header, got the key sources ${kinds.join(', ')}`,
  );
}

const TOKEN_KINDS: ReadonlySet<KeySource['kind']> = new Set(['bearer', 'basic', 'header']);

/**
 * Returns the identity sources of a REST API's authorizer. API Gateway requires all identity sources in a request. The
 * list is therefore empty if there are several key sources. API Gateway then invokes the function for every request.
 */
export function restIdentitySources(keySources: readonly KeySource[]): string[] {
  return single(keySources, (source) =>
    source.kind === 'query' ? IdentitySource.queryString(source.name) : IdentitySource.header(headerOf(source)),
  );
}

/**
 * Returns the identity sources of an HTTP API's authorizer, by the rule of `restIdentitySources`. API Gateway caches
 * responses by route if `perRoute` is `true`. Simple responses require this if scopes are mapped, because a cached
 * response otherwise applies to every route.
 */
export function httpIdentitySources(
  keySources: readonly KeySource[],
  { perRoute }: { readonly perRoute: boolean },
): string[] {
  const sources = single(keySources, (source) => `$request.${locationOf(source)}`);
  return perRoute ? [...sources, '$context.routeKey'] : sources;
}

/** Returns whether API Gateway may cache responses. A TTL that only the deployment knows may be above 0. */
export function mayCache(resultsCacheTtl: Duration): boolean {
  return resultsCacheTtl.isUnresolved() || resultsCacheTtl.toSeconds() > 0;
}

/** Returns the identity sources of a WebSocket API's authorizer, by the rule of `restIdentitySources`. */
export function webSocketIdentitySources(keySources: readonly KeySource[]): string[] {
  return single(keySources, (source) => `route.request.${locationOf(source)}`);
}

/**
 * Returns the header that contains a key source. It keeps the prop's spelling, because AWS documents that REST mappings
 * match header names case-sensitively. A cookie's header contains every other cookie too.
 */
function headerOf(source: Exclude<KeySource, { kind: 'query' }>): string {
  switch (source.kind) {
    case 'header':
      return source.name;
    case 'cookie':
      return 'Cookie';
    case 'websocket-protocol':
      return 'Sec-WebSocket-Protocol';
    default:
      return 'Authorization';
  }
}

function single(keySources: readonly KeySource[], toIdentitySource: (source: KeySource) => string): string[] {
  return keySources.length === 1 ? keySources.map(toIdentitySource) : [];
}

function locationOf(source: KeySource): string {
  return source.kind === 'query' ? `querystring.${source.name}` : `header.${headerOf(source)}`;
}

/**
 * Matches the headers that mappings can't change ("Transform API requests and responses for HTTP APIs", Reserved
 * headers).
 */
const RESERVED_HEADER = new RegExp(
  '^(access-control-.*|apigw-.*|authorization|connection|content-(encoding|length|location)|forwarded|keep-alive|origin|' +
    'proxy-(authenticate|authorization)|te|trailers|transfer-encoding|upgrade|x-amzn?-.*|x-forwarded-(for|host|proto)|via)$',
  'i',
);

const COOKIE_PROBLEM =
  'hideCredential: expected keySources without cookies, got a cookie: an HTTP API cannot remove one of several cookies. ' +
  "Accept keys in a header of your own, such as keySources: ['header:X-Api-Key'], or do not hide them";

/**
 * Extends the mapping. The HTTP API then removes every key source before the request reaches the integration.
 *
 * @throws LatchkeyError `CONFIG_INVALID` for a key source in a header that API Gateway reserves, and for a cookie
 */
export function hideCredential(
  authorizer: IConstruct,
  keySources: readonly KeySource[],
  mapping: ParameterMapping,
): ParameterMapping {
  const headers = keySources.flatMap((source) => (source.kind === 'query' ? [] : [headerOf(source)]));
  const reserved = headers.find((name) => RESERVED_HEADER.test(name));
  if (reserved !== undefined) {
    throw propError(
      authorizer,
      `hideCredential: expected keySources without headers that API Gateway reserves, got ${reserved}: an HTTP API cannot ` +
        'map a reserved header, so the integration would still receive the key. Accept keys in a header of your own, such as ' +
        "keySources: ['header:X-Api-Key'], or do not hide them",
    );
  }
  if (keySources.some(({ kind }) => kind === 'cookie')) throw propError(authorizer, COOKIE_PROBLEM);
  // HTTP APIs pass header names to the integration in lower case.
  for (const name of headers) mapping.removeHeader(name.toLowerCase());
  for (const source of keySources) if (source.kind === 'query') mapping.removeQueryString(source.name);
  return mapping;
}

import { IdentitySource } from 'aws-cdk-lib/aws-apigateway';
import type { ParameterMapping } from 'aws-cdk-lib/aws-apigatewayv2';
import type { IConstruct } from 'constructs';
import type { KeySource } from '../lambda/credentials.ts';
import { propError } from './propChecks.ts';

/**
 * Returns the identity sources of a REST API's authorizer. API Gateway requires all of them in a request, so only a single key source
 * can be one. With several key sources there are no identity sources, and API Gateway invokes the function for every request.
 */
export function restIdentitySources(keySources: readonly KeySource[]): string[] {
  return single(keySources, (source) =>
    source.kind === 'query' ? IdentitySource.queryString(source.name) : IdentitySource.header(headerOf(source)),
  );
}

/**
 * Returns the identity sources of an HTTP API's authorizer, by the same rule. With `perRoute`, API Gateway caches responses by route.
 * Simple responses need that if scopes are mapped, because they apply to every request that the cache answers.
 */
export function httpIdentitySources(
  keySources: readonly KeySource[],
  { perRoute }: { readonly perRoute: boolean },
): string[] {
  const sources = single(keySources, (source) => `$request.${locationOf(source)}`);
  return perRoute ? [...sources, '$context.routeKey'] : sources;
}

/** Returns the identity sources of a WebSocket API's authorizer, by the same rule. */
export function webSocketIdentitySources(keySources: readonly KeySource[]): string[] {
  return single(keySources, (source) => `route.request.${locationOf(source)}`);
}

/** Keeps the spelling of the prop, because AWS says that REST APIs compare the case of header names in mappings. */
function headerOf(source: Exclude<KeySource, { kind: 'query' }>): string {
  return source.kind === 'bearer' ? 'Authorization' : source.name;
}

function single(keySources: readonly KeySource[], toIdentitySource: (source: KeySource) => string): string[] {
  return keySources.length === 1 ? keySources.map(toIdentitySource) : [];
}

function locationOf(source: KeySource): string {
  return source.kind === 'query' ? `querystring.${source.name}` : `header.${headerOf(source)}`;
}

/** "Transform API requests and responses for HTTP APIs", Reserved headers: mappings can't change these. */
const RESERVED_HEADER = new RegExp(
  '^(access-control-.*|apigw-.*|authorization|connection|content-(encoding|length|location)|forwarded|keep-alive|origin|' +
    'proxy-(authenticate|authorization)|te|trailers|transfer-encoding|upgrade|x-amzn?-.*|x-forwarded-(for|host|proto)|via)$',
  'i',
);

/**
 * Extends the mapping: the HTTP API then removes every key source from a request before the integration receives it.
 *
 * @throws LatchkeyError `CONFIG_INVALID` for a key source in a header that API Gateway reserves
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
  // HTTP APIs pass header names to the integration in lower case.
  for (const name of headers) mapping.removeHeader(name.toLowerCase());
  for (const source of keySources) if (source.kind === 'query') mapping.removeQueryString(source.name);
  return mapping;
}

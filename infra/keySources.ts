import { IdentitySource } from 'aws-cdk-lib/aws-apigateway';
import type { ParameterMapping } from 'aws-cdk-lib/aws-apigatewayv2';
import type { IConstruct } from 'constructs';
import type { KeySource } from '../lambda/credentials.ts';
import { propError } from './propChecks.ts';

/**
 * The identity sources of a REST API's authorizer. API Gateway wants all of them at once, so that only a single key source
 * can be one; with several there is none, and the function is asked on every request.
 */
export function restIdentitySources(keySources: readonly KeySource[]): string[] {
  return single(keySources, (source) =>
    source.kind === 'query' ? IdentitySource.queryString(source.name) : IdentitySource.header(headerOf(source)),
  );
}

/**
 * The same of an HTTP API's. With `perRoute` a kept answer is one for its route: a simple answer allows or denies all that it
 * is kept for.
 */
export function httpIdentitySources(
  keySources: readonly KeySource[],
  { perRoute }: { readonly perRoute: boolean },
): string[] {
  const sources = single(keySources, (source) => `$request.${locationOf(source)}`);
  return perRoute ? [...sources, '$context.routeKey'] : sources;
}

/** The same of a WebSocket API's. */
export function webSocketIdentitySources(keySources: readonly KeySource[]): string[] {
  return single(keySources, (source) => `route.request.${locationOf(source)}`);
}

/** Returns the source's header, spelled as in the prop: AWS says that REST APIs compare the case of header names in mappings. */
export function headerOf(source: Exclude<KeySource, { kind: 'query' }>): string {
  return source.kind === 'bearer' ? 'Authorization' : source.name;
}

function single(keySources: readonly KeySource[], toIdentitySource: (source: KeySource) => string): string[] {
  return keySources.length === 1 ? keySources.map(toIdentitySource) : [];
}

function locationOf(source: KeySource): string {
  return source.kind === 'query' ? `querystring.${source.name}` : `header.${headerOf(source)}`;
}

/** "Transform API requests and responses for HTTP APIs", Reserved headers: no mapping can be configured for these. */
const RESERVED_HEADER = new RegExp(
  '^(access-control-.*|apigw-.*|authorization|connection|content-(encoding|length|location)|forwarded|keep-alive|origin|' +
    'proxy-(authenticate|authorization)|te|trailers|transfer-encoding|upgrade|x-amzn?-.*|x-forwarded-(for|host|proto)|via)$',
  'i',
);

/**
 * Adds to the mapping that an HTTP API takes every key source out of a request before the integration gets it.
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
      `hideCredential: got keySources with the header ${reserved}, wanted none that API Gateway reserves: an HTTP API can ` +
        'map no reserved header, so that the integration would get the key all the same. Take keys in a header of your ' +
        "own, such as keySources: ['header:X-Api-Key'], or do not hide them",
    );
  }
  // An HTTP API passes header names to the integration in lower case.
  for (const name of headers) mapping.removeHeader(name.toLowerCase());
  for (const source of keySources) if (source.kind === 'query') mapping.removeQueryString(source.name);
  return mapping;
}

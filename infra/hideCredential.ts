import type { ParameterMapping } from 'aws-cdk-lib/aws-apigatewayv2';
import type { IConstruct } from 'constructs';
import type { KeySource } from '../lambda/keySource.ts';
import { headerOf } from './identitySources.ts';
import { propError } from './propChecks.ts';

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

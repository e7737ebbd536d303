import { IdentitySource } from 'aws-cdk-lib/aws-apigateway';
import type { KeySource } from '../lambda/keySource.ts';

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

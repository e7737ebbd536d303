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

/** The same of an HTTP API's. */
export function httpIdentitySources(keySources: readonly KeySource[]): string[] {
  return single(keySources, (source) =>
    source.kind === 'query' ? `$request.querystring.${source.name}` : `$request.header.${headerOf(source)}`,
  );
}

function single(keySources: readonly KeySource[], toIdentitySource: (source: KeySource) => string): string[] {
  return keySources.length === 1 ? keySources.map(toIdentitySource) : [];
}

function headerOf(source: Exclude<KeySource, { kind: 'query' }>): string {
  return source.kind === 'bearer' ? 'Authorization' : source.name;
}

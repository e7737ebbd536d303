import { createHash } from 'node:crypto';

/** What API Gateway counts requests of: one key, all keys of a plan, or all keys of no plan. */
export type Counted =
  | { readonly kind: 'key'; readonly id: string }
  | { readonly kind: 'plan'; readonly name: string }
  | { readonly kind: 'unplanned' };

/**
 * What the authorizer tells API Gateway to count a request by: the value of an API key of API Gateway's own. It is made of what
 * is counted and of the deployment's namespace, and holds nothing of a secret. AWS wants 20 to 128 letters and digits, unlike
 * every other value of the account and Region ("Usage plans and API keys for REST APIs"); these are the 64 hex digits of a SHA-256.
 */
export function usageIdentifier(namespace: string, counted: Counted): string {
  return createHash('sha256')
    .update([namespace, counted.kind, nameOf(counted)].join('/'))
    .digest('hex');
}

function nameOf(counted: Counted): string {
  if (counted.kind === 'unplanned') return '';
  return counted.kind === 'key' ? counted.id : counted.name;
}

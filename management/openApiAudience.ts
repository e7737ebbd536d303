import type { Json } from './jsonSchema.ts';
import type { Operation } from './operations.ts';

/** Callers of operations: everybody, or those who authenticate with a security scheme. */
export type Audience = 'operator' | 'owner' | 'portalOwner' | 'anybody';

/** An operation with its full path, its id, and its callers. */
export interface PlacedOperation {
  readonly id: string;
  readonly path: string;
  readonly audience: Audience;
  readonly operation: Operation;
}

/** Returns the security requirements of an operation. */
export function securityOf(audience: Audience): readonly Json[] {
  return audience === 'anybody' ? [] : [{ [SECURITY[audience].name]: [] }];
}

const SECURITY = {
  operator: {
    name: 'sigv4',
    scheme: {
      type: 'apiKey',
      in: 'header',
      name: 'Authorization',
      description: 'AWS Signature Version 4 for the service `execute-api`.',
      'x-amazon-apigateway-authtype': 'awsSigv4',
    },
  },
  owner: {
    name: 'token',
    scheme: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: "A token of the deployment's OIDC issuer.",
    },
  },
  portalOwner: {
    name: 'portalSession',
    scheme: {
      type: 'apiKey',
      in: 'cookie',
      name: '__Host-latchkey-portal',
      description: 'The cookie of a portal session.',
    },
  },
} as const;

/** Describes the security schemes of these callers, by name. */
export function describeSecurity(used: ReadonlySet<Audience>): Json {
  const schemes = Object.entries(SECURITY).filter(([audience]) => used.has(audience as Audience));
  return Object.fromEntries(schemes.map(([, { name, scheme }]) => [name, scheme]));
}

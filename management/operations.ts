import type { ZodType } from 'zod';
import type { Caller } from './caller.ts';
import {
  KEY_RESPONSES,
  ownerSchema,
  portalCodeSchema,
  portalOwnerSchema,
  usageSchema,
  verifiedSchema,
} from './responseSchemas.ts';
import {
  codeToRedeemSchema,
  emptySchema,
  keyChangesSchema,
  listQuerySchema,
  newKeySchema,
  newPortalSessionSchema,
  ownersKeyChangesSchema,
  ownersListQuerySchema,
  ownersNewKeySchema,
  ownersRotationSchema,
  revocationSchema,
  rotationSchema,
  usageQuerySchema,
  verifySchema,
} from './schemas.ts';

/** An operation of the API: its path, and the schemas that check its requests and describe its responses. */
export interface Operation {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** The path below the base of the caller, such as `/keys/{id}`. */
  readonly path: string;
  readonly summary: string;
  /** More about the operation, in Markdown. */
  readonly description?: string | undefined;
  readonly query?: ZodType | undefined;
  readonly body?: ZodType | undefined;
  /** The status of a response without a problem. */
  readonly status: 200 | 201 | 204;
  /** The body of that response. A response with status 204 has none. */
  readonly response?: ZodType;
  /** Whether the operation creates a key, so that `Idempotency-Key` prevents a second one. */
  readonly createsKey?: boolean;
  /** Whether `If-Match` makes the change depend on the record's version. */
  readonly takesVersion?: boolean;
  /** Whether the response has the record's version as its `ETag`. */
  readonly hasVersion?: boolean;
}

/** The schemas that differ between callers. */
const REQUESTS = {
  operator: { newKey: newKeySchema, changes: keyChangesSchema, rotation: rotationSchema, list: listQuerySchema },
  owner: {
    newKey: ownersNewKeySchema,
    changes: ownersKeyChangesSchema,
    rotation: ownersRotationSchema,
    list: ownersListQuerySchema,
  },
} as const;

const ONCE =
  'The secret is only in this response. With `Idempotency-Key`, a repeat returns the same record without it.';

/** Returns the operations on keys for one kind of caller, by their names. */
export function keyOperations(kind: Caller['kind']) {
  return { ...readOperations(kind), ...creations(kind), ...changes(kind) };
}

function readOperations(kind: Caller['kind']) {
  const { one, page } = KEY_RESPONSES[kind];
  return {
    listKeys: {
      method: 'get',
      path: '/keys',
      summary: 'Lists keys, one page at a time',
      description: 'A page can have fewer keys than `limit`. Read on until the `cursor` is `null`.',
      query: REQUESTS[kind].list,
      status: 200,
      response: page,
    },
    getKey: {
      method: 'get',
      path: '/keys/{id}',
      summary: 'Returns a key',
      status: 200,
      response: one,
      hasVersion: true,
    },
    getKeyUsage: {
      method: 'get',
      path: '/keys/{id}/usage',
      summary: 'Reports the requests of a key',
      description: 'The default is the last 24 hours, 30 days or 12 months.',
      query: usageQuerySchema,
      status: 200,
      response: usageSchema,
    },
  } as const satisfies Readonly<Record<string, Operation>>;
}

function creations(kind: Caller['kind']) {
  const { issued, rotated } = KEY_RESPONSES[kind];
  const { newKey, rotation } = REQUESTS[kind];
  const creation = { method: 'post', description: ONCE, status: 201, createsKey: true, hasVersion: true } as const;
  return {
    createKey: {
      ...creation,
      path: '/keys',
      summary: 'Creates a key, and returns it once',
      body: newKey,
      response: issued,
    },
    rotateKey: {
      ...creation,
      path: '/keys/{id}/rotate',
      summary: 'Replaces a key with a successor, and returns the successor once',
      body: rotation,
      response: rotated,
    },
  } as const satisfies Readonly<Record<string, Operation>>;
}

function changes(kind: Caller['kind']) {
  const change = { method: 'post', status: 200, response: KEY_RESPONSES[kind].one, hasVersion: true } as const;
  return {
    updateKey: {
      ...change,
      method: 'patch',
      path: '/keys/{id}',
      summary: 'Changes fields of a key',
      description: 'The body has the fields to change. `null` removes a field (RFC 7396).',
      body: REQUESTS[kind].changes,
      takesVersion: true,
    },
    disableKey: {
      ...change,
      path: '/keys/{id}/disable',
      summary: 'Disables a key until it is enabled',
      body: emptySchema,
    },
    enableKey: {
      ...change,
      path: '/keys/{id}/enable',
      summary: 'Enables a disabled key',
      description: kind === 'owner' ? 'Only an operator can enable a key that an operator disabled.' : undefined,
      body: emptySchema,
    },
    revokeKey: {
      ...change,
      path: '/keys/{id}/revoke',
      summary: 'Revokes a key permanently',
      body: revocationSchema,
    },
  } as const satisfies Readonly<Record<string, Operation>>;
}

/** The operation that checks a key, for operators. */
export const VERIFY_KEY = {
  method: 'post',
  path: '/keys/verify',
  summary: 'Decides on a key as the authorizer does',
  description:
    "The decision counts as a request: it takes one from the key's limits, and records the use. A refused key is not a problem. An outage is, with status 503.",
  body: verifySchema,
  status: 200,
  response: verifiedSchema,
} as const satisfies Operation;

/** The operation that starts a portal session for a customer, for operators. */
export const CREATE_PORTAL_SESSION = {
  method: 'post',
  path: '/portal-sessions',
  summary: 'Creates a code that opens the portal once',
  description: 'Redirect the customer to the `url`. The code works once, for 15 minutes.',
  body: newPortalSessionSchema,
  status: 201,
  response: portalCodeSchema,
} as const satisfies Operation;

/** The operation that describes an owner with a token. Its path is the base itself. */
export const DESCRIBE_OWNER = {
  method: 'get',
  path: '',
  summary: 'Describes the owner, and what the owner may do',
  status: 200,
  response: ownerSchema,
} as const satisfies Operation;

/** The operation that describes the owner of a portal session. */
export const DESCRIBE_PORTAL_OWNER = { ...DESCRIBE_OWNER, response: portalOwnerSchema } as const satisfies Operation;

/** The operation with which the portal's page redeems a code. */
export const REDEEM_CODE = {
  method: 'post',
  path: '/portal/session',
  summary: 'Exchanges a code for a session cookie',
  body: codeToRedeemSchema,
  status: 204,
} as const satisfies Operation;

/** The operation that ends a portal session. */
export const END_SESSION = {
  method: 'delete',
  path: '/portal/session',
  summary: 'Ends the portal session',
  status: 204,
} as const satisfies Operation;

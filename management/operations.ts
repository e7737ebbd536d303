import type { ZodType } from 'zod';
import type { Caller } from './caller.ts';
import {
  emptySchema,
  issuedSchema,
  keyChangesSchema,
  listQuerySchema,
  newKeySchema,
  oneRecordSchema,
  ownersKeyChangesSchema,
  ownersListQuerySchema,
  ownersNewKeySchema,
  ownersRotationSchema,
  pageSchema,
  revocationSchema,
  rotatedSchema,
  rotationSchema,
  usageQuerySchema,
  usageSchema,
  verifiedSchema,
  verifySchema,
} from './schemas.ts';

/** An operation of the API: its path, and the schemas that check its requests and describe its responses. */
export interface Operation {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** The path below the base of the caller, such as `/keys/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly query?: ZodType | undefined;
  readonly body?: ZodType | undefined;
  /** The status of a response without a problem. */
  readonly status: 200 | 201;
  readonly response: ZodType;
  /** Whether the operation creates a key, so that `Idempotency-Key` prevents a second one. */
  readonly createsKey?: boolean;
  /** Whether `If-Match` makes the change depend on the record's version. */
  readonly takesVersion?: boolean;
}

/** The schemas that differ between callers. */
const SCHEMAS = {
  operator: { newKey: newKeySchema, changes: keyChangesSchema, rotation: rotationSchema, list: listQuerySchema },
  owner: {
    newKey: ownersNewKeySchema,
    changes: ownersKeyChangesSchema,
    rotation: ownersRotationSchema,
    list: ownersListQuerySchema,
  },
} as const;

/** The operations that are the same for every caller. */
const COMMON = {
  getKey: {
    method: 'get',
    path: '/keys/{id}',
    summary: 'Returns a key',
    status: 200,
    response: oneRecordSchema,
  },
  disableKey: {
    method: 'post',
    path: '/keys/{id}/disable',
    summary: 'Disables a key until it is enabled',
    body: emptySchema,
    status: 200,
    response: oneRecordSchema,
  },
  enableKey: {
    method: 'post',
    path: '/keys/{id}/enable',
    summary: 'Enables a disabled key',
    body: emptySchema,
    status: 200,
    response: oneRecordSchema,
  },
  revokeKey: {
    method: 'post',
    path: '/keys/{id}/revoke',
    summary: 'Revokes a key permanently',
    body: revocationSchema,
    status: 200,
    response: oneRecordSchema,
  },
  getKeyUsage: {
    method: 'get',
    path: '/keys/{id}/usage',
    summary: 'Reports the requests of a key',
    query: usageQuerySchema,
    status: 200,
    response: usageSchema,
  },
} as const satisfies Readonly<Record<string, Operation>>;

/** Returns the operations on keys for one kind of caller, by their names. */
export function keyOperations(kind: Caller['kind']) {
  const { newKey, changes, rotation, list } = SCHEMAS[kind];
  return {
    ...COMMON,
    listKeys: {
      method: 'get',
      path: '/keys',
      summary: 'Lists keys, one page at a time',
      query: list,
      status: 200,
      response: pageSchema,
    },
    createKey: {
      method: 'post',
      path: '/keys',
      summary: 'Creates a key, and returns it once',
      body: newKey,
      status: 201,
      response: issuedSchema,
      createsKey: true,
    },
    updateKey: {
      method: 'patch',
      path: '/keys/{id}',
      summary: 'Changes fields of a key',
      body: changes,
      status: 200,
      response: oneRecordSchema,
      takesVersion: true,
    },
    rotateKey: {
      method: 'post',
      path: '/keys/{id}/rotate',
      summary: 'Replaces a key with a successor, and returns the successor once',
      body: rotation,
      status: 201,
      response: rotatedSchema,
      createsKey: true,
    },
  } as const satisfies Readonly<Record<string, Operation>>;
}

/** The operation that checks a key, for operators. */
export const VERIFY_KEY = {
  method: 'post',
  path: '/keys/verify',
  summary: 'Decides on a key as the authorizer does',
  body: verifySchema,
  status: 200,
  response: verifiedSchema,
} as const satisfies Operation;

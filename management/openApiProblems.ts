import { STATUS_CODES } from 'node:http';
import { type Json, toJsonSchema } from './jsonSchema.ts';
import type { PlacedOperation } from './openApiAudience.ts';
import { REDEEM_CODE } from './operations.ts';
import { problemSchema } from './responseSchemas.ts';

/** The problems that an operation can respond with, besides an unexpected error. */
export function problemsOf({ operation, path, audience }: PlacedOperation): readonly string[] {
  const { body, query } = operation;
  const hasId = path.includes('{id}');
  const takesBody = body !== undefined;
  const isOfOwner = audience === 'owner' || audience === 'portalOwner';
  const applies: Readonly<Record<string, boolean>> = {
    400: takesBody || query !== undefined || hasId,
    401: isOfOwner || operation === REDEEM_CODE,
    403: audience !== 'anybody',
    404: hasId,
    409: takesBody && operation.hasVersion === true,
    412: operation.takesVersion === true,
    413: takesBody,
    415: takesBody,
    422: operation.createsKey === true,
    429: isOfOwner,
    500: true,
    503: path !== '/openapi.json',
  };
  return Object.keys(applies).filter((status) => applies[status]);
}

/** Returns a reference to the problem with this status. */
export function problemRef(status: string): Json {
  return { $ref: `#/components/responses/Problem${status}` };
}

const PROBLEMS: Readonly<Record<string, readonly [description: string, codes: readonly string[]]>> = {
  400: ['A field, a parameter or a header is invalid.', ['INPUT_INVALID']],
  401: ['The request has no valid token or session.', ['UNAUTHENTICATED']],
  403: ['The caller may not do this.', ['FORBIDDEN']],
  404: ['There is no such key, or it belongs to another owner.', ['NOT_FOUND', 'CONFIG_INVALID']],
  409: [
    "The key's state, or the number of keys, does not allow the change.",
    ['CONFLICT', 'ALREADY_REVOKED', 'TOO_MANY_KEYS', 'IDEMPOTENCY_IN_PROGRESS'],
  ],
  412: ['The key has changed since the version in `If-Match`.', ['PRECONDITION_FAILED']],
  413: ['The body has more than 64 KB.', ['BODY_TOO_LARGE']],
  415: ['The body is not JSON.', ['JSON_REQUIRED']],
  422: ['Another request had this `Idempotency-Key`.', ['IDEMPOTENCY_MISMATCH']],
  429: ['The owner has sent too many requests. See `Retry-After`.', ['THROTTLED']],
  500: ['The record is unreadable, or an unexpected error occurred.', ['RECORD_CORRUPT', 'INTERNAL_ERROR']],
  503: [
    'DynamoDB does not respond. A change may have been made. Repeat the request later.',
    ['STORE_UNAVAILABLE', 'LIMITER_UNAVAILABLE'],
  ],
};

/** The statuses with which API Gateway itself rejects credentials. */
const GATEWAY_STATUSES = new Set(['401', '403']);

/** Describes the problems of all operations, by name. */
export function describeProblems(): Json {
  const schema = toJsonSchema(problemSchema);
  const byName = Object.entries(PROBLEMS).map(([status, [description, codes]]) => {
    const problem = { schema, example: exampleOf(status, description, codes) };
    const byGateway = { schema: { type: 'object', properties: { message: { type: 'string' } } } };
    const content = {
      'application/problem+json': problem,
      ...(GATEWAY_STATUSES.has(status) && { 'application/json': byGateway }),
    };
    return [`Problem${status}`, { description: `${description} Codes: ${codes.join(', ')}.`, content }];
  });
  return Object.fromEntries(byName);
}

function exampleOf(status: string, detail: string, [code]: readonly string[]): Json {
  return { type: 'about:blank', title: STATUS_CODES[status], status: Number(status), detail, code };
}

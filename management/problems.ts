import { STATUS_CODES } from 'node:http';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type ErrorCode, LatchkeyError } from '../keys/errors.ts';
import { maskIssuedKeys } from '../keys/findKeys.ts';
import { printable } from '../keys/printable.ts';
import { isOutcomeUnknown } from '../operator/aws.ts';

/** The codes of problems that only HTTP requests have. */
export type RequestProblemCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NO_SUCH_PATH'
  | 'TOO_MANY_KEYS'
  | 'THROTTLED'
  | 'IDEMPOTENCY_MISMATCH'
  | 'IDEMPOTENCY_IN_PROGRESS'
  | 'PRECONDITION_FAILED'
  | 'JSON_REQUIRED'
  | 'BODY_TOO_LARGE';

/** The code of a problem. */
export type ProblemCode = RequestProblemCode | ErrorCode;

/** The body of an error response: problem details by RFC 9457, with Latchkey's code. */
export interface Problem {
  /** The type of the problem. Its meaning is the status (RFC 9457 §4.2.1). `code` says more. */
  readonly type: 'about:blank';
  /** The status in words. */
  readonly title: string;
  readonly status: number;
  /** What is wrong, for people. It never contains a key. */
  readonly detail: string;
  /** The code, for programs. */
  readonly code: string;
  /** The id of the key that the problem concerns. */
  readonly keyId?: string;
}

const STATUS: Readonly<Record<ProblemCode, ContentfulStatusCode>> = {
  INPUT_INVALID: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  NO_SUCH_PATH: 404,
  CONFIG_INVALID: 404,
  ALREADY_REVOKED: 409,
  AMBIGUOUS_ID: 409,
  CONFLICT: 409,
  TOO_MANY_KEYS: 409,
  IDEMPOTENCY_IN_PROGRESS: 409,
  PRECONDITION_FAILED: 412,
  BODY_TOO_LARGE: 413,
  JSON_REQUIRED: 415,
  IDEMPOTENCY_MISMATCH: 422,
  THROTTLED: 429,
  EVENT_UNKNOWN: 500,
  INTERNAL_ERROR: 500,
  RECORD_CORRUPT: 500,
  STORE_UNAVAILABLE: 503,
  LIMITER_UNAVAILABLE: 503,
};

/** A request that the API rejects. */
export class RequestProblem extends Error {
  override readonly name = 'RequestProblem';
  readonly code: RequestProblemCode;
  /** The time after which a repeat may succeed, in whole seconds. It becomes the header `Retry-After`. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: RequestProblemCode, detail: string, options: { readonly retryAfterSeconds?: number } = {}) {
    super(detail);
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** What a front changes about the problems of unexpected errors and outages. */
export interface ProblemDeps {
  /** The front's name in the problem of an unexpected error. The default is `API`. */
  readonly server?: string;
  /** Returns the error with a better explanation for the front's users. The default is the error itself. */
  readonly explain?: (error: unknown) => unknown;
  /** Reports an unexpected error. The response doesn't show it, because it may contain anything. */
  readonly onUnexpected: (error: unknown) => void;
}

/** Responds to a thrown error with problem details. */
export function respondToError(
  c: Context,
  error: unknown,
  { server = 'API', explain = (e) => e, onUnexpected }: ProblemDeps,
): Response {
  const [fault, advice] = error instanceof UnconfirmedChange ? [error.cause, `; ${error.advice}`] : [error, ''];
  const explained = explain(fault);
  if (explained instanceof RequestProblem) {
    const { code, message, retryAfterSeconds } = explained;
    if (retryAfterSeconds !== undefined) c.header('Retry-After', String(retryAfterSeconds));
    return problemResponse(c, STATUS[code], code, message);
  }
  if (isStoreUnavailable(explained)) {
    return problemResponse(c, 503, 'STORE_UNAVAILABLE', `${explained.message}${advice}`);
  }
  if (explained instanceof LatchkeyError) {
    return problemResponse(c, STATUS[explained.code], explained.code, explained.message, explained.keyId);
  }
  onUnexpected(explained);
  return problemResponse(c, 500, 'INTERNAL_ERROR', `the ${server} failed with an unexpected error`);
}

/** Responds with problem details. */
export function problemResponse(
  c: Context,
  status: ContentfulStatusCode,
  code: string,
  detail: string,
  keyId?: string,
): Response {
  const problem: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: printable(maskIssuedKeys(detail)),
    code,
    ...(keyId !== undefined && { keyId }),
  };
  return c.body(JSON.stringify(problem), status, { 'Content-Type': 'application/problem+json' });
}

/** The console's explanation of an outage is an error of its own with the same code. */
function isStoreUnavailable(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'STORE_UNAVAILABLE';
}

/** A failed change that DynamoDB may have made. `cause` is the failure. */
export class UnconfirmedChange extends Error {
  override readonly name = 'UnconfirmedChange';
  /** The next step for the caller. */
  readonly advice: string;

  constructor(advice: string, cause: unknown) {
    super(advice, { cause });
    this.advice = advice;
  }
}

/**
 * Returns the result of a change.
 *
 * @throws UnconfirmedChange with the advice, if the change failed but may have been made; otherwise the change's own error
 */
export async function confirmed<T>(change: Promise<T>, advice: string): Promise<T> {
  try {
    return await change;
  } catch (error) {
    throw isOutcomeUnknown(error) ? new UnconfirmedChange(advice, error) : error;
  }
}

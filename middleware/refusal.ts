import type { PublicRecord } from '../keys/record.ts';
import type { DenyCode, Fault, KeyDecision } from '../lambda/authorize.ts';
import { authChallenge, authRequiredMessage, type KeySource } from '../lambda/keySources.ts';
import { getContext, UNAVAILABLE } from '../lambda/policy.ts';
import { type RequestLimit, toRequestLimit } from './requestLimit.ts';

/** The code of a refused request. */
export type RefusalCode = DenyCode | 'AUTH_REQUIRED' | 'AUTHORIZER_UNAVAILABLE';

/** The body of a refused request: the same as from a REST API with `addGatewayResponses`. */
export interface ErrorEnvelope {
  /** Always `false`. */
  readonly success: false;
  /** Always `null`. */
  readonly data: null;
  /** The reason for the refusal. */
  readonly error: {
    /** The reason, for programs. */
    readonly code: RefusalCode;
    /** The reason, for people. */
    readonly message: string;
  };
  /** Always `null`. */
  readonly pagination: null;
}

/** A refused request, and the response to it. */
export interface RefusedRequest {
  /** Distinguishes a refused request from an allowed one. */
  readonly effect: 'refuse';
  /** 401 without a key, 403 for a key that may not be used, 429 beyond a limit, 503 if the key couldn't be checked. */
  readonly status: 401 | 403 | 429 | 503;
  /** The reason, for programs. */
  readonly code: RefusalCode;
  /** The reason, for people. */
  readonly message: string;
  /**
   * The headers of the response: the content type, and `WWW-Authenticate`, `Retry-After`, `RateLimit` and
   * `RateLimit-Policy` if they apply.
   */
  readonly headers: Readonly<Record<string, string>>;
  /** The body of the response, which is sent as JSON. */
  readonly body: ErrorEnvelope;
  /** The record of the refused key, if the table contains it. */
  readonly record?: PublicRecord;
  /** The limit that refused the request. */
  readonly limit?: RequestLimit;
  /** The reason why the key couldn't be checked. Clients don't get it. */
  readonly error?: unknown;
  /** Returns a new web-standard response. */
  readonly toResponse: () => Response;
}

/**
 * Seconds after which a client may try again during an outage. A check gives up within 4 seconds, so an earlier retry
 * would add to the waiting requests.
 */
export const RETRY_AFTER_SECONDS = 5;

/** Returns the response to a request that the decision doesn't allow. `nowMs` is the current time in epoch milliseconds. */
export function refuse(
  decision: Exclude<KeyDecision, { effect: 'allow' }> | Fault,
  { keySources, nowMs }: { readonly keySources: readonly KeySource[]; readonly nowMs: number },
): RefusedRequest {
  if (decision.effect === 'unauthenticated') {
    return toRefused(401, 'AUTH_REQUIRED', authRequiredMessage(keySources), {
      headers: { 'WWW-Authenticate': authChallenge(keySources) },
    });
  }
  if (decision.effect === 'fault') {
    return toRefused(503, 'AUTHORIZER_UNAVAILABLE', UNAVAILABLE.errorMessage, {
      headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
      error: decision.error,
    });
  }
  const { code, key } = decision;
  const { errorMessage = '' } = getContext(decision);
  const record = key === undefined ? {} : { record: key.record };
  if (!('limit' in decision)) return toRefused(403, code, errorMessage, record);
  const { retryAfterSeconds, state } = decision.limit;
  const limit = toRequestLimit(state, nowMs, retryAfterSeconds);
  const headers = { 'Retry-After': String(retryAfterSeconds), ...limit.headers };
  return toRefused(429, code, errorMessage, { ...record, limit, headers });
}

interface Details extends Pick<RefusedRequest, 'record' | 'limit' | 'error'> {
  readonly headers?: Readonly<Record<string, string>>;
}

function toRefused(
  status: RefusedRequest['status'],
  code: RefusalCode,
  message: string,
  { headers: extra, ...details }: Details,
): RefusedRequest {
  const headers = Object.freeze({ 'Content-Type': 'application/json', ...extra });
  const error = Object.freeze({ code, message });
  const body: ErrorEnvelope = Object.freeze({ success: false, data: null, error, pagination: null });
  const toResponse = () => new Response(JSON.stringify(body), { status, headers });
  return Object.freeze({ effect: 'refuse', status, code, message, headers, body, ...details, toResponse });
}

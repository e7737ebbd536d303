/**
 * How long a client of AWS waits where nobody is kept waiting for a request: longer than the authorizer does, but not for
 * ever. With its retries a call is over within half a minute.
 */
export const CALL_LIMITS = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3000, requestTimeout: 8000, throwOnRequestTimeout: true },
};

/**
 * How long a client of AWS waits where nobody is kept waiting for a request: longer than the authorizer does, but not for
 * ever. With its retries a call is over within half a minute.
 */
export const CALL_LIMITS = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3000, requestTimeout: 8000, throwOnRequestTimeout: true },
};

/** How long a call may take in all, with its retries. The limits above end with the head of an answer: its body may never come. */
export const CALL_TIMEOUT_MS = 30_000;

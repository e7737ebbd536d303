import { LatchkeyError } from '../keys/errors.ts';
import { awsAdvice, failureOf } from './awsAdvice.ts';

/** Of a connection that was not made, so that nothing went over it. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

/** Whether a write that failed may have been made all the same: it was sent, and nothing refused it. */
export function mayBeDone(error: unknown): boolean {
  if (!(error instanceof LatchkeyError) || error.code !== 'STORE_UNAVAILABLE') return false;
  const failure = failureOf(error.cause);
  const isRefused = failure.httpStatus >= 400 && failure.httpStatus < 500;
  return !isRefused && !NOT_SENT.has(failure.code) && awsAdvice(failure) === undefined;
}

import { LatchkeyError } from '../keys/errors.ts';
import type { PublicRecord } from '../keys/record.ts';
import type { KeyVerifierOptions } from '../lambda/createKeyVerifier.ts';
import type { KeySourceSetting } from '../lambda/keySources.ts';
import { openStores } from '../lambda/stores.ts';
import { readOptions } from '../lambda/verifier.ts';
import { Authenticator } from './authenticate.ts';
import type { RefusedRequest } from './refusal.ts';

/** The options of an authenticator: the verifier's, and the places where a request may carry its key. */
export interface AuthenticatorOptions extends KeyVerifierOptions {
  /**
   * The key sources of a request, in order of preference.
   *
   * @default ['bearer', 'query:api_key']
   */
  readonly keySources?: readonly KeySourceSetting[];
  /**
   * Receives the record of each key whose limits couldn't be checked, and the reason. Its request was allowed. The
   * response doesn't depend on the callback or wait for it. The authenticator ignores the callback's errors and
   * rejections.
   *
   * @default - the process prints a warning, at most once a minute
   */
  readonly onLimitUnchecked?: (record: PublicRecord, error: unknown) => unknown;
  /**
   * Receives each refused request, for logs and metrics. An outage has its `error`. The response doesn't depend on the
   * callback or wait for it. The authenticator ignores the callback's errors and rejections.
   *
   * @default - the process prints a warning for each key that couldn't be checked
   */
  readonly onRefused?: (refused: RefusedRequest) => unknown;
}

/**
 * Creates an authenticator for a server that isn't behind API Gateway. Pass it to the middleware of your framework, or
 * call `authenticate` yourself. Pass the settings of the deployment. The authenticator needs the permissions of
 * `ApiKeyTable.grantVerify`. The AWS SDK finds the credentials unless you pass a `client`.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, listing every problem: option, expected format, actual value
 */
export function createAuthenticator({
  region,
  endpoint,
  client,
  now = Date.now,
  onLastUsedWriteFailed = () => {},
  onLimitUnchecked = createLimitWarning(now),
  onRefused = warnOfFault,
  ...options
}: AuthenticatorOptions): Authenticator {
  const config = readOptions(options);
  const stores = openStores({ region, endpoint, client }, config);
  return new Authenticator({ config, ...stores, now, onLastUsedWriteFailed, onLimitUnchecked, onRefused });
}

/** Prints the reason of a 503, such as a misspelled table name, because the client doesn't get it. */
function warnOfFault({ code, error }: RefusedRequest): void {
  if (code === 'AUTHORIZER_UNAVAILABLE') warn(code, `an API key could not be checked: ${reasonOf(error)}`);
}

const WARNING_INTERVAL_MS = 60_000;

/** Returns a function that prints a warning if it hasn't printed one for a minute. */
function createLimitWarning(now: () => number): (record: PublicRecord, error: unknown) => void {
  let warnedAtMs = -Infinity;
  return (_record, error) => {
    if (now() - warnedAtMs < WARNING_INTERVAL_MS) return;
    warnedAtMs = now();
    warn('LIMITER_UNAVAILABLE', `a request was allowed without a check of its limits: ${reasonOf(error)}`);
  };
}

/** Returns the message of the library's own errors. The message of any other error may contain anything. */
function reasonOf(error: unknown): string {
  if (!(error instanceof LatchkeyError)) return 'unexpected error';
  return error.cause instanceof LatchkeyError ? `${error.message}: ${error.cause.message}` : error.message;
}

function warn(code: string, message: string): void {
  process.emitWarning(message, { type: 'LatchkeyWarning', code });
}

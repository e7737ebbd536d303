import { LatchkeyError } from '../keys/errors.ts';
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
  onRefused = warnOfFault,
  ...options
}: AuthenticatorOptions): Authenticator {
  const config = readOptions(options);
  const stores = openStores({ region, endpoint, client }, config);
  return new Authenticator({ config, ...stores, now, onLastUsedWriteFailed, onRefused });
}

/** Prints the reason of a 503, such as a misspelled table name, because the client doesn't get it. */
function warnOfFault({ code, error }: RefusedRequest): void {
  if (code !== 'AUTHORIZER_UNAVAILABLE') return;
  // The message of any other error may contain anything.
  const reason = error instanceof LatchkeyError ? error.message : 'unexpected error';
  process.emitWarning(`an API key could not be checked: ${reason}`, { type: 'LatchkeyWarning', code });
}

import { KeyReader } from '../keys/reader.ts';
import { createClient } from '../lambda/client.ts';
import type { KeyVerifierOptions } from '../lambda/createKeyVerifier.ts';
import type { KeySourceSetting } from '../lambda/credentials.ts';
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
   * @default - refused requests aren't reported
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
  onRefused = () => {},
  ...options
}: AuthenticatorOptions): Authenticator {
  const config = readOptions(options);
  const lookup = new KeyReader({ client: createClient({ region, endpoint, client }), tableName: config.tableName });
  return new Authenticator({ config, lookup, now, onLastUsedWriteFailed, onRefused });
}

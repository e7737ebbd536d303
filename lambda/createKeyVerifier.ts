import type { PublicRecord } from '../keys/record.ts';
import type { ClientOptions } from './client.ts';
import { openStores } from './stores.ts';
import { type DecisionOptions, KeyVerifier, readOptions } from './verifier.ts';

/** The options of a verifier: its table, and the settings of the deployment. */
export interface KeyVerifierOptions extends DecisionOptions, ClientOptions {
  /** Name of the table of keys: the stack's output `TableName`. */
  readonly tableName: string;
  /**
   * Receives the key's frozen record, without its `keyHash`, if a last-used write fails. The decision doesn't depend on
   * the callback or wait for it. The verifier ignores the callback's errors and rejections.
   *
   * @default - failed writes aren't reported
   */
  readonly onLastUsedWriteFailed?: (record: PublicRecord, error: unknown) => unknown;
  /**
   * Returns the current time in epoch milliseconds.
   *
   * @default Date.now
   */
  readonly now?: () => number;
}

/**
 * Creates a verifier of a deployed table. Use it if your application checks keys itself, for example behind a Lambda
 * function URL or on a queue. Pass the settings of the deployment. The verifier needs the permissions of
 * `ApiKeyTable.grantVerify`. The AWS SDK finds the credentials unless you pass a `client`.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, listing every problem: option, expected format, actual value
 */
export function createKeyVerifier({
  region,
  endpoint,
  client,
  now = Date.now,
  onLastUsedWriteFailed = () => {},
  ...options
}: KeyVerifierOptions): KeyVerifier {
  const config = readOptions(options);
  return new KeyVerifier({ config, ...openStores({ region, endpoint, client }, config), now, onLastUsedWriteFailed });
}

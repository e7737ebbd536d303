import { KeyReader } from '../keys/reader.ts';
import type { PublicRecord } from '../keys/record.ts';
import { type DecisionOptions, KeyVerifier, readOptions } from './verifier.ts';
import { createClient, type ClientOptions } from './client.ts';

/** What a verifier is made with: where its table is, and the settings of the deployment. */
export interface KeyVerifierOptions extends DecisionOptions, ClientOptions {
  /** The table of keys: the stack's output `TableName`. */
  readonly tableName: string;
  /**
   * Called if a last-used write fails, with the key's record, which is frozen and has no `keyHash`. The decision doesn't depend
   * on it and doesn't wait for it. What it throws, or rejects with, is dropped.
   *
   * @default - nobody is told
   */
  readonly onLastUsedWriteFailed?: (record: PublicRecord, error: unknown) => unknown;
  /**
   * The time, in epoch milliseconds.
   *
   * @default Date.now
   */
  readonly now?: () => number;
}

/**
 * A verifier of a deployed table, for an application that checks keys itself: behind a Lambda function URL, in a container, on
 * a queue. Give it the settings of the deployment. It needs the rights of `ApiKeyTable.grantVerify`. Credentials are found as
 * the AWS SDK finds them unless `client` brings its own.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, listing every problem: option, value got, value wanted
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
  const lookup = new KeyReader({ client: createClient({ region, endpoint, client }), tableName: config.tableName });
  return new KeyVerifier({ config, lookup, now, onLastUsedWriteFailed });
}

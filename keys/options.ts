import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { DEFAULT_RETRY_OPTIONS, type RetryOptions } from './dynamodb.ts';
import { LatchkeyError } from './errors.ts';
import { ACTOR_EXPECTED, isActor, show } from './fields.ts';
import { DEFAULT_KEY_PREFIX, isKeyPrefix, KEY_PREFIX_EXPECTED } from './secret.ts';

/** Options of a `KeyRegistry` with a document client of your own. */
export interface KeyRegistryOptions {
  /** A client that was created with `REGISTRY_TRANSLATION`. */
  readonly client: DynamoDBDocumentClient;
  /** The name of the table: the stack's output `TableName`. */
  readonly tableName: string;
  /** The acting person or program. It's stored as `createdBy`, `disabledBy` and `revokedBy`. */
  readonly actor: string;
  /**
   * The prefix of new keys. It must be the prefix that the deployment accepts.
   *
   * @default 'sk_'
   */
  readonly keyPrefix?: string;
  /**
   * Returns the time, in epoch milliseconds.
   *
   * @default Date.now
   */
  readonly now?: () => number;
  /**
   * How to wait between tries of a throttled call.
   *
   * @default - a random time of up to 3 seconds
   */
  readonly retryOptions?: RetryOptions;
}

/** The translation of a registry's document client. It writes and reads the numbers of `metadata` like JSON, in double precision. */
export const REGISTRY_TRANSLATION = {
  marshallOptions: { allowImpreciseNumbers: true },
  unmarshallOptions: { wrapNumbers: Number },
};

/**
 * Returns the options with their defaults.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, with a list of every option that is wrong
 */
export function checkRegistryOptions(options: KeyRegistryOptions): Required<KeyRegistryOptions> {
  const { tableName, actor, keyPrefix = DEFAULT_KEY_PREFIX } = options;
  const problems = [
    ...(tableName ? [] : ['tableName: expected the name of the table, got nothing']),
    ...(isActor(actor) ? [] : [`actor: expected ${ACTOR_EXPECTED}`]),
    ...(isKeyPrefix(keyPrefix) ? [] : [`keyPrefix: expected ${KEY_PREFIX_EXPECTED}, got ${show(keyPrefix)}`]),
  ];
  if (problems.length > 0) throw new LatchkeyError('CONFIG_INVALID', problems.join('; '));
  return { now: Date.now, retryOptions: DEFAULT_RETRY_OPTIONS, ...options, keyPrefix };
}

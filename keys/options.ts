import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { DEFAULT_RETRY_OPTIONS, type RetryOptions } from './dynamodb.ts';
import { LatchkeyError } from './errors.ts';
import { ACTOR_EXPECTED, isActor, show } from './fields.ts';
import { DEFAULT_KEY_PREFIX, isKeyPrefix, KEY_PREFIX_EXPECTED } from './secret.ts';

/** What a `KeyRegistry` is made with by who has a document client already. */
export interface KeyRegistryOptions {
  /** Built with `REGISTRY_TRANSLATION`. */
  readonly client: DynamoDBDocumentClient;
  /** The table of keys: the stack's output `TableName`. */
  readonly tableName: string;
  /** Who acts: goes into `createdBy`, `disabledBy` and `revokedBy`. */
  readonly actor: string;
  /**
   * Prefix of new keys. It must be the deployment's own.
   *
   * @default 'sk_'
   */
  readonly keyPrefix?: string;
  /**
   * The time, in epoch milliseconds.
   *
   * @default Date.now
   */
  readonly now?: () => number;
  /**
   * How to wait where DynamoDB throttles.
   *
   * @default - up to 3 seconds between tries, a random time
   */
  readonly retryOptions?: RetryOptions;
}

/** Numbers of `metadata` are written and read as JSON does, in double precision. */
export const REGISTRY_TRANSLATION = {
  marshallOptions: { allowImpreciseNumbers: true },
  unmarshallOptions: { wrapNumbers: Number },
};

/**
 * The options with their defaults.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, listing every option that is wrong
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

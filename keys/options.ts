import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { DEFAULT_RETRY_OPTIONS, type RetryOptions } from './dynamodb.ts';
import { LatchkeyError } from './errors.ts';
import { ACTOR_EXPECTED, isActor, show } from './fields.ts';
import { KEY_PREFIXES_EXPECTED, parseKeyPrefixes } from './keyFormat.ts';
import { DEFAULT_KEY_PREFIX, isKeyPrefix, KEY_PREFIX_EXPECTED } from './keyPrefix.ts';

/** Options of a `KeyRegistry` with your own document client. */
export interface KeyRegistryOptions {
  /** A client that you created with `REGISTRY_TRANSLATION`. */
  readonly client: DynamoDBDocumentClient;
  /** The name of the table, from the stack's output `TableName`. */
  readonly tableName: string;
  /**
   * The name of the table of limits, from the stack's output `LimitsTableName`. `limits` and `resetLimits` read it.
   *
   * @default - `limits` and `resetLimits` throw an error
   */
  readonly limitsTableName?: string | undefined;
  /**
   * The name of the usage table, from the stack's output `UsageTableName`. `usage` reads it.
   *
   * @default - `usage` throws an error
   */
  readonly usageTableName?: string | undefined;
  /**
   * The name of the history table, from the stack's output `HistoryTableName`. `history` reads it.
   *
   * @default - `history` throws an error
   */
  readonly historyTableName?: string | undefined;
  /** The person or program that makes the changes. The table stores it, such as in `createdBy` and `changedBy`. */
  readonly actor: string;
  /**
   * The prefix of new keys, such as `sk_live_`. It must be one of the deployment's `keyPrefixes`.
   *
   * @default - the first of `keyPrefixes`
   */
  readonly prefix?: string;
  /**
   * The deployment's `keyPrefixes`. A rotation keeps the old key's prefix only if the deployment accepts it.
   *
   * @default - unknown: new keys get the prefix `sk_`, and a rotation keeps every prefix in Latchkey's format
   */
  readonly keyPrefixes?: readonly string[];
  /**
   * Returns the current time in epoch milliseconds.
   *
   * @default Date.now
   */
  readonly now?: () => number;
  /**
   * The delays between retries of a throttled call.
   *
   * @default - a random delay of up to 3 seconds
   */
  readonly retryOptions?: RetryOptions;
}

/**
 * The translation options for a registry's document client. The client converts the numbers in `metadata` to and from
 * double precision, the precision of JSON numbers.
 */
export const REGISTRY_TRANSLATION = {
  marshallOptions: { allowImpreciseNumbers: true },
  unmarshallOptions: { wrapNumbers: Number },
};

type Optional = 'keyPrefixes' | 'limitsTableName' | 'usageTableName' | 'historyTableName';

/** The options with their defaults. The deployment's prefixes and its other tables may be unknown. */
export type CheckedRegistryOptions = Required<Omit<KeyRegistryOptions, Optional>> & Pick<KeyRegistryOptions, Optional>;

/**
 * Returns the options with the defaults filled in.
 *
 * @throws LatchkeyError `CONFIG_INVALID`, with a list of every invalid option
 */
export function checkRegistryOptions(options: KeyRegistryOptions): CheckedRegistryOptions {
  const { tableName, limitsTableName, usageTableName, historyTableName, actor, keyPrefixes } = options;
  const { prefix = keyPrefixes?.[0] ?? DEFAULT_KEY_PREFIX } = options;
  const problems = [
    ...(tableName ? [] : ['tableName: expected the name of the table, got nothing']),
    ...(limitsTableName === '' ? ['limitsTableName: expected the name of the table of limits, got nothing'] : []),
    ...(usageTableName === '' ? ['usageTableName: expected the name of the usage table, got nothing'] : []),
    ...(historyTableName === '' ? ['historyTableName: expected the name of the history table, got nothing'] : []),
    ...(isActor(actor) ? [] : [`actor: expected ${ACTOR_EXPECTED}`]),
    ...prefixProblems(prefix),
    ...(keyPrefixes === undefined || parseKeyPrefixes(String(keyPrefixes)) !== undefined
      ? []
      : [`keyPrefixes: expected ${KEY_PREFIXES_EXPECTED}, got ${show(String(keyPrefixes))}`]),
  ];
  if (problems.length > 0) throw new LatchkeyError('CONFIG_INVALID', problems.join('; '));
  return { now: Date.now, retryOptions: DEFAULT_RETRY_OPTIONS, ...options, prefix };
}

/** Returns the problem with the prefix of new keys, if there is one. */
export function prefixProblems(prefix: unknown): readonly string[] {
  const isValid = typeof prefix === 'string' && isKeyPrefix(prefix);
  return isValid ? [] : [`prefix: expected ${KEY_PREFIX_EXPECTED}, got ${show(prefix)}`];
}

import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import {
  backOff,
  CALL_TIMEOUT_MS,
  isThrottled,
  MAX_TRIES,
  type RetryOptions,
  requireJsonObject,
  translateStoreFault,
  type UnsentCommand,
  withinMs,
} from './dynamodb.ts';
import { LatchkeyError } from './errors.ts';

export type Item = Record<string, unknown>;

export interface TableCallsOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
  readonly retryOptions: RetryOptions;
}

/** The error for a write that DynamoDB rejected because the write's condition failed. */
export class ConditionRefused extends Error {
  override readonly name = 'ConditionRefused';
  /**
   * `true` if the write was sent more than once. The condition may then have failed because the first attempt
   * succeeded.
   */
  readonly wasSentAgain: boolean;
  /** The SDK's error. */
  override readonly cause: Error;

  constructor(cause: Error, wasSentAgain: boolean) {
    super('a condition was not met');
    this.cause = cause;
    this.wasSentAgain = wasSentAgain;
  }
}

/** Maximum number of keys in one BatchGetItem call. */
const MAX_BATCH = 100;

/**
 * Makes an operator's calls to one table. Each call has a timeout. A throttled call is retried with jitter. A call
 * throws `ConditionRefused` for a failed condition, and `STORE_UNAVAILABLE` for any other failure.
 */
export class TableCalls {
  readonly #client: DynamoDBDocumentClient;
  readonly #tableName: string;
  readonly #retryOptions: RetryOptions;

  constructor({ client, tableName, retryOptions }: TableCallsOptions) {
    this.#client = client;
    this.#tableName = tableName;
    this.#retryOptions = retryOptions;
  }

  /** Sends a command, and retries it while DynamoDB throttles it. `operation` is its name in error messages. */
  async send<Input extends object, Output extends object, T>(
    operation: string,
    command: UnsentCommand<Input, Output>,
    call: (options: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    requireJsonObject(command);
    for (let tries = 1; ; tries++) {
      try {
        return await withinMs(CALL_TIMEOUT_MS, (abortSignal) => call({ abortSignal }));
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) {
          // A client that doesn't report its attempts may have sent the write more than once.
          throw new ConditionRefused(error, tries > 1 || error.$metadata.attempts !== 1);
        }
        if (!isThrottled(error) || tries === MAX_TRIES) translateStoreFault(operation, this.#tableName)(error);
        await backOff(tries - 1, this.#retryOptions);
      }
    }
  }

  /** Returns the items of these keys in any order, without missing items. */
  async readAll(keys: readonly Item[], consistentRead: boolean): Promise<readonly Item[]> {
    const items: Item[] = [];
    for (let at = 0; at < keys.length; at += MAX_BATCH) {
      items.push(...(await this.#readBatch(keys.slice(at, at + MAX_BATCH), consistentRead)));
    }
    return items;
  }

  /**
   * Reads keys until all are processed. DynamoDB leaves some unprocessed if it throttles the call or the response is
   * long.
   */
  async #readBatch(keys: Item[], consistentRead: boolean): Promise<readonly Item[]> {
    const items: Item[] = [];
    let left = keys;
    for (let vain = 0; left.length > 0;) {
      const get = new BatchGetCommand({
        RequestItems: { [this.#tableName]: { Keys: left, ConsistentRead: consistentRead } },
      });
      const { Responses, UnprocessedKeys } = await this.send('read', get, (options) => this.#client.send(get, options));
      items.push(...(Responses?.[this.#tableName] ?? []));
      const unprocessed = UnprocessedKeys?.[this.#tableName]?.Keys ?? [];
      vain = unprocessed.length < left.length ? 0 : vain + 1;
      left = unprocessed;
      if (vain === MAX_TRIES) {
        throw new LatchkeyError('STORE_UNAVAILABLE', `the read failed: ${left.length} keys were left unprocessed`, {
          tableName: this.#tableName,
        });
      }
      if (left.length > 0) await backOff(vain, this.#retryOptions);
    }
    return items;
  }
}

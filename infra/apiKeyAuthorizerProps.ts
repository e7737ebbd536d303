import type { Duration } from 'aws-cdk-lib';
import type { HttpApiResponse } from '../lambda/config.ts';
import type { KeySourceSetting } from '../lambda/keySource.ts';
import type { ApiKeyTable } from './apiKeyTable.ts';

export interface ApiKeyAuthorizerProps {
  /** Where the keys are. The function may read them by hash, and write when they were last used. */
  readonly table: ApiKeyTable;

  /**
   * What every key of this deployment begins with: `[a-z][a-z0-9]*_`, at most 16 characters.
   *
   * @default 'sk_'
   */
  readonly keyPrefix?: string;

  /**
   * Where a request may carry its key, in order of preference.
   *
   * @default ['bearer', 'query:api_key']
   */
  readonly keySources?: readonly KeySourceSetting[];

  /**
   * Whether keys that were issued elsewhere are accepted once their hash is in the table. Neither prefix nor checksum is
   * asked for then, so every text of 16 to 255 visible characters costs a read.
   *
   * @default false
   */
  readonly acceptForeignKeys?: boolean;

  /**
   * The least time between two last-used writes of one key. Last-used dates are precise to this, `recordCacheTtl` and
   * `resultCacheTtl` together.
   *
   * @default Duration.minutes(15)
   */
  readonly usageWriteInterval?: Duration;

  /**
   * How long an environment of the function answers from a record that it has read. A revoked key may be accepted for this
   * long and `resultCacheTtl`.
   *
   * @default Duration.seconds(60)
   */
  readonly recordCacheTtl?: Duration;

  /**
   * How long API Gateway answers from what the function has said of a key, at most an hour. It needs exactly one key source. A
   * revoked key may be accepted for this long and `recordCacheTtl`.
   *
   * @default Duration.seconds(0) - the function is asked on every request
   */
  readonly resultCacheTtl?: Duration;

  /**
   * How old a record may answer while DynamoDB is down. It adds to the revocation delay during an outage.
   *
   * @default Duration.seconds(0) - an outage is answered with 500
   */
  readonly staleIfError?: Duration;

  /**
   * What HTTP APIs are answered with: an IAM policy, or `isAuthorized`.
   *
   * @default 'iam'
   */
  readonly httpApiResponse?: HttpApiResponse;
}

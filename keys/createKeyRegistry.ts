import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { CALL_LIMITS } from './callLimits.ts';
import { KeyRegistry, REGISTRY_TRANSLATION, type KeyRegistryOptions } from './registry.ts';

/** What a registry is made with: where its table is, and who acts. */
export interface CreateKeyRegistryOptions extends Omit<KeyRegistryOptions, 'client'> {
  /**
   * The Region of the table.
   *
   * @default - as the AWS SDK finds it
   */
  readonly region?: string;
  /**
   * The URL of a DynamoDB.
   *
   * @default - AWS's own
   */
  readonly endpoint?: string;
  /**
   * A client of your own, with its own credentials, region, retries and timeouts. A call is given up after 30 seconds in all,
   * whatever those are.
   *
   * @default - one for `region` and `endpoint`, which waits 3 seconds for a connection and 8 for an answer
   */
  readonly client?: DynamoDBClient;
}

/**
 * The registry of a deployed table, for an application. Credentials are found as the AWS SDK finds them unless `client`
 * brings its own.
 *
 * @throws LatchkeyError `CONFIG_INVALID`
 */
export function createKeyRegistry({ region, endpoint, client, ...options }: CreateKeyRegistryOptions): KeyRegistry {
  const config: DynamoDBClientConfig = {
    requestHandler: CALL_LIMITS.requestHandler,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
  const documents = DynamoDBDocumentClient.from(client ?? new DynamoDBClient(config), REGISTRY_TRANSLATION);
  return new KeyRegistry({ ...options, client: documents });
}

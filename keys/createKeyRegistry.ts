import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { CALL_LIMITS } from './dynamodb.ts';
import { KeyRegistry, type KeyRegistryOptions, REGISTRY_TRANSLATION } from './registry.ts';

/** Options of `createKeyRegistry`. */
export interface CreateKeyRegistryOptions extends Omit<KeyRegistryOptions, 'client'> {
  /**
   * The Region of the table.
   *
   * @default - the Region that the AWS SDK finds
   */
  readonly region?: string;
  /**
   * The URL of the DynamoDB endpoint.
   *
   * @default - the endpoint of AWS
   */
  readonly endpoint?: string;
  /**
   * Your own client, with its credentials, Region, retries and timeouts. Each call still ends within 30 seconds.
   *
   * @default - a client for `region` and `endpoint`. Its timeouts are 3 seconds for a connection and 8 for a response
   */
  readonly client?: DynamoDBClient;
}

/**
 * Creates a registry for a deployed table. It uses the AWS SDK's default credentials, unless you pass a `client`.
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

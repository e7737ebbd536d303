import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { LOOKUP_TRANSLATION } from '../keys/lookup.ts';

/** Which DynamoDB is asked. */
export interface ClientOptions {
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
   * A client of your own, with its own credentials, region and retries.
   *
   * @default - one for `region` and `endpoint`, which gives up before a caller would
   */
  readonly client?: DynamoDBClient;
}

/** What an option that is absent may be handed on as. */
type OrUndefined<T> = { readonly [Name in keyof T]: T[Name] | undefined };

/** Two attempts, each bounded, so that a fault is answered before the gateway gives up. */
export const LOOKUP_LIMITS = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 500, requestTimeout: 1500, throwOnRequestTimeout: true },
};

/** A verifier's client, unless it is given one. It is set up as the AWS SDK finds it; the function has `createFunctionClient`. */
export function createClient({ region, endpoint, client }: OrUndefined<ClientOptions> = {}): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(client ?? boundedClient({ region, endpoint }), LOOKUP_TRANSLATION);
}

function boundedClient({ region, endpoint }: Record<'region' | 'endpoint', string | undefined>): DynamoDBClient {
  return new DynamoDBClient({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...LOOKUP_LIMITS,
  });
}

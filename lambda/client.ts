import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { KeyReader, LOOKUP_TRANSLATION } from '../keys/reader.ts';
import { HASH_OF_NO_KEY } from '../keys/secret.ts';

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

/**
 * The function's own client, for a cold start: all that the AWS SDK would look for in files is told it from the environment, as
 * Lambda sets it. The SDK finds the Region and the credentials itself. `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL`,
 * `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`, `AWS_USE_FIPS_ENDPOINT`, `AWS_USE_DUALSTACK_ENDPOINT` and `AWS_SDK_UA_APP_ID` mean
 * what they mean to the SDK.
 */
export function createFunctionClient(
  environment: Readonly<Record<string, string | undefined>>,
): DynamoDBDocumentClient {
  const endpoint = endpointOf(environment);
  const client = new DynamoDBClient({
    ...LOOKUP_LIMITS,
    ...(environment['AWS_REGION'] ? { region: environment['AWS_REGION'] } : {}),
    ...(endpoint ? { endpoint } : {}),
    ignoreConfiguredEndpointUrls: true,
    useFipsEndpoint: environment['AWS_USE_FIPS_ENDPOINT'] === 'true',
    useDualstackEndpoint: environment['AWS_USE_DUALSTACK_ENDPOINT'] === 'true',
    userAgentAppId: environment['AWS_SDK_UA_APP_ID'] ?? '',
    retryMode: 'standard',
    defaultsMode: 'legacy',
    accountIdEndpointMode: 'preferred',
    authSchemePreference: [],
    disableClockSkewCorrection: async () => false,
  });
  return DynamoDBDocumentClient.from(client, LOOKUP_TRANSLATION);
}

function endpointOf(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  if (environment['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] === 'true') return undefined;
  return environment['AWS_ENDPOINT_URL_DYNAMODB'] || environment['AWS_ENDPOINT_URL'];
}

/** The longest that priming may hold up a start, in milliseconds. API Gateway waits 10 seconds for an authorizer in all. */
const PRIME_MS = 1000;

/**
 * Reads a record that cannot be there, so that the first request finds the connection open and the code compiled. Whatever
 * becomes of the read, the function starts: a store that is down is told of when a request needs it.
 */
export async function prime(client: DynamoDBDocumentClient, tableName: string): Promise<void> {
  const lookup = new KeyReader({ client, tableName, readTimeoutMs: PRIME_MS });
  await lookup.get(HASH_OF_NO_KEY).catch(() => {});
}

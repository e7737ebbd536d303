import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { KeyReader, LOOKUP_TRANSLATION } from '../keys/reader.ts';
import { HASH_OF_NO_KEY } from '../keys/secret.ts';

/** Options of the DynamoDB client that a verifier uses. */
export interface ClientOptions {
  /**
   * The Region of the table.
   *
   * @default - the AWS SDK's default
   */
  readonly region?: string;
  /**
   * The URL of DynamoDB.
   *
   * @default - the endpoint of AWS
   */
  readonly endpoint?: string;
  /**
   * A client of your own, with its own credentials, Region and retries.
   *
   * @default - a client for `region` and `endpoint`, with short timeouts
   */
  readonly client?: DynamoDBClient;
}

/** The same options, but each may be `undefined`. */
export type OrUndefined<T> = { readonly [Name in keyof T]: T[Name] | undefined };

/** Two attempts with timeouts, because the function has to respond before the gateway's timeout. */
export const LOOKUP_LIMITS = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 500, requestTimeout: 1500, throwOnRequestTimeout: true },
};

type CallLimits = Required<Pick<DynamoDBClientConfig, 'maxAttempts' | 'requestHandler'>>;
type Environment = Readonly<Record<string, string | undefined>>;

/** Creates a verifier's client with the AWS SDK's own defaults. The function uses `createFunctionClient`. */
export function createClient(
  { region, endpoint, client }: OrUndefined<ClientOptions> = {},
  limits: CallLimits = LOOKUP_LIMITS,
): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(client ?? boundedClient({ region, endpoint }, limits), LOOKUP_TRANSLATION);
}

function boundedClient(
  { region, endpoint }: Record<'region' | 'endpoint', string | undefined>,
  limits: CallLimits,
): DynamoDBClient {
  return new DynamoDBClient({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...limits,
  });
}

/**
 * Creates the function's client. It reads settings from environment variables instead of the AWS SDK's files for a fast
 * cold start. The SDK finds the credentials itself. `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL`,
 * `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`, `AWS_USE_FIPS_ENDPOINT`, `AWS_USE_DUALSTACK_ENDPOINT` and `AWS_SDK_UA_APP_ID`
 * have the SDK's meaning.
 */
export function createFunctionClient(
  environment: Environment,
  limits: CallLimits = LOOKUP_LIMITS,
): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(createFunctionDynamoDb(environment, limits), LOOKUP_TRANSLATION);
}

/** Creates the function's client without the translation of items. See `createFunctionClient` for its settings. */
export function createFunctionDynamoDb(environment: Environment, limits: CallLimits): DynamoDBClient {
  const endpoint = getEndpoint(environment);
  return new DynamoDBClient({
    ...limits,
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
}

/** The limits of calls to the table of limits: one attempt. A second one could take the same requests again. */
export const SINGLE_ATTEMPT: CallLimits = { ...LOOKUP_LIMITS, maxAttempts: 1 };

/** Returns the same limits, on the connections of another client. */
export function onConnectionsOf({ config: { requestHandler } }: DynamoDBDocumentClient): CallLimits {
  return { ...SINGLE_ATTEMPT, requestHandler };
}

function getEndpoint(environment: Environment): string | undefined {
  if (environment['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] === 'true') return undefined;
  return environment['AWS_ENDPOINT_URL_DYNAMODB'] || environment['AWS_ENDPOINT_URL'];
}

/** Timeout of the read at the cold start, in milliseconds. API Gateway waits 10 seconds for an authorizer. */
const PRIME_MS = 1000;

/**
 * Reads a record that can't exist. The first request then finds an open connection and compiled code. The function
 * starts even if the read fails. A request that needs the store then reports the failure.
 */
export async function prime(client: DynamoDBDocumentClient, tableName: string): Promise<void> {
  const lookup = new KeyReader({ client, tableName, readTimeoutMs: PRIME_MS });
  await lookup.get(HASH_OF_NO_KEY).catch(() => {});
}

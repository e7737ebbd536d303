import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { LOOKUP_TRANSLATION } from '../keys/lookup.ts';
import { LOOKUP_LIMITS } from './client.ts';

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

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { LOOKUP_TRANSLATION } from '../keys/lookup.ts';

/** The authorizer's client: two attempts, each bounded, so that a fault is answered before the gateway gives up. */
export function createClient(): DynamoDBDocumentClient {
  const client = new DynamoDBClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 500, requestTimeout: 1500, throwOnRequestTimeout: true },
  });
  return DynamoDBDocumentClient.from(client, LOOKUP_TRANSLATION);
}

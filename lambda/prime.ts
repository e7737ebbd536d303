import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { KeyLookup } from '../keys/lookup.ts';
import { HASH_OF_NO_KEY } from '../keys/secret.ts';

/** The longest that priming may hold up a start, in milliseconds. API Gateway waits 10 seconds for an authorizer in all. */
const PRIME_MS = 1000;

/**
 * Reads a record that cannot be there, so that the first request finds the connection open and the code compiled. Whatever
 * becomes of the read, the function starts: a store that is down is told of when a request needs it.
 */
export async function prime(client: DynamoDBDocumentClient, tableName: string): Promise<void> {
  const lookup = new KeyLookup({ client, tableName, readTimeoutMs: PRIME_MS });
  await lookup.find(HASH_OF_NO_KEY).catch(() => {});
}

import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { REGISTRY_TRANSLATION } from '../keys/registry.ts';
import type { TableLocation } from './findTable.ts';

export interface Connection {
  /** For a `KeyRegistry`. */
  readonly client: DynamoDBDocumentClient;
  /** Lets go of the sockets, which would keep the process alive. */
  readonly close: () => void;
}

/** An operator waits longer than a request does, but not for ever: with its retries a call is over within half a minute. */
const PATIENCE: DynamoDBClientConfig = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3000, requestTimeout: 8000, throwOnRequestTimeout: true },
};

/** A client for the table. A local one is signed with credentials that mean nothing, so that none of the user's are asked for. */
export function connect(location: TableLocation): Connection {
  const client = new DynamoDBClient({ ...PATIENCE, ...(location.kind === 'local' ? localConfig(location) : {}) });
  return { client: DynamoDBDocumentClient.from(client, REGISTRY_TRANSLATION), close: () => client.destroy() };
}

function localConfig({ endpoint, region }: Extract<TableLocation, { kind: 'local' }>): DynamoDBClientConfig {
  return { endpoint, region, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
}

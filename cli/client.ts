import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { CALL_LIMITS } from '../keys/callLimits.ts';
import { REGISTRY_TRANSLATION } from '../keys/registry.ts';
import { accountConfig } from './awsAccount.ts';
import type { TableLocation } from './findTable.ts';

export interface Connection {
  /** For a `KeyRegistry`. */
  readonly client: DynamoDBDocumentClient;
  /** Lets go of the sockets, which would keep the process alive. */
  readonly close: () => void;
}

/** A client for the table. A local one is signed with credentials that mean nothing, so that none of the user's are asked for. */
export function connect(location: TableLocation): Connection {
  const config = location.kind === 'local' ? localConfig(location) : accountConfig(location);
  const client = new DynamoDBClient(config);
  return { client: DynamoDBDocumentClient.from(client, REGISTRY_TRANSLATION), close: () => client.destroy() };
}

function localConfig({ endpoint, region }: Extract<TableLocation, { kind: 'local' }>): DynamoDBClientConfig {
  return { ...CALL_LIMITS, endpoint, region, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
}

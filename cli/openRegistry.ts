import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { CALL_LIMITS } from '../keys/dynamodb.ts';
import { KeyRegistry, type KeyRegistryOptions, REGISTRY_TRANSLATION } from '../keys/registry.ts';
import { accountConfig } from '../operator/aws.ts';
import type { TableLocation } from '../operator/findTable.ts';
import type { OtherTables } from '../operator/stackOutputs.ts';

/** A registry and its client, with the sockets that the client opens. */
export interface OpenRegistry {
  readonly registry: KeyRegistry;
  /** Closes the sockets, which would keep the process alive. */
  readonly close: () => void;
  /** Returns where the client sends its requests, for error messages. */
  readonly findTarget: () => Promise<Target>;
}

interface Target {
  /** Absent if the client finds no Region. */
  readonly region?: string;
  readonly host?: string;
}

/**
 * Creates a registry with a client for the table. A local table accepts any credentials, so its client doesn't look for
 * the user's.
 */
export function openRegistry(
  location: TableLocation,
  options: Omit<KeyRegistryOptions, 'client' | 'tableName' | keyof OtherTables>,
): OpenRegistry {
  const config = location.kind === 'local' ? localConfig(location) : accountConfig(location);
  const client = new DynamoDBClient(config);
  const documentClient = DynamoDBDocumentClient.from(client, REGISTRY_TRANSLATION);
  const { tableName, limitsTableName, usageTableName, historyTableName } = location;
  const tables = { tableName, limitsTableName, usageTableName, historyTableName };
  const registry = new KeyRegistry({ ...options, client: documentClient, ...tables });
  return { registry, close: () => client.destroy(), findTarget: () => findTarget(client).catch(() => ({})) };
}

async function findTarget({ config }: DynamoDBClient): Promise<Target> {
  const region = await config.region();
  const { hostname, port } = config.endpoint
    ? await config.endpoint()
    : config.endpointProvider({ Region: region }).url;
  return { region, host: port === undefined || port === '' ? hostname : `${hostname}:${port}` };
}

function localConfig({ endpoint, region }: Extract<TableLocation, { kind: 'local' }>): DynamoDBClientConfig {
  return { ...CALL_LIMITS, endpoint, region, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
}
